"""What journals mean to the hub: money and goods to the unit, whatever comes, and the same made again."""

import random
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.contract.documents import Delivery
from cloud_sync.contract.encoding import encode
from cloud_sync.contract.entry import Body, decode_body
from cloud_sync.contract.facts import Arrived, Boot, Posting, SaleLine
from cloud_sync.contract.topics import Address, partition
from cloud_sync.hub.projections.fold import Before, fold
from cloud_sync.hub.projections.meaning import AMOUNT_MINOR_MAX, Doubt, Told, understand
from cloud_sync.hub.projections.projector import STRETCH_MAX, announce
from cloud_sync.hub.store import schema
from retail.custody import COUNT, SOLD, SUPPLIER, TRANSIT, Move
from tests.hub.hub_world import (
    COFFEE,
    COFFEE_MINOR,
    SCARF,
    SCARF_MINOR,
    SITE,
    TENANT,
    HubWorld,
    PaperJournal,
    shuffled,
    sums,
)

PROJECTIONS = [table.name for table in schema.PROJECTIONS]


def deliver(hub: HubWorld, transfer: str, holder: str, gtin: str, units: int) -> None:
    row: dict[str, Any] = {
        "tenant": TENANT,
        "site": SITE,
        "transfer": transfer,
        "holder": holder,
        "gtin": gtin,
        "units": units,
        "epcs": "",
        "taker": holder if holder == "floor" else TRANSIT,
        "made_ms": hub.clock(),
    }
    with hub.store.writing() as connection:
        connection.execute(schema.delivery.insert(), row)
        announce(connection, [row])


def reasons(hub: HubWorld) -> list[tuple[str, int, str]]:
    """(object, seq, reason) of all that is in quarantine."""
    return sorted((row[1], row[3], row[5]) for row in hub.rows("quarantine"))


def test_a_sale_is_money_goods_and_a_line_to_read(hub: HubWorld, mirror: PaperJournal) -> None:
    deliver(hub, "t-1", "floor", SCARF, 4)
    hub.send(mirror, 1)
    hub.project()

    assert hub.stock() == {(SUPPLIER, SCARF): -4, ("floor", SCARF): 3, (SOLD, SCARF): 1}
    assert hub.rows("takings") == [("mirror-4", "EUR", 1, SCARF_MINOR)]
    assert hub.rows("sold") == [(TENANT, SITE, SCARF, 1)]
    money = {account: amount for _, _, account, _, amount in hub.rows("money")}
    assert money == {"receivable/a7Kx": 3450, "revenue": -2900, "tax/standard": -550}
    (sale,) = hub.rows("sale", "entry", "wall_ms")
    assert sale == ("mirror-4", "s-e1-3", "e1-0003", "2026-03-02", "house-account", "EUR", 3450, 1)
    (line,) = hub.rows("sale_line", "entry")
    assert line == (0, SCARF, f"Product {SCARF}", 1, 3450, 3450, "standard")


def test_goods_travel_from_the_supplier_through_transit_to_the_shelf(
    hub: HubWorld, shelf: PaperJournal
) -> None:
    deliver(hub, "t-2", "shelf-b12", COFFEE, 6)
    on_the_way = hub.stock()
    shelf.receive("t-2", COFFEE, 6)
    shelf.sell(COFFEE, 2, COFFEE_MINOR)
    hub.send(shelf, 1)
    hub.project()

    assert on_the_way == {(SUPPLIER, COFFEE): -6, (TRANSIT, COFFEE): 6}
    assert hub.stock() == {(SUPPLIER, COFFEE): -6, ("shelf-b12", COFFEE): 4, (SOLD, COFFEE): 2}


def test_a_sale_of_goods_that_the_book_did_not_have_shows_its_overdraft(
    hub: HubWorld, shelf: PaperJournal
) -> None:
    moves = (Move(COFFEE, COUNT, "shelf-b12", 1), Move(COFFEE, "shelf-b12", SOLD, 1))
    shelf.write(shelf.sale(COFFEE, 1, COFFEE_MINOR, moves=moves))
    hub.send(shelf, 1)
    hub.project()

    assert hub.stock() == {(COUNT, COFFEE): -1, (SOLD, COFFEE): 1}


def test_an_arrival_counts_once_and_only_for_the_object_it_was_sent_to(
    hub: HubWorld, mirror: PaperJournal, shelf: PaperJournal
) -> None:
    deliver(hub, "t-2", "shelf-b12", COFFEE, 6)
    claim = Arrived("t-2", (Move(COFFEE, TRANSIT, "mirror-4", 6),))
    mirror.write(claim)
    shelf.receive("t-2", COFFEE, 6)
    shelf.receive("t-2", COFFEE, 6)
    hub.send(mirror, 1)
    hub.send(shelf, 1)
    hub.project()

    assert hub.stock()["shelf-b12", COFFEE] == 6
    assert (TRANSIT, COFFEE) not in hub.stock()
    assert reasons(hub) == [("mirror-4", 4, "transfer"), ("shelf-b12", 4, "doubled")]


WRONG_ARRIVALS = [
    Arrived("t-9", (Move(COFFEE, TRANSIT, "shelf-b12", 6),)),
    Arrived("t-2", (Move(COFFEE, TRANSIT, "shelf-b12", 7),)),
    Arrived("t-2", (Move(SCARF, TRANSIT, "shelf-b12", 6),)),
    Arrived("t-2", (Move(COFFEE, SUPPLIER, "shelf-b12", 6),)),
    Arrived("t-2", (Move(COFFEE, TRANSIT, "floor", 6),)),
    Arrived("t-2", ()),
]


@pytest.mark.parametrize("claim", WRONG_ARRIVALS)
def test_an_arrival_that_is_not_what_was_sent_is_set_aside(
    hub: HubWorld, shelf: PaperJournal, claim: Arrived
) -> None:
    deliver(hub, "t-2", "shelf-b12", COFFEE, 6)
    shelf.write(claim)
    hub.send(shelf, 1)
    hub.project()

    assert reasons(hub) == [("shelf-b12", 3, "transfer")]
    assert hub.stock() == {(SUPPLIER, COFFEE): -6, (TRANSIT, COFFEE): 6}


def test_a_sale_that_is_told_again_in_another_epoch_is_counted_once(
    hub: HubWorld, mirror: PaperJournal
) -> None:
    hub.send(mirror, 1)
    restored = PaperJournal("mirror-4", mirror.key, epoch="e2")
    restored.begin()
    restored.write(decode_body(mirror.entries[2].body).fact)
    hub.send(restored, 1)
    hub.project()

    assert hub.rows("takings") == [("mirror-4", "EUR", 1, SCARF_MINOR)]
    assert reasons(hub) == [("mirror-4", 3, "doubled")]


def _body(journal: PaperJournal, **changes: Any) -> bytes:
    body = Body(
        dev="mirror-4",
        epoch="e1",
        seq=4,
        idem="i",
        boot="b",
        mono_us=1,
        wall_ms=1,
        clock="trusted",
        fact=journal.sale(SCARF, 1, SCARF_MINOR, **changes),
    )
    return encode(body)


POISON = [
    (b"", "poison"),
    (b"not json", "poison"),
    (b'{"dev":"mirror-4"}', "poison"),
    (b'{"dev":' + b"[" * 30_000, "poison"),
    (b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "poison"),
    (b'{"dev":"\xff"}', "poison"),
    (encode(Body("mirror-4", "e1", 9, "i", "b", 1, 1, "trusted", Boot("1"))), "misplaced"),
    (encode(Body("mirror-5", "e1", 4, "i", "b", 1, 1, "trusted", Boot("1"))), "misplaced"),
    (encode(Body("mirror-4", "e2", 4, "i", "b", 1, 1, "trusted", Boot("1"))), "misplaced"),
    (encode(Body("mirror-4", "e1", 4, "i", "b", 1, -1, "trusted", Boot("1"))), "limit"),
    (encode(Body("mirror-4", "e1", 4, "i", "b", 1, 2**80, "trusted", Boot("1"))), "poison"),
]


@pytest.mark.parametrize(("body", "reason"), POISON)
def test_a_body_that_means_nothing_is_kept_and_set_aside_and_blocks_nobody(
    hub: HubWorld, mirror: PaperJournal, body: bytes, reason: str
) -> None:
    mirror.write_bytes(body)
    mirror.sell(COFFEE, 1, COFFEE_MINOR)

    assert hub.receipt(hub.send(mirror, 1)).seq == 5
    hub.project()

    assert hub.kept(mirror)[3] == body
    assert reasons(hub) == [("mirror-4", 4, reason)]
    assert hub.rows("takings") == [("mirror-4", "EUR", 2, SCARF_MINOR + COFFEE_MINOR)]


UNFAIR = [
    ({"postings": (Posting("revenue", -1, "EUR"),)}, "unbalanced"),
    ({"postings": (Posting("a", 1, "EUR"), Posting("b", -1, "USD"))}, "unbalanced"),
    ({"moves": (Move(SCARF, "floor", SOLD, 0),)}, "unbalanced"),
    ({"moves": (Move(SCARF, "floor", SOLD, -1),)}, "unbalanced"),
    ({"moves": (Move(SCARF, "floor", "floor", 1),)}, "unbalanced"),
    ({"moves": (Move(SCARF, "floor", SOLD, 10**7),)}, "limit"),
    ({"currency": "Euro"}, "currency"),
    ({"currency": "<b>"}, "currency"),
    ({"postings": (Posting("a", 1, "\0"), Posting("b", -1, "\0"))}, "poison"),
    ({"number": "1\0"}, "poison"),
    ({"sale": "s" * 129}, "limit"),
    ({"lines": (SaleLine("9" * 129, "", 1, 1, 1, "standard"),)}, "limit"),
    ({"moves": (Move(SCARF, "f" * 129, SOLD, 1),)}, "limit"),
    ({"total_minor": AMOUNT_MINOR_MAX + 1}, "limit"),
    ({"total_minor": 2**64}, "poison"),
    ({"postings": (Posting("a", 2**70, "EUR"), Posting("b", -(2**70), "EUR"))}, "poison"),
]


@pytest.mark.parametrize(("changes", "reason"), UNFAIR)
def test_a_sale_that_would_make_money_or_goods_is_set_aside(
    hub: HubWorld, mirror: PaperJournal, changes: dict[str, Any], reason: str
) -> None:
    mirror.write_bytes(_body(mirror, **changes))
    hub.send(mirror, 1)
    hub.project()

    assert reasons(hub) == [("mirror-4", 4, reason)]
    assert hub.rows("takings") == [("mirror-4", "EUR", 1, SCARF_MINOR)]
    assert set(sums(hub.stock()).values()) == {0}


def test_projections_made_again_are_the_same_column_for_column(
    hub: HubWorld, mirror: PaperJournal, shelf: PaperJournal
) -> None:
    deliver(hub, "t-1", "floor", SCARF, 9)
    deliver(hub, "t-2", "shelf-b12", COFFEE, 6)
    shelf.receive("t-2", COFFEE, 6)
    shelf.receive("t-2", COFFEE, 6)
    mirror.write_bytes(b"poison")
    for journal in (mirror, shelf):
        for n in range(30):
            journal.sell(COFFEE if n % 2 else SCARF, 1 + n % 3, COFFEE_MINOR)
        hub.send(journal, 1)
    clone = mirror.fork(3)
    clone.sell(SCARF, 5, 1)
    hub.send(clone, 3)
    hub.project()
    before = {name: hub.rows(name) for name in PROJECTIONS}
    aside = hub.rows("quarantine", "id")
    assert len(aside) == 3

    hub.projector.rebuild()

    assert {name: hub.rows(name) for name in PROJECTIONS} == before
    assert hub.rows("quarantine", "id") == aside
    hub.project()
    assert {name: hub.rows(name) for name in PROJECTIONS} == before


def test_a_backlog_longer_than_one_stretch_is_projected_whole(hub: HubWorld, mirror: PaperJournal) -> None:
    while len(mirror.entries) <= 2 * STRETCH_MAX:
        mirror.write(Boot("0.1.0"))
    mirror.sell(SCARF, 1, SCARF_MINOR)
    for first in range(1, len(mirror.entries) + 1, 256):
        hub.send(mirror, first, first + 255)

    assert hub.projector.step() == 4 * 256
    hub.project()

    assert dict(hub.rows("projection"))[partition("mirror-4")] == len(hub.rows("frame"))
    assert [row[6] for row in sorted(hub.rows("entry"))] == hub.kept(mirror)
    assert hub.rows("takings") == [("mirror-4", "EUR", 2, 2 * SCARF_MINOR)]


@pytest.mark.parametrize("seed", range(8))
def test_a_bad_day_on_the_line_ends_with_the_same_money_and_stock(
    hub: HubWorld, mirror: PaperJournal, shelf: PaperJournal, seed: int
) -> None:
    luck = random.Random(seed)
    deliver(hub, "t-2", "shelf-b12", COFFEE, 40)
    shelf.receive("t-2", COFFEE, 40)
    journals = [mirror, shelf]
    for _ in range(40):
        journal = luck.choice(journals)
        journal.sell(
            luck.choice([SCARF, COFFEE]), luck.randint(1, 3), luck.choice([SCARF_MINOR, COFFEE_MINOR])
        )

    while any(journal.acked < len(journal.entries) for journal in journals):
        journal = luck.choice(journals)
        last = len(journal.entries)
        starts = [journal.acked + 1, luck.randint(1, last), luck.randint(1, last)]
        frames = [journal.frame(at, min(last, at + luck.randint(0, 9))) for at in starts if at <= last]
        for frame in shuffled(frames, luck, copies=3):
            receipt = hub.receipt(hub.intake.take(journal.topic, frame))
            if luck.random() < 0.4:
                journal.acked = max(journal.acked, receipt.seq)
        if luck.random() < 0.5:
            hub.project()
    hub.project()

    assert hub.rows("takings") == sorted(_takings(journal) for journal in journals)
    assert hub.stock() == _stock(journals)
    assert reasons(hub) == []


def _takings(journal: PaperJournal) -> tuple[str, str, int, int]:
    facts = [decode_body(entry.body).fact for entry in journal.entries]
    totals = [getattr(fact, "total_minor", None) for fact in facts]
    sold = [total for total in totals if total is not None]
    return (journal.address.object, "EUR", len(sold), sum(sold))


def _stock(journals: list[PaperJournal]) -> dict[tuple[str, str], int]:
    held: Counter[tuple[str, str]] = Counter({(SUPPLIER, COFFEE): -40, (TRANSIT, COFFEE): 40})
    for journal in journals:
        for entry in journal.entries:
            for move in getattr(decode_body(entry.body).fact, "moves", ()):
                held[move.giver, move.gtin] -= move.units
                held[move.taker, move.gtin] += move.units
    return {place: units for place, units in held.items() if units}


_HOLDERS = st.sampled_from(["floor", "mirror-4", SOLD, COUNT, TRANSIT, SUPPLIER])
_MOVES = st.builds(Move, st.sampled_from([SCARF, COFFEE]), _HOLDERS, _HOLDERS, st.integers(-2, 9))
_POSTINGS = st.builds(
    Posting, st.sampled_from(["revenue", "receivable/x"]), st.integers(-3, 3), st.sampled_from(["EUR", "USD"])
)


@given(st.lists(st.tuples(st.lists(_MOVES, max_size=4), st.lists(_POSTINGS, max_size=4)), max_size=8))
def test_whatever_is_counted_neither_makes_nor_loses_money_or_goods(
    facts: list[tuple[list[Move], list[Posting]]],
) -> None:
    told = [_told(n + 1, tuple(moves), tuple(postings)) for n, (moves, postings) in enumerate(facts)]

    harvest = fold([(each, understand(each)) for each in told], Before({}, set(), set()))

    goods: Counter[str] = Counter()
    for (_, _, _, gtin), units in harvest.stock.items():
        goods[gtin] += units
    money: Counter[str] = Counter()
    for (_, _, _, currency), minor in harvest.money.items():
        money[currency] += minor
    assert not any(goods.values())
    assert not any(money.values())
    assert len(harvest.sales) + len(harvest.doubts) == len(facts)


def _told(seq: int, moves: tuple[Move, ...], postings: tuple[Posting, ...]) -> Told:
    honest = PaperJournal.__new__(PaperJournal)
    honest.entries, honest.epoch, honest.holder = [], "e1", "floor"
    sale = honest.sale(SCARF, 1, SCARF_MINOR, sale=f"s-{seq}", moves=moves, postings=postings)
    body = encode(Body("mirror-4", "e1", seq, f"i{seq}", "b", 1, 1, "trusted", sale))
    return Told(seq, Address(TENANT, SITE, "mirror-4"), "e1", seq, bytes(32), body, 1)


@given(st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(encode))
def test_no_bytes_stop_the_projections(body: bytes) -> None:
    told = Told(1, Address(TENANT, SITE, "mirror-4"), "e1", 1, bytes(32), body, 1)

    assert isinstance(understand(told), Doubt)


def test_a_transfer_of_another_site_is_not_ours_to_receive() -> None:
    told = Told(1, Address(TENANT, "airport", "shelf-b12"), "e1", 1, bytes(32), b"", 1)
    arrived = Arrived("t-2", (Move(COFFEE, TRANSIT, "shelf-b12", 6),))
    body = msgspec.structs.replace(
        Body("shelf-b12", "e1", 1, "i", "b", 1, 1, "trusted", Boot("1")), fact=arrived
    )
    known = {(TENANT, SITE, "t-2"): Delivery("t-2", "shelf-b12", COFFEE, 6)}

    harvest = fold([(told, body)], Before(known, set(), set()))

    assert [doubt.reason for doubt in harvest.doubts] == ["transfer"]
    assert not harvest.stock
