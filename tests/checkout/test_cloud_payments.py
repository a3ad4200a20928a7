"""A payment at the hub: what the hub has not said in so many words about this attempt is unknown."""

import asyncio
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from cloud_sync.contract.requests import (
    Answer,
    CertificateIssued,
    Noted,
    PaymentAsked,
    PaymentSaid,
    Refused,
    TimeTold,
    Verb,
)
from edge.checkout.payments.cashier import Result
from edge.checkout.payments.cloud import NOT_READABLE, REFUSED, WAYS, CloudProvider, NoWordError
from edge.checkout.payments.provider import Attempt, Provider, Said
from proofs.loop import SimulatedLoop
from retail.tender import PaymentOutcome
from tests.checkout.counter import TOTAL_MINOR, Counter, draft

CODE = "134567890123456789"
ATTEMPT = Attempt("attempt-0000000001", "s1", "wechat", 1_190, "EUR", code=CODE)


class PaperHub:
    """Answers by `script`, one after another; an OSError in it is raised, and so is the end of it."""

    def __init__(self, *script: Answer | Exception) -> None:
        self.script = list(script)
        self.hub_answers = True
        self.asked: list[tuple[str, PaymentAsked]] = []

    async def ask(self, request_id: str, payment: PaymentAsked) -> Answer:
        self.asked.append((request_id, payment))
        await asyncio.sleep(1)
        word = self.script.pop(0) if self.script else TimeoutError("silence")
        if isinstance(word, Exception):
            raise word
        return word

    @property
    def ids(self) -> list[str]:
        return [request_id for request_id, _ in self.asked]


def provider(hub: PaperHub) -> CloudProvider:
    numbers = count(1)
    return CloudProvider("wechat", WAYS["wechat"], hub, lambda: f"question-number-{next(numbers)}")


def said(outcome: PaymentOutcome, *, minor: int = 1_190, attempt: str = ATTEMPT.id) -> PaymentSaid:
    return PaymentSaid(attempt, outcome, minor, "EUR", "psp-1", card="Visa 4242")


def ask(way: Provider, verb: Verb) -> Said:
    asking = {
        "start": lambda: way.start(ATTEMPT),
        "query": lambda: way.query(ATTEMPT),
        "cancel": lambda: way.cancel(ATTEMPT),
        "capture": lambda: way.capture(ATTEMPT),
        "refund": lambda: way.refund(ATTEMPT, "refund-1", 400),
    }
    return SimulatedLoop().live(asking[verb]())


VERBS: tuple[Verb, ...] = ("start", "query", "cancel", "capture", "refund")


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_is_asked_as_it_is_and_answered_as_the_hub_says(verb: Verb) -> None:
    hub = PaperHub(said("captured"))
    assert ask(provider(hub), verb) == Said("captured", 1_190, "EUR", "psp-1", card="Visa 4242")
    ((_, asked),) = hub.asked
    assert (asked.verb, asked.attempt, asked.provider) == (verb, ATTEMPT.id, "wechat")
    assert (asked.amount_minor, asked.currency) == (1_190, "EUR")
    assert asked.code == (CODE if verb == "start" else ""), "a code is told once"
    assert (asked.refund, asked.refund_minor) == (("refund-1", 400) if verb == "refund" else ("", 0))


STRANGE: dict[str, Answer | Exception] = {
    "another attempt's": said("captured", attempt="attempt-of-another"),
    "the time": TimeTold(),
    "a certificate": CertificateIssued("PEM"),
    "noted": Noted(),
    "silence": TimeoutError("the hub did not answer"),
    "a line that breaks": ConnectionResetError("gone"),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("word", STRANGE.values(), ids=STRANGE)
def test_what_is_not_about_this_attempt_is_no_answer(verb: Verb, word: Answer | Exception) -> None:
    with pytest.raises(OSError, match=r"."):
        ask(provider(PaperHub(word)), verb)


@pytest.mark.parametrize("verb", VERBS)
def test_what_the_hub_refuses_is_over_and_its_sentence_is_logged_without_the_code(
    verb: Verb, caplog: pytest.LogCaptureFixture
) -> None:
    hub = PaperHub(Refused(f"code {CODE} is of no wallet"))
    assert ask(provider(hub), verb) == Said("declined", reason=REFUSED)
    assert "is of no wallet" in caplog.text
    assert CODE not in caplog.text


def test_a_code_that_nobody_could_ask_about_was_never_begun(caplog: pytest.LogCaptureFixture) -> None:
    assert ask(provider(PaperHub(ValueError("unreadable"))), "start") == Said("declined", reason=NOT_READABLE)
    assert CODE not in caplog.text


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "start"])
def test_any_other_question_that_could_not_be_asked_is_no_answer(verb: Verb) -> None:
    with pytest.raises(OSError, match="unreadable"):
        ask(provider(PaperHub(ValueError("unreadable"))), verb)


def test_the_words_of_a_provider_are_cut_to_what_an_entry_has_room_for() -> None:
    answer = PaymentSaid(ATTEMPT.id, "captured", 1_190, "EUR", "r" * 9_999, "w" * 9_999, "c" * 9_999)
    heard = ask(provider(PaperHub(answer)), "query")
    assert {len(heard.reference), len(heard.reason), len(heard.card)} == {64}


def test_nothing_is_begun_while_the_hub_does_not_answer() -> None:
    async def scene() -> None:
        hub = PaperHub()
        way = provider(hub)
        assert await way.fence() == ""
        hub.hub_answers = False
        with pytest.raises(NoWordError, match="wechat"):
            await way.fence()
        assert await way.taken() == ()
        assert hub.asked == []

    SimulatedLoop().live(scene())


def test_a_question_that_nobody_answered_keeps_its_id_until_it_is_answered() -> None:
    async def scene() -> None:
        hub = PaperHub(TimeoutError(), TimeoutError(), said("in-progress"), said("captured"))
        way = provider(hub)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await way.query(ATTEMPT)
        await way.query(ATTEMPT)
        await way.query(ATTEMPT)
        assert hub.ids == ["question-number-1"] * 3 + ["question-number-2"]

    SimulatedLoop().live(scene())


def test_an_answer_to_what_was_asked_before_something_else_proves_nothing_any_more() -> None:
    """What was "not found" before the cancel may be found after it: only a new answer can say."""

    async def scene() -> None:
        hub = PaperHub(
            TimeoutError(), said("not-found"), said("in-progress"), TimeoutError(), said("refunded")
        )
        way = provider(hub)
        with pytest.raises(TimeoutError):
            await way.query(ATTEMPT)
        await way.cancel(ATTEMPT)
        await way.query(ATTEMPT)
        with pytest.raises(TimeoutError):
            await way.refund(ATTEMPT, "refund-1", 400)
        await way.refund(ATTEMPT, "refund-2", 400)
        assert len(set(hub.ids)) == 5

    SimulatedLoop().live(scene())


def test_two_who_ask_the_same_at_once_ask_two_questions() -> None:
    async def scene() -> None:
        hub = PaperHub(said("in-progress"), said("captured"))
        way = provider(hub)
        heard = await asyncio.gather(way.query(ATTEMPT), way.query(ATTEMPT))
        assert [each.outcome for each in heard] == ["in-progress", "captured"]
        assert len(set(hub.ids)) == 2

    SimulatedLoop().live(scene())


def test_what_is_remembered_has_an_end() -> None:
    async def scene() -> None:
        way = provider(PaperHub())
        for number in range(200):
            with pytest.raises(TimeoutError):
                await way.query(Attempt(f"attempt-{number:012}", "s1", "wechat", 1, "EUR"))
        assert len(way._last) == 64

    SimulatedLoop().live(scene())


ENDS: dict[str, tuple[list[Answer | Exception], Result]] = {
    "paid at once": ([said("captured")], Result.PAID),
    "paid, and the answer was lost": ([TimeoutError(), said("captured")], Result.PAID),
    "the shopper types a password": (
        [said("in-progress"), said("in-progress"), said("captured")],
        Result.PAID,
    ),
    "held, then taken": ([said("authorised"), said("captured")], Result.PAID),
    "declined": ([said("declined")], Result.DECLINED),
    "refused": ([Refused("no account")], Result.DECLINED),
    "no code": ([ValueError("unreadable")], Result.DECLINED),
    "somebody else's money": (
        [said("captured", attempt="attempt-of-another"), said("declined")],
        Result.DECLINED,
    ),
    "more than was asked for": ([said("captured", minor=1_191)], Result.GIVES_BACK),
    "the start never came": ([TimeoutError(), said("not-found"), said("cancelled")], Result.CANCELLED),
    "silence for ever": ([], Result.PERSON),
}


@pytest.mark.parametrize(("script", "result"), ENDS.values(), ids=ENDS)
def test_the_cashier_ends_each_payment_as_the_hub_says_and_the_code_is_nowhere(
    script: list[Answer | Exception], result: Result, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    hub = PaperHub(*script)

    assert paid(tmp_path, hub) is result

    asked = [payment for _, payment in hub.asked]
    assert [payment.code for payment in asked if payment.code] == [CODE], "once, with the start"
    assert CODE not in caplog.text + repr(asked)
    assert not any(CODE.encode() in file.read_bytes() for file in tmp_path.iterdir())


def test_a_sale_that_cannot_reach_the_hub_is_not_begun(tmp_path: Path) -> None:
    hub = PaperHub()
    hub.hub_answers = False

    assert paid(tmp_path, hub) is Result.UNAVAILABLE

    assert hub.asked == []


def paid(directory: Path, hub: PaperHub) -> Result:
    """How a sale ends that is to be paid by a code."""
    loop = SimulatedLoop()
    counter = Counter(directory / "ledger.db", loop, {"wechat": provider(hub)})

    async def scene() -> Result:
        return (await counter.cashier.pay(draft(), "wechat", TOTAL_MINOR, CODE)).result

    with closing(counter):
        return loop.live(scene())
