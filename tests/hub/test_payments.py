"""Payments at providers that only the hub can reach: started once at most, and told as they are."""

import random
from collections.abc import Iterator

import pytest
from sqlalchemy import delete, update

from cloud_sync.contract.requests import (
    Answer,
    PaymentAsked,
    PaymentSaid,
    Refused,
    Verb,
)
from cloud_sync.hub.requests.books import MAY_BECOME
from cloud_sync.hub.requests.gateway import Gateway
from cloud_sync.hub.requests.provider import Attempt
from cloud_sync.hub.store import schema
from tests.hub.hub_world import HubWorld, PaperJournal
from tests.hub.paper_provider import Break, PaperProvider, PowerCutError
from tests.hub.request_world import ATTEMPT, Payers, RequestCounter, Till, pay, said


@pytest.fixture
def counter(hub: HubWorld, mirror: PaperJournal) -> RequestCounter:
    return RequestCounter(hub, mirror)


@pytest.fixture
def till(hub: HubWorld, mirror: PaperJournal) -> Till:
    return Till(hub, mirror, PaperProvider())


def test_a_payment_is_started_only_for_the_intent_that_the_journal_holds(till: Till) -> None:
    assert till.ask(pay()) is None
    assert till.provider.asked == []

    till.mean()

    assert till.ask(pay()) == said("captured")
    assert till.payments() == [(ATTEMPT, "captured")]


@pytest.mark.parametrize("ask", [pay(minor=3451), pay(currency="USD"), pay(provider="other")])
def test_what_the_journal_does_not_mean_is_refused_for_good(till: Till, ask: PaymentAsked) -> None:
    till.mean()

    assert isinstance(till.ask(ask), Refused)
    assert isinstance(till.ask(pay()), Refused)
    assert till.provider.asked == []


def test_a_sale_that_has_gone_on_to_another_attempt_leaves_the_old_one_alone(till: Till) -> None:
    till.mean()
    till.mean(attempt="attempt-number-2")

    assert isinstance(till.ask(pay()), Refused)
    assert till.provider.asked == []
    till.ask(pay(attempt="attempt-number-2"))
    assert till.provider.charged == {"attempt-number-2": 1}


@pytest.mark.parametrize("minor", [0, -3450])
def test_nobody_is_paid_nothing_or_less(till: Till, minor: int) -> None:
    till.mean(minor=minor)

    assert isinstance(till.ask(pay(minor=minor)), Refused)
    assert till.provider.asked == []


@pytest.mark.parametrize("mood", [Break.NOWHERE, Break.ON_THE_WAY])
def test_a_hub_that_came_back_without_its_books_asks_before_it_starts(till: Till, mood: Break) -> None:
    till.mean()
    till.ask(pay())
    with till.hub.store.writing() as connection:
        connection.execute(delete(schema.payment))
        connection.execute(update(schema.hub).values(generation=2))
    till.provider.moods = [mood]

    answer = till.ask(pay())

    assert answer == (said("captured") if mood is Break.NOWHERE else said("unknown", ""))
    assert till.provider.asked.count("start") == till.provider.charged[ATTEMPT] == 1
    till.mean(attempt="attempt-number-2")
    till.ask(pay(attempt="attempt-number-2"))
    assert till.provider.charged["attempt-number-2"] == 1


def test_without_an_account_at_the_provider_it_is_refused_with_a_sentence(till: Till) -> None:
    till.mean(provider="nobody")
    answer = till.ask(pay(provider="nobody"))

    assert isinstance(answer, Refused)
    assert "no account with nobody" in answer.sentence
    # An account that is opened later does not bring back what was refused.
    later = Gateway(till.hub.store, {"nobody": till.provider}, till.hub.clock)
    assert isinstance(later.answer("mirror-4", pay(provider="nobody")), Refused)
    assert till.provider.asked == []


def test_a_start_that_comes_again_is_told_how_the_first_one_stands(till: Till) -> None:
    till.provider.verdict = "in-progress"
    till.mean()

    assert [till.ask(pay()) for _ in range(3)] == [said("in-progress")] * 3
    till.provider.settle(ATTEMPT, "captured")
    assert till.ask(pay()) == said("captured")

    assert till.provider.asked.count("start") == 1


def test_two_workers_that_both_find_nothing_in_the_books_start_once(till: Till) -> None:
    till.mean()
    attempt = Attempt(ATTEMPT, "mirror-4", "paper", 3450, "EUR")

    answers = [till.gateway._start(attempt, "") for _ in range(2)]

    assert answers == [said("captured")] * 2
    assert till.provider.asked.count("start") == 1


@pytest.mark.parametrize("mood", [Break.ON_THE_WAY, Break.ON_THE_WAY_BACK])
def test_no_answer_is_unknown_and_never_a_decline(till: Till, mood: Break) -> None:
    till.mean()
    till.provider.moods = [mood]

    assert till.ask(pay()) == said("unknown", "")
    known = till.ask(pay("query"))

    assert known == said("captured" if mood is Break.ON_THE_WAY_BACK else "not-found")
    assert till.provider.charged[ATTEMPT] == (mood is Break.ON_THE_WAY_BACK)


def test_a_start_that_was_held_up_does_nothing_after_the_cancel(till: Till) -> None:
    till.mean()

    assert till.ask(pay("query")) == said("not-found", "")
    assert till.ask(pay("cancel")) == said("cancelled", "")
    assert till.ask(pay()) == said("cancelled", "")

    assert "start" not in till.provider.asked


def test_a_shopper_who_was_faster_than_the_cancel_has_paid(till: Till) -> None:
    till.mean()
    till.ask(pay())

    assert till.ask(pay("cancel")) == said("captured")
    assert till.provider.charged[ATTEMPT] == 1


def test_what_was_captured_is_paid_back_once(till: Till) -> None:
    till.mean()
    till.ask(pay())
    till.provider.moods = [Break.ON_THE_WAY_BACK]

    assert till.ask(pay("refund")) == said("unknown")
    assert [till.ask(pay("refund")) for _ in range(3)] == [said("refunded")] * 3

    assert till.provider.refunded[ATTEMPT] == 1


def test_nothing_is_paid_back_that_was_not_captured(till: Till) -> None:
    till.provider.verdict = "declined"
    till.mean()
    till.ask(pay())

    assert till.ask(pay("refund")) == said("declined")
    assert "refund" not in till.provider.asked


def test_another_objects_attempt_is_nobodys_business(till: Till, shelf: PaperJournal) -> None:
    till.mean()
    till.ask(pay())

    answer = till.ask(pay("refund"), dev=shelf.address.object)

    assert isinstance(answer, Refused)
    assert till.provider.refunded[ATTEMPT] == 0
    assert till.alarms() == ["payment"]


def test_another_sum_than_was_asked_for_is_no_payment(till: Till) -> None:
    till.mean()
    till.provider.sum_minor = 3400

    assert till.ask(pay()) == said("unknown", "")
    assert till.alarms() == ["payment"]


def test_money_that_comes_after_a_no_is_not_overlooked(till: Till) -> None:
    till.provider.verdict = "declined"
    till.mean()
    assert till.ask(pay()) == said("declined")

    till.provider.settle(ATTEMPT, "captured")

    assert till.ask(pay("query")) == said("captured")
    assert till.alarms() == ["payment"]


def test_what_is_confirmed_is_never_taken_back() -> None:
    assert MAY_BECOME["captured"] == {"refunded"}
    assert not MAY_BECOME["refunded"]
    assert not MAY_BECOME["refused"]
    for before in ("declined", "cancelled", "authorised"):
        assert not MAY_BECOME[before] & {"unknown", "in-progress", "not-found"}


def test_an_attempt_is_charged_once_at_most_wherever_the_hub_or_the_line_breaks(till: Till) -> None:
    for seed in range(40):
        try:
            check_a_day_of(till, random.Random(seed), f"attempt-number-{seed:04}")
        except AssertionError as error:
            raise AssertionError(f"seed {seed}") from error


def check_a_day_of(till: Till, luck: random.Random, attempt: str) -> None:
    """One attempt of a bad day."""
    till.provider = provider = PaperProvider(verdict=luck.choice(["captured", "in-progress", "declined"]))
    till.restart()
    till.mean(attempt=attempt, sale=attempt)
    verbs: list[Verb] = ["start", "start", "query", "cancel", "refund"]
    for verb in luck.choices(verbs, k=8):
        provider.moods = luck.choices(list(Break), (4, 1, 1, 1, 1), k=2)
        try:
            check_evidence(provider, till.ask(pay(verb, attempt=attempt)))
        except PowerCutError:
            till.restart()
        if provider.state.get(attempt) == "in-progress" and luck.random() < 0.3:
            provider.settle(attempt, "captured")
    assert provider.asked.count("start") <= 1
    assert provider.charged[attempt] <= 1
    assert provider.refunded[attempt] <= provider.charged[attempt]


def check_evidence(provider: PaperProvider, answer: Answer | None) -> None:
    """What is told fits the provider's own books, or is said to be unknown."""
    assert isinstance(answer, PaymentSaid)
    if answer.outcome in {"captured", "refunded", "declined"}:
        assert provider.state[answer.attempt] == answer.outcome
    if answer.outcome in {"cancelled", "not-found"}:
        assert provider.state.get(answer.attempt) in {None, "cancelled"}


@pytest.fixture
def payers(counter: RequestCounter) -> Iterator[Payers]:
    running = Payers(counter.desk)
    yield running
    running.stop()


def test_a_payment_is_answered_later_and_its_intent_is_waited_for(
    counter: RequestCounter, payers: Payers
) -> None:
    assert counter.take(counter.question(pay(), ATTEMPT)) is None
    Till(counter.hub, counter.journal, counter.provider).mean()

    assert counter.opened(payers.reply(1)).answer == said("captured")
    assert counter.take(counter.question(pay("query"), ATTEMPT)) is None
    assert counter.opened(payers.reply(2)).answer == said("captured")
    assert counter.provider.charged[ATTEMPT] == 1
