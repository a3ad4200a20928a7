"""Whole dialogues with the simulated terminal: the protocol sheet's to the bit, and the public ones."""

from typing import Any

import pytest

from tests.simulators.terminals.zvt_hands import (
    CLOSE_DAY,
    PAY_1995,
    REGISTER_BLOCKS,
    REGISTER_PRINTING,
    REGISTER_QUIET,
    REGISTER_TALKING,
    REPEAT,
    YES,
    Till,
    bmps,
    reversal,
    rows,
    statuses,
    terminal,
    told_number,
)

REGISTERED = "060F0A19002912345678490978"
APPROVED = (
    "040F342700040000000019954909780B0000420C1430150D1122870017291234567822F0F8476173EEEEEE01198A0A8BF0F5"
    "5649534100"
)
DECLINED = "040F112721040000000019954909782912345678"
REVERSED = "040F172700040000000019954909780B000043370000" + "42870018"
TOTALS = (
    "040F4227000400000000399060F0F5F30017001800000000000000000000000000000000000000000000000000000000"
    "020000000039900000000000000000000000000000"
)


def short(**options: Any) -> Till:
    """A terminal that says as little as the sheet's, whose next trace is 42 and whose next receipt is 17."""
    till = Till(terminal(**({"details": "few", "receipts": "none"} | options)))
    till.device.restore({"books": {"trace": 41, "receipt": 16}, "host": {"verb": "host", "delay_ms": 0}}, 0)
    return till


def test_registration_is_the_sheets() -> None:
    assert short().do(REGISTER_BLOCKS) == [YES, REGISTERED]


def test_an_approved_payment_is_the_sheets() -> None:
    till = short()
    till.do(REGISTER_TALKING)
    assert till.do(PAY_1995) == [YES, "04FF020A01", "04FF0104", "04FF011C", APPROVED, "060F00"]
    assert till.held == 1995


def test_without_intermediate_statuses_only_the_result_is_said() -> None:
    assert short().do(PAY_1995) == [YES, APPROVED, "060F00"]


def test_a_declined_payment_is_the_sheets_and_holds_nothing() -> None:
    till = short()
    till.hand("decline")
    assert till.do(PAY_1995) == [YES, DECLINED, "061E0121"]
    assert (till.held, till.books["entries"], till.books["declined"]) == (0, [], 1)
    assert till.do(PAY_1995)[-1] == "060F00"


def test_an_abort_is_the_sheets() -> None:
    till = short(taps="")
    assert till.send(PAY_1995) == [YES]
    assert till.send("06B000") == [YES, "061E016C"]
    assert till.send(YES) == []
    assert till.held == 0


def test_a_reversal_is_the_sheets() -> None:
    till = short()
    till.do(PAY_1995)
    assert till.do(reversal(17)) == [YES, REVERSED, "060F00"]
    assert till.held == 0


def test_a_refund_is_the_sheets() -> None:
    till = short()
    told = till.do("06310D00000004000000000500490978")
    assert told_number(told[1], 0x04) == 500
    assert (told[-1], till.held) == ("060F00", -500)


def test_an_end_of_day_is_the_sheets() -> None:
    till = short()
    till.do(PAY_1995)
    till.do(PAY_1995)
    assert till.do(CLOSE_DAY) == [YES, TOTALS, "060F00"]
    assert till.held == 3990


# The public dialogues, step by step. In them a status is shorter than ours: its result must be the same.


OTHER_CODE = {"password": "123456"}


def replayed(dialogue: str) -> Till:
    (row,) = [row for row in rows("dialogues.json") if row["id"] == dialogue]
    till = Till(terminal(**OTHER_CODE))
    till.hand("host", delay_ms=0)
    if dialogue == "end_of_day_abort_64":
        till.hand("fail", result=0x64)
    said: list[str] = []
    for side, raw in row["steps"]:
        if side == "ecr":
            said += till.send(raw)
        else:
            said += [] if said else till.wait(2)
            message = said.pop(0)
            assert same(message, raw.upper()), (message, raw)
    assert said == []
    return till


def same(message: str, wanted: str) -> bool:
    if wanted.startswith("040F"):
        return message.startswith("040F") and bmps(message)[0x27] == bmps(wanted)[0x27]
    return message == wanted


@pytest.mark.parametrize(
    ("dialogue", "held"),
    [
        ("payment_ok_10eur", 1000),
        ("issue_of_goods_changed_amount", 2200),
        ("issue_of_goods_failed", 0),
        ("end_of_day_abort_64", 0),
    ],
)
def test_a_public_dialogue_goes_as_it_was_written(dialogue: str, held: int) -> None:
    assert replayed(dialogue).held == held


def test_an_end_of_day_that_is_never_completed_was_done_all_the_same() -> None:
    till = Till(terminal(**OTHER_CODE))
    till.hand("trouble", what="lose-status")
    till.hand("trouble", what="lose-end")
    assert till.send("065003123456") == [YES]
    assert till.wait(180) == []
    assert till.books["day"] == 2


def test_every_public_dialogue_is_tried_here() -> None:
    tried = {
        "payment_ok_10eur",
        "issue_of_goods_changed_amount",
        "issue_of_goods_failed",
        "end_of_day_abort_64",
    }
    assert {row["id"] for row in rows("dialogues.json")} == tried | {"end_of_day_no_completion"}


# Commands that are refused, and how.
REFUSED = [
    ("069900", "848300"),
    ("0601020499", "849A00"),
    ("06010704000000001A00", "849A00"),
    ("060100", "849A00"),
    ("0630030000" + "00", "849A00"),
    ("0600020000", "849A00"),
    ("060106FE0000000000", "849A00"),
]


@pytest.mark.parametrize(("command", "answer"), REFUSED)
def test_a_command_that_cannot_be_read_is_refused_at_once(command: str, answer: str) -> None:
    till = Till(terminal())
    assert till.do(command) == [answer]
    assert till.do(PAY_1995)[-1] == "060F00"


# Commands that are accepted and end in an error.
IMPOSSIBLE = [
    ("06010A04000000000000490978", "061E01C8"),
    ("06010A04000001000000490978", "061E01C3"),
    ("06010A04000000001995490756", "061E036F0978"),
    ("062003999999", "061E0183"),
    ("062003000000", "061E0183"),
    ("065003999999", "061E0183"),
    ("063006999999870001", "061E0183"),
    ("063006000000870001", "061E01B5"),
    ("060006000000080756", "061E036F0978"),
    ("06310D99999904000000000500490978", "061E0183"),
]


@pytest.mark.parametrize(("command", "answer"), IMPOSSIBLE)
def test_a_command_that_cannot_be_done_ends_with_its_reason(command: str, answer: str) -> None:
    till = Till(terminal())
    assert till.do(command) == [YES, answer]
    assert till.held == 0


def test_service_commands_are_done_and_the_status_names_the_terminal() -> None:
    till = Till(terminal())
    for command in ("067000", "069303000000"):
        assert till.do(command) == [YES, "060F00"]
    assert till.do("050100") == [YES, REGISTERED]
    assert till.do("060200") == [YES]


def test_a_terminal_that_wants_a_registration_forgets_it_with_its_power_and_at_log_off() -> None:
    till = Till(terminal(must_register=True))
    assert till.do(PAY_1995) == ["846B00"]
    till.do(REGISTER_QUIET)
    assert till.do(PAY_1995)[-1] == "060F00"
    till.do("060200")
    assert till.do(PAY_1995) == ["846B00"]
    till.do(REGISTER_QUIET)
    till.device.power_on(till.now_ns)
    assert till.do(PAY_1995) == ["846B00"]
    assert till.do("050100") == [YES, REGISTERED]


def test_a_payment_takes_back_nothing_twice_and_nothing_of_yesterday() -> None:
    till = Till(terminal())
    till.do(PAY_1995)
    receipt = told_number(statuses(till.heard)[0], 0x87)
    assert till.do(reversal(receipt))[-1] == "060F00"
    assert till.do(reversal(receipt))[-1] == "061E01B4"
    till.do(PAY_1995)
    till.do(CLOSE_DAY)
    assert till.do(reversal(told_number(statuses(till.heard)[-2], 0x87)))[-1] == "061E01B5"
    assert till.held == 1995


def test_the_last_transaction_is_told_again_as_it_was() -> None:
    till = Till(terminal())
    (paid,) = statuses(till.do(PAY_1995))
    assert statuses(till.do(REPEAT)) == [paid]
    (back,) = statuses(till.do(reversal(1)))
    assert statuses(till.do(REPEAT)) == [back]
    assert told_number(back, 0x37) == told_number(paid, 0x0B)


# Receipts.


def texts(told: list[str]) -> list[str]:
    return [bytes.fromhex(line)[4:].decode("cp437") for line in told if line.startswith("06D1")]


def test_receipts_come_as_lines_in_the_old_alphabet_and_each_has_a_last_line() -> None:
    till = Till(terminal())
    till.do(REGISTER_PRINTING)
    told = till.do(PAY_1995)
    lines = texts(told)
    assert lines.count("Händlerbeleg") == lines.count("Kundenbeleg") == 1
    assert "Betrag 978 19,95" in lines
    assert [line for line in told if line.startswith("06D10180")] == ["06D10180"] * 2
    assert any("############0119" in line for line in lines)


def test_receipts_come_as_blocks_where_the_till_permits_them() -> None:
    till = Till(terminal())
    till.do(REGISTER_BLOCKS)
    kinds = [message for message in till.do(PAY_1995) if message.startswith("06D3")]
    assert len(kinds) == 2
    assert "1F070101" in kinds[0]
    assert "1F070102" in kinds[1]
    assert "Händlerbeleg".encode("cp437").hex().upper() in kinds[0]


def test_a_till_that_does_not_print_leaves_it_to_the_terminal_which_needs_paper() -> None:
    till = Till(terminal())
    assert [message[:4] for message in till.do(PAY_1995)] == ["8000", "040F", "060F"]
    assert [receipt[1] for receipt in till.device.world()["printed"]] == ["Händlerbeleg", "Kundenbeleg"]
    till.hand("paper", state="out")
    assert till.do(PAY_1995)[-1] == "061E01CC"
    till.do(REGISTER_PRINTING)
    assert till.do(PAY_1995)[-1] == "060F00"


def test_an_end_of_day_prints_what_it_counted() -> None:
    till = Till(terminal())
    till.do(REGISTER_PRINTING)
    till.do(PAY_1995)
    assert any(line.startswith("visa 1") and line.endswith("19,95") for line in texts(till.do(CLOSE_DAY)))


# What a terminal shows of a card.


def test_a_careful_terminal_never_says_a_whole_number() -> None:
    till = Till(terminal())
    till.do(REGISTER_PRINTING)
    told = "".join(till.do(PAY_1995) + till.do(REPEAT))
    assert "4761739001010119" not in told
    assert b"4761739001010119".hex().upper() not in told


@pytest.mark.parametrize(("shows", "tags"), [("pan", {0x22}), ("track2", {0x22, 0x23})])
def test_a_careless_terminal_says_it_all_and_keeps_no_more_than_four_digits(
    shows: str, tags: set[int]
) -> None:
    till = Till(terminal(shows=shows))
    read = bmps(statuses(till.do(PAY_1995))[0])
    assert read[0x22].hex() == "4761739001010119"
    assert tags <= read.keys()
    assert all(entry["last4"] == "0119" for entry in till.books["entries"])
    assert "4761739001010119" not in str(till.books)
