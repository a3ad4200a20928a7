"""Units move from holder to holder; none is made, none is lost, and what is in the hand can be sold."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.custody import COUNT, EDGES, SOLD, SUPPLIER, TRANSIT, CustodyError, Move, after, moves_of_a_sale

FLOOR = "floor"
SHELF = "shelf-b12"
GTINS = ("04006381333931", "05901234123457", "00036000291452")

gtins = st.sampled_from(GTINS)
holders = st.sampled_from([FLOOR, SHELF, SUPPLIER, TRANSIT, SOLD, COUNT])
moves = st.lists(st.builds(Move, gtins, holders, holders, st.integers(1, 10**6)), max_size=30)
stock = st.dictionaries(gtins, st.integers(0, 50))
baskets = st.dictionaries(gtins, st.integers(1, 50), min_size=1)


def in_all(holdings: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Units of each GTIN over all holders, edges among them."""
    total: Counter[str] = Counter()
    for (_, gtin), units in holdings.items():
        total[gtin] += units
    return {gtin: units for gtin, units in total.items() if units}


def at(holder: str, units: Mapping[str, int]) -> dict[tuple[str, str], int]:
    return {(holder, gtin): number for gtin, number in units.items()}


@given(stock, moves)
def test_units_are_never_made_or_lost(held: dict[str, int], moved: list[Move]) -> None:
    start = at(FLOOR, held)
    assert in_all(after(start, moved)) == in_all(start)


@given(stock, moves)
def test_what_came_in_is_what_is_here_what_is_under_way_and_what_went_out(
    held: dict[str, int], moved: list[Move]
) -> None:
    ends = after(at(FLOOR, held), moved)
    for gtin in GTINS:
        received = -ends.get((SUPPLIER, gtin), 0)
        counted = -ends.get((COUNT, gtin), 0)
        rights = ends.get((FLOOR, gtin), 0) + ends.get((SHELF, gtin), 0)
        gone = ends.get((SOLD, gtin), 0)
        assert held.get(gtin, 0) + received + counted - gone == rights + ends.get((TRANSIT, gtin), 0)


@given(st.data(), stock, moves)
def test_the_order_of_moves_changes_nothing(
    data: st.DataObject, held: dict[str, int], moved: list[Move]
) -> None:
    start = at(FLOOR, held)
    assert after(start, data.draw(st.permutations(moved))) == after(start, moved)


@given(stock, moves, moves)
def test_moves_can_be_folded_in_parts(held: dict[str, int], first: list[Move], then: list[Move]) -> None:
    start = at(FLOOR, held)
    assert after(after(start, first), then) == after(start, first + then)


@given(stock, moves)
def test_folding_leaves_what_was_folded_from_alone(held: dict[str, int], moved: list[Move]) -> None:
    start = at(FLOOR, held)
    after(start, moved)
    assert start == at(FLOOR, held)


@given(stock, baskets)
def test_a_sale_takes_what_there_is_and_counts_in_what_the_book_missed(
    held: dict[str, int], sold: dict[str, int]
) -> None:
    ends = after(at(FLOOR, held), moves_of_a_sale(held, sold, FLOOR))
    for gtin in GTINS:
        had, gone = held.get(gtin, 0), sold.get(gtin, 0)
        assert ends.get((SOLD, gtin), 0) == gone
        assert ends.get((FLOOR, gtin), 0) == max(had - gone, 0)
        assert -ends.get((COUNT, gtin), 0) == max(gone - had, 0)


@given(stock, st.lists(baskets, max_size=8))
def test_rights_never_fall_below_zero_at_any_move_of_any_sale(
    held: dict[str, int], sales: list[dict[str, int]]
) -> None:
    holdings = at(SHELF, held)
    for sold in sales:
        rights = {gtin: units for (holder, gtin), units in holdings.items() if holder == SHELF}
        for move in moves_of_a_sale(rights, sold, SHELF):
            assert move.units > 0
            holdings = after(holdings, [move])
            assert all(units >= 0 for (holder, _), units in holdings.items() if holder not in EDGES)


@given(st.integers(-50, -1), st.integers(1, 50))
def test_a_book_that_is_below_zero_is_put_right_by_the_next_sale(held: int, units: int) -> None:
    gtin = GTINS[0]
    ends = after({(FLOOR, gtin): held}, moves_of_a_sale({gtin: held}, {gtin: units}, FLOOR))
    assert ends[FLOOR, gtin] == 0


@given(stock, baskets)
def test_the_order_of_a_basket_changes_nothing(held: dict[str, int], sold: dict[str, int]) -> None:
    backwards = dict(reversed(sold.items()))
    assert moves_of_a_sale(held, backwards, FLOOR) == moves_of_a_sale(held, sold, FLOOR)


@pytest.mark.parametrize("edge", ["supplier", "transit", "sold", "count"])
def test_an_edge_of_the_shop_has_nothing_to_sell(edge: str) -> None:
    with pytest.raises(CustodyError, match=f"expected a place that sells, got '{edge}'"):
        moves_of_a_sale({}, {GTINS[0]: 1}, edge)


@pytest.mark.parametrize("units", [0, -1])
def test_a_sale_of_nothing_is_an_error(units: int) -> None:
    with pytest.raises(CustodyError, match=f"expected units of {GTINS[0]} above 0, got {units}"):
        moves_of_a_sale({}, {GTINS[0]: units}, FLOOR)
