"""The provider's own books against the hub's: what was missed is repaired, what differs calls a person."""

from pathlib import Path

import pytest

from cloud_sync.hub.payments.settlement import Outcome, Settled, WrongSettlementError, read, take
from tests.hub.hub_world import HubWorld, PaperJournal
from tests.hub.paper_provider import Break, PaperProvider
from tests.hub.request_world import ATTEMPT, Till, pay
from tests.hub.test_hub_commands import opos_hub

HEAD = "line,attempt,reference,amount_minor,currency\n"


class Office:
    """A till with a paper provider, and the person who imports its statements."""

    def __init__(self, hub: HubWorld, journal: PaperJournal) -> None:
        self.hub, self.provider = hub, PaperProvider()
        self.till = Till(hub, journal, self.provider)
        self.till.mean()

    def take(self, *rows: Settled) -> Outcome:
        return take(self.hub.store, self.till.gateway, "paper", rows, self.hub.clock)

    def alarms(self) -> list[str]:
        return sorted(row[2] for row in self.hub.rows("alarm") if row[1] == "settlement")


@pytest.fixture
def office(hub: HubWorld, mirror: PaperJournal) -> Office:
    return Office(hub, mirror)


def row(
    line: str, amount_minor: int, attempt: str = ATTEMPT, reference: str = "", currency: str = "EUR"
) -> Settled:
    return Settled(line, attempt, reference, amount_minor, currency)


def test_what_both_books_have_is_no_news_however_often_it_is_read(office: Office) -> None:
    office.till.ask(pay())
    assert office.take(row("1", 3450)) == Outcome(1, 1, ())
    assert office.take(row("1", 3450)) == Outcome(1, 0, ())
    assert office.take(row("2", 3450, attempt="", reference="psp-atte")).differences == ()
    assert office.alarms() == []


def test_money_whose_answer_was_lost_is_found(office: Office) -> None:
    office.provider.moods = [Break.ON_THE_WAY_BACK]
    office.till.ask(pay())
    assert office.till.payments() == [(ATTEMPT, "unknown")]
    assert office.take(row("1", 3450)).differences == ()
    assert office.till.payments() == [(ATTEMPT, "captured")]


def test_money_after_a_no_is_found_and_a_person_is_told(office: Office) -> None:
    office.provider.verdict = "declined"
    office.till.ask(pay())
    office.provider.settle(ATTEMPT, "captured")
    office.take(row("1", 3450))
    assert office.till.payments() == [(ATTEMPT, "captured")]
    assert office.till.alarms() == ["payment"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (row("1", 3451), "for attempt attempt-number-1 of 3450 EUR"),
        (row("1", 3450, currency="USD"), "for attempt attempt-number-1 of 3450 EUR"),
        (row("1", 3450, attempt="attempt-of-nobody"), "of no attempt that this hub knows"),
        (row("1", -3450), "3450 went back of attempt attempt-number-1, and 0 was asked for"),
    ],
)
def test_what_differs_calls_a_person_once(office: Office, wrong: Settled, said: str) -> None:
    office.till.ask(pay())
    (sentence,) = office.take(wrong).differences
    office.take(wrong)
    assert said in sentence
    assert office.alarms() == ["paper/1"]


def test_a_row_of_an_attempt_that_nobody_paid_is_said(office: Office) -> None:
    office.provider.verdict = "declined"
    office.till.ask(pay())
    (sentence,) = office.take(row("1", 3450)).differences
    assert "which is declined here" in sentence
    office.provider.moods = [Break.ON_THE_WAY]
    (sentence,) = office.take(row("2", 3450)).differences
    assert "does not answer" in sentence


def test_what_went_back_as_it_was_asked_is_no_news(office: Office) -> None:
    office.till.ask(pay())
    office.till.ask(pay("refund"))
    assert office.take(row("1", 3450), row("2", -3450)).differences == ()


def test_what_no_settlement_has_after_three_days_is_said(office: Office) -> None:
    office.till.ask(pay())
    assert office.take().differences == ()
    office.hub.clock.now_ms += 4 * 24 * 3600 * 1000
    (sentence,) = office.take().differences
    assert "is in no settlement of paper" in sentence
    assert office.take(row("1", 3450)).differences == ()


def test_a_file_is_read_row_by_row() -> None:
    text = f"{HEAD}t-1,{ATTEMPT},,3450,EUR\nt-2,,psp-1,-100,EUR\n"
    assert list(read(text.splitlines(keepends=True))) == [
        row("t-1", 3450),
        Settled("t-2", "", "psp-1", -100, "EUR"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "row 1: expected the columns"),
        ("a,b\n", "row 1: expected the columns"),
        (f"{HEAD}t-1,{ATTEMPT},,34.50,EUR\n", "row 2: expected whole minor units"),
        (f"{HEAD}t-1,,,3450,EUR\n", "row 2: expected a line, and an attempt or a reference"),
        (f"{HEAD}t-1,a,b\n", "row 2: expected a line"),
        (f"{HEAD}t-1,a,b,{10**30},EUR\n", "no amount that a shop has"),
        (f'{HEAD}"t-1"x,a,b,1,EUR\n', "row 2:"),
    ],
)
def test_a_file_that_is_no_settlement_says_where(text: str, said: str) -> None:
    with pytest.raises(WrongSettlementError, match=said):
        list(read(text.splitlines(keepends=True)))


def test_the_command_says_what_differs_and_that_something_does(tmp_path: Path) -> None:
    folder, file = tmp_path / "hub", tmp_path / "day.csv"
    assert opos_hub("init", "--dir", folder).exit_code == 0
    file.write_text(HEAD + "t-1,attempt-of-nobody,,3450,EUR\n")
    first, again = (opos_hub("settle", "paper", file, "--dir", folder) for _ in range(2))

    assert first.exit_code == 1
    assert "1 rows, 1 of them new, 1 differences" in first.stdout
    assert "of no attempt that this hub knows" in first.stdout
    assert again.exit_code == 1
    assert "1 rows, 0 of them new, 1 differences" in again.stdout


@pytest.mark.parametrize("data", [b"a,b\n", b"\xff\xfe", HEAD.encode() + b"t-1,a,,x,EUR\n"])
def test_the_command_refuses_what_is_no_settlement_with_a_sentence(tmp_path: Path, data: bytes) -> None:
    folder, file = tmp_path / "hub", tmp_path / "day.csv"
    assert opos_hub("init", "--dir", folder).exit_code == 0
    file.write_bytes(data)
    refused = opos_hub("settle", "paper", file, "--dir", folder)

    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: ")
    assert "Traceback" not in refused.output
