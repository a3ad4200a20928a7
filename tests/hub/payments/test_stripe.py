"""Stripe's readers through the hub: paid once, whatever breaks, by Stripe's own books."""

import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from cloud_sync.contract.requests import Answer, PaymentSaid, Refused, Verb
from cloud_sync.hub.payments.pushes import ForgedError, Hint, check_stripe, stripe_reader
from cloud_sync.hub.payments.stripe_terminal import StripeTerminal, connected
from cloud_sync.hub.requests import books
from cloud_sync.hub.requests.gateway import Gateway
from cloud_sync.hub.requests.provider import Attempt
from simulators.providers.cloud import Mood
from simulators.providers.stripe import StripeCloud
from tests.hub.hub_world import HubWorld, PaperJournal
from tests.hub.request_world import ATTEMPT, Till, pay

READER = "tmr_1"
SIGNED_BY = "whsec_test"


class Counter:
    """A till beside a reader of Stripe's, and the hub between them."""

    def __init__(
        self, hub: HubWorld, journal: PaperJournal, cloud: StripeCloud, *, holds: bool = False
    ) -> None:
        self.hub, self.cloud = hub, cloud
        client = connected("sk_test_paper", cloud.url)
        self.terminal = StripeTerminal(client, {"mirror-4": READER}, hub.clock, holds=holds)
        self.till = Till(hub, journal, None)  # type: ignore[arg-type]
        self.till.gateway = self.gateway = Gateway(hub.store, {"stripe": self.terminal}, hub.clock)

    def mean(self, attempt: str = ATTEMPT) -> None:
        self.till.mean(provider="stripe", attempt=attempt, sale=attempt)

    def ask(self, verb: Verb = "start", attempt: str = ATTEMPT, **more: Any) -> Answer | None:
        ask = pay(verb, provider="stripe", attempt=attempt)
        return self.till.ask(msgspec.structs.replace(ask, **more))

    def hears(self, verb: Verb = "start", attempt: str = ATTEMPT, **more: Any) -> str:
        answer = self.ask(verb, attempt, **more)
        assert isinstance(answer, PaymentSaid)
        return answer.outcome


@pytest.fixture
def cloud(hub: HubWorld) -> Iterator[StripeCloud]:
    with StripeCloud(READER, now_s=lambda: hub.clock.now_ms // 1000) as running:
        assert isinstance(running, StripeCloud)
        yield running


@pytest.fixture
def counter(hub: HubWorld, mirror: PaperJournal, cloud: StripeCloud) -> Counter:
    made = Counter(hub, mirror, cloud)
    made.mean()
    return made


def test_a_card_that_is_good_pays(counter: Counter, cloud: StripeCloud) -> None:
    assert counter.hears() == "in-progress"
    cloud.tap(READER)
    answer = counter.ask("query")

    assert isinstance(answer, PaymentSaid)
    assert (answer.outcome, answer.amount_minor, answer.currency) == ("captured", 3450, "EUR")
    assert (answer.card, answer.reference[:3]) == ("Visa 4242", "pi_")
    assert cloud.net_minor("EUR") == 3450


def test_a_card_that_is_refused_leaves_nothing_that_could_still_be_paid(
    counter: Counter, cloud: StripeCloud
) -> None:
    counter.ask()
    cloud.decline(READER, "insufficient_funds")
    answer = counter.ask("query")

    assert isinstance(answer, PaymentSaid)
    assert (answer.outcome, answer.reason) == ("declined", "insufficient_funds")
    assert [each["status"] for each in cloud.books.intents.values()] == ["canceled"]
    assert counter.hears("query") == "declined"


@pytest.mark.parametrize("trouble", ["busy", "asleep"])
def test_a_reader_that_does_not_take_the_job_is_said_at_once(
    counter: Counter, cloud: StripeCloud, trouble: str
) -> None:
    if trouble == "busy":
        counter.mean("attempt-number-0")
        counter.ask(attempt="attempt-number-0")
    else:
        cloud.asleep.add(READER)
    answer = counter.ask()

    assert isinstance(answer, PaymentSaid)
    reasons = {"busy": "terminal_reader_busy", "asleep": "terminal_reader_offline"}
    assert (answer.outcome, answer.reason) == ("declined", reasons[trouble])


def test_a_reader_that_took_the_job_unheard_is_waited_for(counter: Counter, cloud: StripeCloud) -> None:
    cloud.deaf.add(READER)
    assert counter.hears() == "in-progress"
    cloud.tap(READER)
    assert counter.hears("query") == "captured"


@pytest.mark.parametrize("mood", [each for each in Mood if each is not Mood.FINE])
@pytest.mark.parametrize("at", [0, 1])
def test_whatever_breaks_in_a_start_is_no_decline_and_is_found_again(
    counter: Counter, cloud: StripeCloud, mood: Mood, at: int
) -> None:
    cloud.moods.extend([Mood.FINE] * at + [mood])
    assert counter.hears() == "unknown"
    if any(each["action"] for each in cloud.books.readers.values()):
        cloud.tap(READER)
        assert counter.hears("query") == "captured"
    else:
        assert counter.hears("query") in {"in-progress", "not-found"}
        assert counter.hears("cancel") == "cancelled"
        assert cloud.net_minor("EUR") == 0
    assert len(cloud.books.intents) == 1


def test_a_start_that_arrives_after_its_cancel_finds_an_intent_that_is_over(
    counter: Counter, cloud: StripeCloud
) -> None:
    cloud.moods.append(Mood.LOST_REQUEST)
    assert counter.hears() == "unknown"
    assert counter.hears("cancel") == "cancelled"
    late = counter.terminal._made(attempt_of(counter))

    assert late.id in cloud.books.intents
    assert [each["status"] for each in cloud.books.intents.values()] == ["canceled"]


def attempt_of(counter: Counter) -> Attempt:
    with counter.hub.store.reading() as connection:
        line = books.find(connection, ATTEMPT)
    assert line is not None
    return line.attempt


def test_after_a_day_nothing_is_sent_again_under_a_key_that_stripe_forgot(
    counter: Counter, cloud: StripeCloud
) -> None:
    cloud.moods.extend([Mood.FINE, Mood.LOST_REPLY])
    counter.ask()
    counter.hub.clock.now_ms += 25 * 3600 * 1000

    assert counter.hears("cancel") == "cancelled"
    assert len(cloud.books.intents) == 1
    cloud.books.intents.clear()
    before = len(cloud.asked)
    counter.mean("attempt-number-2")
    cloud.moods.append(Mood.LOST_REQUEST)
    counter.ask(attempt="attempt-number-2")
    counter.hub.clock.now_ms += 25 * 3600 * 1000
    assert counter.hears("cancel", "attempt-number-2") == "not-found"
    assert {each.method for each in cloud.asked[before:]} == {"GET"}


def test_a_card_that_was_faster_than_the_cancel_has_paid(counter: Counter, cloud: StripeCloud) -> None:
    counter.ask()
    cloud.tap(READER)
    assert counter.hears("cancel") == "captured"


def test_a_cancel_does_not_stop_the_reader_at_somebody_elses_sale(
    counter: Counter, cloud: StripeCloud
) -> None:
    counter.ask()
    cloud.walk_away(READER)
    counter.mean("attempt-number-2")
    counter.ask(attempt="attempt-number-2")
    assert counter.hears("cancel") == "cancelled"
    cloud.tap(READER)
    assert counter.hears("query", "attempt-number-2") == "captured"


def test_what_is_held_is_taken_once_under_the_same_key(
    hub: HubWorld, mirror: PaperJournal, cloud: StripeCloud
) -> None:
    counter = Counter(hub, mirror, cloud, holds=True)
    counter.mean()
    counter.ask()
    cloud.tap(READER)
    assert counter.hears("query") == "authorised"
    assert cloud.net_minor("EUR") == 0
    cloud.moods.append(Mood.LOST_REQUEST)
    assert counter.hears("capture") == "unknown"
    cloud.moods.append(Mood.LOST_REPLY)
    assert counter.hears("capture") in {"unknown", "authorised"}
    assert [counter.hears("capture") for _ in range(2)] == ["captured"] * 2
    assert cloud.net_minor("EUR") == 3450


def test_a_part_that_the_bank_allowed_is_not_taken_and_let_go(
    hub: HubWorld, mirror: PaperJournal, cloud: StripeCloud
) -> None:
    counter = Counter(hub, mirror, cloud, holds=True)
    counter.mean()
    counter.ask()
    cloud.tap(READER, approved_minor=2000)

    assert counter.hears("query") == "unknown"
    assert counter.hears("capture") == "unknown"
    assert counter.hears("cancel") == "cancelled"
    assert cloud.net_minor("EUR") == 0
    assert "payment" in counter.till.alarms()


def test_parts_go_back_each_under_its_own_key_and_never_more_than_came(
    counter: Counter, cloud: StripeCloud
) -> None:
    counter.ask()
    cloud.tap(READER)
    counter.ask("query")
    first: dict[str, Any] = {"refund": "refund-number-1", "refund_minor": 1000}
    cloud.moods.extend([Mood.FINE, Mood.FINE, Mood.LOST_REPLY])
    assert counter.hears("refund", **first) == "unknown"
    counter.hub.clock.now_ms += 25 * 3600 * 1000  # Stripe has forgotten the key
    assert [counter.hears("refund", **first) for _ in range(2)] == ["refunded"] * 2
    assert cloud.net_minor("EUR") == 2450

    assert isinstance(counter.ask("refund", refund="refund-number-2", refund_minor=2451), Refused)
    assert isinstance(counter.ask("refund", refund="refund-number-1", refund_minor=999), Refused)
    assert counter.hears("refund", refund="refund-number-3", refund_minor=2450) == "refunded"
    assert cloud.net_minor("EUR") == 0
    assert counter.till.payments() == [(ATTEMPT, "refunded")]
    again = counter.ask("refund", **first)
    assert isinstance(again, PaymentSaid)
    assert (again.outcome, again.amount_minor) == ("refunded", 1000)
    assert isinstance(counter.ask("refund", refund="refund-number-4", refund_minor=1), Refused)


def test_a_currency_that_stripe_counts_in_other_units_is_not_charged(
    counter: Counter, cloud: StripeCloud
) -> None:
    said = counter.terminal.start(Attempt("attempt-number-5", "mirror-4", "stripe", 100, "ISK"), "")
    nobody = counter.terminal.start(Attempt("attempt-number-5", "shelf-1", "stripe", 100, "EUR"), "")
    assert (said.outcome, said.reason, nobody.reason) == ("declined", "currency", "no-reader")
    assert cloud.asked == []


# The signature of the protocol sheet: made by us, and stripe-python agrees.
MAC = "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925"


def test_a_push_is_believed_by_its_signature_alone() -> None:
    body, now_s = b'{"id":"evt_1"}', 1_700_000_000
    check_stripe([SIGNED_BY], body, f"t={now_s},v1={MAC}", now_s)
    check_stripe(["new", SIGNED_BY], body, f"t={now_s},v1=00,v1={MAC},v0=1", now_s + 299)


@pytest.mark.parametrize(
    ("body", "header", "late_s"),
    [
        (b'{"id":"evt_2"}', f"t=1700000000,v1={MAC}", 0),
        (b'{"id":"evt_1"}', f"t=1700000001,v1={MAC}", 0),
        (b'{"id":"evt_1"}', f"t=1700000000,v1={MAC}", 301),
        (b'{"id":"evt_1"}', f"t=1700000000,v0={MAC}", 0),
        (b'{"id":"evt_1"}', f"v1={MAC}", 0),
        (b'{"id":"evt_1"}', f"t=1700000000,t=1700000000,v1={MAC}", 0),
        (b'{"id":"evt_1"}', "t=1700000000,v1=é", 0),
        (b'{"id":"evt_1"}', "", 0),
    ],
)
def test_a_push_that_is_not_stripes_is_refused(body: bytes, header: str, late_s: int) -> None:
    with pytest.raises(ForgedError):
        check_stripe([SIGNED_BY], body, header, 1_700_000_000 + late_s)


def test_events_twice_and_in_any_order_come_to_what_stripes_books_say(
    counter: Counter, cloud: StripeCloud
) -> None:
    for seed in range(12):
        luck, attempt = random.Random(seed), f"attempt-number-e{seed}"
        counter.mean(attempt)
        counter.ask(attempt=attempt)
        before = len(cloud.books.events)
        cloud.tap(READER) if luck.random() < 0.5 else cloud.decline(READER)
        events = cloud.books.events[before:] * 2
        luck.shuffle(events)
        reader = stripe_reader([SIGNED_BY], counter.hub.clock)
        for event in events:
            body, header = cloud.signed(event, SIGNED_BY)
            hint = reader(body, {"stripe-signature": header})
            assert hint is not None
            counter.gateway.look("stripe", hint)
        intent = next(
            each for each in cloud.books.intents.values() if each["metadata"]["opos_attempt"] == attempt
        )
        paid = {"succeeded": "captured", "canceled": "declined"}[intent["status"]]
        assert dict(counter.till.payments())[attempt] == paid, f"seed {seed}"


def test_a_push_about_nothing_of_ours_changes_nothing(counter: Counter, cloud: StripeCloud) -> None:
    assert counter.gateway.look("stripe", Hint("attempt-of-a-stranger")) is None
    assert counter.gateway.look("stripe", Hint(reference="pi_of_a_stranger")) is None
    assert counter.gateway.look("nobody", Hint(ATTEMPT)) is None
    assert cloud.asked == []


def test_what_a_person_gave_back_at_stripe_is_not_given_back_again(
    counter: Counter, cloud: StripeCloud
) -> None:
    counter.ask()
    cloud.tap(READER)
    (charge,) = cloud.books.charges.values()
    charge.update(amount_refunded=3450, refunded=True)
    assert counter.hears("query") == "refunded"
    answer = counter.ask("refund", refund="refund-number-1", refund_minor=1000)

    assert isinstance(answer, PaymentSaid)
    assert (answer.outcome, answer.amount_minor) == ("refunded", 1000)
    assert cloud.net_minor("EUR") == 0


def test_while_all_of_the_money_is_on_its_way_back_nobody_sells_for_it(
    counter: Counter, cloud: StripeCloud
) -> None:
    counter.ask()
    cloud.tap(READER)
    counter.ask("query")
    cloud.moods.extend([Mood.LOST_REQUEST])
    assert counter.hears("refund") == "unknown"
    assert [counter.hears(verb) for verb in ("start", "query", "cancel", "capture")] == ["unknown"] * 4
    assert counter.hears("refund") == "refunded"
