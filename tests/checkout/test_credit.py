"""What goes back for goods: never more than was paid, all of it in the end, and each account as it was."""

import random
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.contract.facts import Posting, Refund, Sale, SaleDiscount, SaleLine, TaxLine, check_balance
from edge.checkout.credit import (
    Note,
    Refusal,
    ReturnedUnits,
    Source,
    all_left,
    credit,
    sold_lines,
    units_left,
)
from retail.custody import QUARANTINE, SOLD
from retail.pricing.book import Version
from retail.pricing.taxes import added_tax_minor, included_tax_minor

SCARF: Final = "09520001000010"
MUG: Final = "09520001000027"
RATES: Final = {"standard": 1900, "reduced": 700, "zero": 0}
PLENTY: Final = (Source("attempt-1", "card", 10**12),)


def sale_of(lines: Sequence[SaleLine], *, exclusive: bool = False) -> Sale:
    """A sale of these lines as the till writes it."""
    sums = Counter[str]()
    for line in lines:
        sums[line.tax] += line.total_minor
    taxes = []
    for tax, whole in sorted(sums.items()):
        rate_bp = RATES[tax]
        tax_minor = added_tax_minor(whole, rate_bp) if exclusive else included_tax_minor(whole, rate_bp)
        taxes.append(TaxLine(tax, rate_bp, whole + tax_minor if exclusive else whole, tax_minor))
    total_minor = sum(row.gross_minor for row in taxes)
    tax_minor = sum(row.tax_minor for row in taxes)
    return Sale(
        *("sale-00000000001", "K7QM-0001", "2026-03-02", "en", "EUR", total_minor, "card", Version(1, 1)),
        tuple(lines),
        tuple(taxes),
        postings=(
            Posting("settlement/card", total_minor, "EUR"),
            Posting("revenue", tax_minor - total_minor, "EUR"),
            *(Posting(f"tax/{row.tax}", -row.tax_minor, "EUR") for row in taxes),
        ),
        moves=(),
    )


def line(
    units: int, price_minor: int, off_minor: int = 0, gtin: str = SCARF, tax: str = "standard"
) -> SaleLine:
    discounts = (SaleDiscount("spring", off_minor),) if off_minor else msgspec.UNSET
    return SaleLine(
        *(gtin, gtin[-3:], units, price_minor, units * price_minor - off_minor, tax), discounts=discounts
    )


def as_refund(note: Note, number: int) -> Refund:
    """A note as it is written."""
    return Refund(
        refund=f"sale-00000000001-{number}",
        sale="sale-00000000001",
        attempt=note.source.attempt,
        provider=note.source.provider,
        number=f"K7QM-R{number:04d}",
        business_date="2026-03-03",
        language="en",
        currency="EUR",
        total_minor=note.total_minor,
        lines=note.lines,
        taxes=note.taxes,
        postings=note.postings,
        moves=note.moves,
    )


def notes_of(sale: Sale, refunds: Sequence[Refund], *asked: ReturnedUnits) -> tuple[Note, ...]:
    notes = credit(sale, refunds, asked, PLENTY, QUARANTINE)
    assert not isinstance(notes, Refusal)
    return notes


def test_of_three_for_two_each_is_worth_two_thirds() -> None:
    sale = sale_of([line(3, 500, off_minor=500)])
    refunds: list[Refund] = []
    for number in (1, 2, 3):
        (note,) = notes_of(sale, refunds, ReturnedUnits(0, 1))
        refunds.append(as_refund(note, number))
    assert [refund.total_minor for refund in refunds] == [333, 334, 333]
    shown = [(each.price_minor, each.total_minor, each.discounts) for each in refunds[0].lines]
    assert shown == [(500, 333, (SaleDiscount("spring", 167),))]


def test_a_promotion_over_two_products_is_shared_as_the_sale_shared_it() -> None:
    sale = sale_of([line(1, 1000, off_minor=200), line(1, 500, off_minor=100, gtin=MUG)])
    (note,) = notes_of(sale, (), ReturnedUnits(1, 1))
    assert note.total_minor == 400
    assert [(move.giver, move.taker, move.gtin) for move in note.moves] == [(SOLD, QUARANTINE, MUG)]


def test_taxes_on_top_go_back_with_the_goods() -> None:
    sale = sale_of([line(2, 1000)], exclusive=True)
    (note,) = notes_of(sale, (), ReturnedUnits(0, 1))
    assert (note.total_minor, note.lines[0].total_minor, note.taxes[0].tax_minor) == (1190, 1000, 190)


def test_split_tender_goes_back_in_the_order_in_which_it_came() -> None:
    sale = sale_of([line(1, 1000), line(1, 500, gtin=MUG)])
    sources = (Source("attempt-1", "card", 700), Source("attempt-2", "wallet", 800))
    notes = credit(sale, (), all_left(sale, ()), sources, QUARANTINE)
    assert not isinstance(notes, Refusal)
    assert [(note.source.provider, note.total_minor) for note in notes] == [("card", 700), ("wallet", 800)]
    # All goods are on the first note; the second has the rest of what they cost.
    assert [(each.gtin, each.units, each.total_minor) for each in notes[0].lines] == [
        (SCARF, 1, 700),
        (MUG, 1, 0),
    ]
    assert [(each.gtin, each.units, each.total_minor) for each in notes[1].lines] == [
        (SCARF, 0, 300),
        (MUG, 0, 500),
    ]
    assert notes[1].moves == ()


def test_what_a_power_cut_kept_from_being_written_is_still_owed() -> None:
    sale = sale_of([line(1, 1000), line(1, 500, gtin=MUG)])
    sources = (Source("attempt-1", "card", 700), Source("attempt-2", "wallet", 800))
    notes = credit(sale, (), all_left(sale, ()), sources, QUARANTINE)
    assert not isinstance(notes, Refusal)
    first = as_refund(notes[0], 1)
    left = (Source("attempt-1", "card", 0), Source("attempt-2", "wallet", 800))
    assert credit(sale, [first], (), left, QUARANTINE) == (notes[1],)
    assert credit(sale, [first, as_refund(notes[1], 2)], (), left, QUARANTINE) == ()


def test_what_was_not_sold_so_is_not_taken_back() -> None:
    tagged = msgspec.structs.replace(line(2, 1000), epcs=("A1", "A2"))
    sale = sale_of([tagged])
    (note,) = notes_of(sale, (), ReturnedUnits(0, 1, ("A1",)))
    before = [as_refund(note, 1)]
    cases = {
        ReturnedUnits(1, 1): Refusal.NO_SUCH_LINE,
        ReturnedUnits(-1, 1): Refusal.NO_SUCH_LINE,
        ReturnedUnits(0, 0): Refusal.NOTHING,
        ReturnedUnits(0, -1): Refusal.NOTHING,
        ReturnedUnits(0, 2): Refusal.TOO_MANY,
        ReturnedUnits(0, 1, ("A1",)): Refusal.OTHER_ITEM,
        ReturnedUnits(0, 1, ("A3",)): Refusal.OTHER_ITEM,
        ReturnedUnits(0, 1, ("A2", "A2")): Refusal.OTHER_ITEM,
    }
    for asked, why in cases.items():
        assert credit(sale, before, (asked,), PLENTY, QUARANTINE) is why
    twice = (ReturnedUnits(0, 1), ReturnedUnits(0, 1))
    assert credit(sale, before, twice, PLENTY, QUARANTINE) is Refusal.TOO_MANY
    none = (Source("attempt-1", "card", 999),)
    assert credit(sale, before, (ReturnedUnits(0, 1, ("A2",)),), none, QUARANTINE) is Refusal.NOT_CAPTURED


def test_what_cost_nothing_comes_back_for_nothing() -> None:
    sale = sale_of([line(1, 1000), line(1, 500, off_minor=500, gtin=MUG)])
    (note,) = notes_of(sale, (), ReturnedUnits(1, 1))
    assert (note.total_minor, note.postings, len(note.moves)) == (0, (), 1)


LINES = st.builds(
    lambda units, price, off, gtin, tax: line(units, price, off * units * price // 100, gtin, tax),
    st.integers(1, 12),
    st.integers(0, 5_000),
    st.integers(0, 100),
    st.sampled_from([SCARF, MUG]),
    st.sampled_from([*RATES]),
)


@given(
    lines=st.lists(LINES, min_size=1, max_size=5),
    exclusive=st.booleans(),
    cuts=st.lists(st.integers(0, 100), max_size=3),
    luck=st.randoms(use_true_random=False),
)
def test_any_sequence_of_returns_gives_back_what_was_paid_and_never_more(
    lines: list[SaleLine], exclusive: bool, cuts: list[int], luck: random.Random
) -> None:
    sale = sale_of(lines, exclusive=exclusive)
    marks = sorted({0, sale.total_minor, *(sale.total_minor * cut // 100 for cut in cuts)})
    left = {f"attempt-{at}": upto - low for at, (low, upto) in enumerate(pairwise(marks))}
    left = left or {"attempt-0": 0}
    refunds: list[Refund] = []
    while any(units := units_left(sale, refunds)):
        at = luck.choice([at for at, count in enumerate(units) if count])
        asked = (ReturnedUnits(at, luck.randint(1, units[at])),)
        sources = tuple(Source(attempt, "card", minor) for attempt, minor in left.items())
        notes = credit(sale, refunds, asked, sources, QUARANTINE)
        assert not isinstance(notes, Refusal)
        for note in notes:
            refund = as_refund(note, len(refunds) + 1)
            check_balance(refund)
            assert note.total_minor >= 0
            assert all(each.total_minor >= 0 for each in note.lines)
            left[note.source.attempt] -= note.total_minor
            refunds.append(refund)
        assert min(left.values()) >= 0
        assert sum(units_left(sale, refunds)) == sum(units) - asked[0].units
    assert sum(left.values()) == 0
    back = Counter[str]()
    for refund in refunds:
        for posting in refund.postings:
            back[posting.account] += posting.amount_minor
    earned = {each.account: -each.amount_minor for each in sale.postings if each.amount_minor < 0}
    assert {account: amount for account, amount in back.items() if amount > 0} == {
        account: amount for account, amount in earned.items() if amount
    }
    assert back["refund-due"] == -sale.total_minor
    moved = sum(move.units for refund in refunds for move in refund.moves)
    assert moved == sum(each.units for each in sale.lines)
    assert all(each.units >= 0 for refund in refunds for each in refund.lines)


@given(lines=st.lists(LINES, min_size=1, max_size=5), luck=st.randoms(use_true_random=False))
def test_discounts_of_notes_are_those_of_the_sale(lines: list[SaleLine], luck: random.Random) -> None:
    sale = sale_of(lines)
    refunds: list[Refund] = []
    while any(units := units_left(sale, refunds)):
        at = luck.choice([at for at, count in enumerate(units) if count])
        (note,) = notes_of(sale, refunds, ReturnedUnits(at, luck.randint(1, units[at])))
        for each in note.lines:
            off = sum(discount.amount_minor for discount in each.discounts or ())
            assert each.units * each.price_minor - off == each.total_minor
        refunds.append(as_refund(note, len(refunds) + 1))
    notes = [each for refund in refunds for each in refund.lines]
    for before in (sale.lines, notes):
        assert sum(_off(each) for each in before) == sum(_off(each) for each in sold_lines(sale))


def _off(each: SaleLine) -> int:
    return sum(discount.amount_minor for discount in each.discounts or ())


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_lines_that_nothing_tells_apart_are_one(order: tuple[int, int]) -> None:
    lines = [line(1, 1000), line(2, 1000, off_minor=600)]
    sale = sale_of([lines[at] for at in order])
    assert [each.units for each in sold_lines(sale)] == [3]
    (note,) = notes_of(sale, (), ReturnedUnits(0, 1))
    assert note.total_minor == 800
