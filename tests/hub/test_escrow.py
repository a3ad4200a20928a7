"""Wallets at the hub: what was put on them is on them, out with a slice, or spent."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import msgspec
import pytest

from cloud_sync.contract.entry import Body
from cloud_sync.contract.escrow import GIVEN_BACK, Slice, SliceAsked, shown_by
from cloud_sync.contract.facts import Genesis, Paid, PaymentClosed
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.hub.members import wallets
from cloud_sync.hub.members.escrow import Terms
from cloud_sync.hub.members.reclaiming import NoSliceError, Reclaiming, reclaim, reclaim_by_hand
from cloud_sync.hub.members.wallets import NoMoneyError
from cloud_sync.hub.store import schema
from tests.checkout.purses import draft
from tests.hub.hub_world import TENANT, PaperJournal
from tests.hub.wallet_world import CODES, NOW_MS, PUT_MINOR, Counter


def ask(need_minor: int, serial: str = "", out_minor: int = 0, **changes: Any) -> SliceAsked:
    asked = SliceAsked(shown_by(CODES[0]), "e1", "EUR", need_minor, serial, out_minor)
    return msgspec.structs.replace(asked, **changes)


def spends(serial: str, amount_minor: int, seq: int = 1, **changes: Any) -> Body:
    attempt = f"attempt-of-sale-{seq:04d}"
    sale = msgspec.structs.replace(
        draft(f"sale-number-{seq:04d}", amount_minor),
        payments=(Paid(attempt, "wallet", amount_minor, serial),),
    )
    honest = Body("mirror-4", "e1", seq, f"sale/{seq}", "b1", 0, NOW_MS, "trusted", sale)
    return msgspec.structs.replace(honest, **changes)


def closes(attempt: str, outcome: Any, amount_minor: int, seq: int, **changes: Any) -> Body:
    fact = PaymentClosed("s", attempt, "wallet", outcome, amount_minor, "EUR", **changes)
    return Body("mirror-4", "e1", seq, f"end/{seq}", "b1", 0, NOW_MS, "trusted", fact)


@pytest.fixture
def counter(place: Path | str, keys: list[SoftwareKey]) -> Iterator[Counter]:
    made = Counter(place, keys)
    with closing(made.world):
        yield made


def test_a_slice_leaves_the_balance_before_it_is_spent_and_its_rest_comes_back(counter: Counter) -> None:
    lent = counter.lend("mirror-4", ask(2_000))
    assert isinstance(lent, Slice)
    assert (lent.amount_minor, lent.dev, lent.epoch, lent.wallet) == (
        2_000,
        "mirror-4",
        "e1",
        counter.names[0],
    )
    look = counter.look()
    assert (look.balance_minor, look.out_minor, look.spent_minor) == (3_000, 2_000, 0)

    counter.count("mirror-4", spends(lent.serial, 700))
    look = counter.look()
    assert (look.balance_minor, look.out_minor, look.spent_minor) == (3_000, 1_300, 700)

    counter.count("mirror-4", closes(lent.serial, "cancelled", 1_300, 2, reason=GIVEN_BACK))
    look = counter.look()
    assert (look.balance_minor, look.out_minor, look.spent_minor) == (4_300, 0, 700)

    counter.count("mirror-4", closes("attempt-of-sale-0001", "refunded", 500, 3, refund="refund-number-01"))
    assert counter.look().balance_minor == 4_800
    assert counter.alarms() == []


def test_a_question_that_comes_again_asks_for_nothing_more(counter: Counter) -> None:
    lent = counter.lend("mirror-4", ask(2_000))
    assert isinstance(lent, Slice)
    for again in (ask(2_000), ask(100), ask(2_000, lent.serial)):
        assert counter.lend("mirror-4", again) == lent
    more = counter.lend("mirror-4", ask(500, lent.serial, 2_000))
    assert isinstance(more, Slice)
    assert (more.serial, more.amount_minor) == (lent.serial, 2_500)
    assert counter.lend("mirror-4", ask(500, lent.serial, 2_000)) == more
    assert counter.look().out_minor == 2_500


def test_two_objects_cannot_have_the_same_money(counter: Counter) -> None:
    first, second = counter.lend("mirror-4", ask(4_000)), counter.lend("shelf-1", ask(4_000))
    assert isinstance(first, Slice)
    assert isinstance(second, Slice)
    assert (first.amount_minor, second.amount_minor) == (4_000, 1_000)
    assert counter.look().balance_minor == 0
    with pytest.raises(NoMoneyError), counter.world.store.writing() as connection:
        wallets.put(connection, counter.names[0], "paid-out", -1, NOW_MS)


REFUSALS = [
    ({"shown": shown_by("GIFT-0000-0000")}, "wallet.unknown"),
    ({"currency": "CHF"}, "wallet.currency"),
    ({"need_minor": 0}, "wallet.empty"),
    ({"epoch": "e1"}, "wallet.epoch"),
]


@pytest.mark.parametrize(("changes", "reason"), REFUSALS)
def test_who_may_not_have_a_slice_hears_why(counter: Counter, changes: dict[str, Any], reason: str) -> None:
    if "epoch" in changes:  # the hub has heard of a journal after this one
        for epoch in ("e1", "e2"):
            journal = PaperJournal("mirror-4", counter.journals[0].key, epoch=epoch)
            journal.write(Genesis(journal.key.public, "file"))
            counter.world.send(journal, 1)
    assert counter.lend("mirror-4", msgspec.structs.replace(ask(100), **changes)) == reason
    assert counter.look().out_minor == 0


def test_the_shop_says_how_much_may_be_out(place: Path | str, keys: list[SoftwareKey]) -> None:
    counter = Counter(place, keys, Terms(out_minor_max=1_500, spare_minor_max=0))
    with closing(counter.world):
        lent = counter.lend("mirror-4", ask(4_000))
        assert isinstance(lent, Slice)
        assert lent.amount_minor == 1_500
        counter.count("mirror-4", spends(lent.serial, 1_000))
        more = counter.lend("mirror-4", ask(2_000, lent.serial, 1_000))
        assert isinstance(more, Slice)
        assert more.amount_minor == 2_500


def test_something_to_spare_is_lent_and_the_same_question_finds_the_same(
    place: Path | str, keys: list[SoftwareKey]
) -> None:
    counter = Counter(place, keys, Terms(spare_minor_max=500))
    with closing(counter.world):
        lent = counter.lend("mirror-4", ask(1_000))
        assert isinstance(lent, Slice)
        assert lent.amount_minor == 1_500
        assert counter.lend("mirror-4", ask(1_000)) == lent
        other = counter.lend("shelf-1", ask(2_700))
        assert isinstance(other, Slice)
        assert other.amount_minor == 2_700 + (5_000 - 1_500 - 2_700) // 4
        for _ in range(2):
            last = counter.lend("mirror-4", ask(10_000, lent.serial, 1_000))
            assert isinstance(last, Slice)
            assert last.amount_minor + other.amount_minor == PUT_MINOR
        assert counter.look().balance_minor == 0


def test_money_is_put_on_a_wallet_once(counter: Counter) -> None:
    with counter.world.store.writing() as connection:
        assert wallets.open_wallet(connection, TENANT, CODES[0], "EUR", 9) == counter.names[0]
        assert wallets.put(connection, counter.names[0], "top-up/1", 100, 9)
        assert not wallets.put(connection, counter.names[0], "top-up/1", 100, 9)
    assert counter.look().put_minor == PUT_MINOR + 100


def test_a_code_stands_nowhere_at_the_hub(counter: Counter) -> None:
    counter.lend("mirror-4", ask(100))
    for table in schema.metadata.sorted_tables:
        assert not any(code in repr(counter.world.rows(table.name)) for code in CODES)


WRONGS = [
    ("another's slice", "shelf-1", spends("{serial}", 100), "was not lent", 0),
    ("of another journal", "mirror-4", spends("{serial}", 100, epoch="e9"), "was not lent", 0),
    ("no slice at all", "mirror-4", spends("BBBBBBBBBBBBBBBB", 100), "was not lent", 0),
    ("more than it has", "mirror-4", spends("{serial}", 2_001), "more was spent than 2000", 2_000),
    ("another's end", "shelf-1", closes("{serial}", "cancelled", 1, 1, reason=GIVEN_BACK), "was not lent", 0),
]


@pytest.mark.parametrize(
    ("dev", "body", "sentence", "spent"), [w[1:] for w in WRONGS], ids=[w[0] for w in WRONGS]
)
def test_what_no_honest_object_says_costs_no_wallet_anything_more(
    counter: Counter, dev: str, body: Body, sentence: str, spent: int
) -> None:
    lent = counter.lend("mirror-4", ask(2_000))
    assert isinstance(lent, Slice)
    said = msgspec.json.decode(
        msgspec.json.encode(body).replace(b"{serial}", lent.serial.encode()), type=Body
    )
    for _ in range(2):
        counter.count(dev, said)
    assert len(counter.alarms()) == 1
    assert sentence in counter.alarms()[0]
    assert (counter.look().spent_minor, counter.look().balance_minor) == (spent, 3_000)


def test_a_slice_that_nobody_gives_back_comes_back_when_both_clocks_are_past_it(counter: Counter) -> None:
    lent = counter.lend("mirror-4", ask(2_000))
    assert isinstance(lent, Slice)
    late_ms = lent.expires_ms + Terms().grace_ms + 1
    journal = counter.journals[0]

    def reclaimed(now_ms: int) -> list[str]:
        with counter.world.store.writing() as connection:
            return reclaim(connection, now_ms)

    assert reclaimed(late_ms) == []  # its journal has not come so far
    journal.write(Genesis(journal.key.public, "file"), wall_ms=late_ms + 1)
    counter.world.send(journal, 1)
    counter.world.project()
    assert reclaimed(late_ms - 2) == []
    assert reclaimed(late_ms) == [lent.serial]
    assert counter.look().balance_minor == PUT_MINOR
    assert reclaimed(late_ms) == []
    again = counter.lend("mirror-4", ask(100, lent.serial), late_ms)
    assert isinstance(again, Slice)
    assert again.serial != lent.serial


def test_what_an_object_is_lent_anew_or_has_given_back_does_not_come_back_of_itself(counter: Counter) -> None:
    lent = counter.lend("mirror-4", ask(2_000))
    assert isinstance(lent, Slice)
    late_ms = lent.expires_ms + Terms().grace_ms + 1
    journal = counter.journals[0]
    journal.write(Genesis(journal.key.public, "file"), wall_ms=2 * late_ms)
    counter.world.send(journal, 1)
    counter.world.project()
    assert isinstance(counter.lend("mirror-4", ask(2_000), late_ms - 1), Slice)
    worker = Reclaiming(counter.world.store, lambda: late_ms)
    assert worker.step() == []
    counter.count("mirror-4", closes(lent.serial, "cancelled", 2_000, 2, reason=GIVEN_BACK))
    later = Reclaiming(counter.world.store, lambda: 2 * late_ms)
    assert later.step() == []
    with counter.world.store.writing() as connection:
        assert not reclaim_by_hand(connection, lent.serial, NOW_MS)
        with pytest.raises(NoSliceError, match="no slice is called 'BBBB'"):
            reclaim_by_hand(connection, "BBBB", NOW_MS)
    assert counter.look().balance_minor == PUT_MINOR


def test_what_was_lent_to_a_journal_that_is_over_comes_back_when_it_has_ended(counter: Counter) -> None:
    lent = counter.lend("mirror-4", ask(2_000))
    assert isinstance(lent, Slice)
    for epoch in ("e1", "e2"):  # a new card in the object
        journal = PaperJournal("mirror-4", counter.journals[0].key, epoch=epoch)
        journal.write(Genesis(journal.key.public, "file"))
        counter.world.send(journal, 1)
    ended_ms = lent.expires_ms + Terms().grace_ms
    assert Reclaiming(counter.world.store, lambda: ended_ms).step() == []
    assert Reclaiming(counter.world.store, lambda: ended_ms + 1).step() == [lent.serial]


def test_the_worker_takes_back_at_once_and_ends_when_the_hub_does(counter: Counter) -> None:
    lent = counter.lend("mirror-4", ask(2_000))
    assert isinstance(lent, Slice)
    journal, late_ms = counter.journals[0], lent.expires_ms + Terms().grace_ms + 1
    journal.write(Genesis(journal.key.public, "file"), wall_ms=late_ms + 1)
    counter.world.send(journal, 1)
    counter.world.project()
    closing = Event()
    closing.set()
    Reclaiming(counter.world.store, lambda: late_ms).work(closing)
    assert counter.look().balance_minor == PUT_MINOR


def test_what_a_lost_object_turns_out_to_have_spent_is_counted_and_told(counter: Counter) -> None:
    lent = counter.lend("mirror-4", ask(2_000))
    assert isinstance(lent, Slice)
    with counter.world.store.writing() as connection:
        reclaim_by_hand(connection, lent.serial, NOW_MS)
    counter.count("mirror-4", spends(lent.serial, 700))
    assert (counter.look().balance_minor, counter.look().spent_minor) == (PUT_MINOR - 700, 700)
    assert "after it came back" in counter.alarms()[0]
