"""Three books of one day: they are equal to the cent and the unit, or the report says that they are not."""

import msgspec
import pytest

from simulators.demo.figures import (
    Books,
    Day,
    LedgerFigures,
    books_of_hub,
    books_of_objects,
    books_of_shoppers,
    report,
)
from simulators.demo.hub import HubFigures
from simulators.demo.world import Purchase

OPENING = Books({"mirror": 0, "shelf": 0}, {}, {"scarf": 3, "coffee": 5}, 4)
EVENING = Books({"mirror": 1, "shelf": 1}, {"EUR": 5750}, {"scarf": 2, "coffee": 3}, 9)


def _day(books: Books) -> Day:
    return Day(books, books, msgspec.structs.replace(books, entries=0))


def test_a_day_is_the_difference_between_its_ends() -> None:
    assert report(_day(OPENING), _day(EVENING)) == {
        "sales": {"mirror": 1, "shelf": 1},
        "money": {"EUR": 5750},
        "stock": {"coffee": {"before": 5, "after": 3}, "scarf": {"before": 3, "after": 2}},
        "entries_acked": 5,
        "hub": {
            "sales": {"mirror": 1, "shelf": 1},
            "money": {"EUR": 5750},
            "stock": {"coffee": {"before": 5, "after": 3}, "scarf": {"before": 3, "after": 2}},
            "entries_acked": 5,
        },
        "equal": True,
        "shopper": {"sales": {"mirror": 1, "shelf": 1}, "money": {"EUR": 5750}},
    }


WRONG = [
    {"sales": {"mirror": 1, "shelf": 2}},
    {"money": {"EUR": 5749}},
    {"money": {"EUR": 5750, "CHF": 1}},
    {"stock": {"scarf": 2, "coffee": 4}},
    {"stock": {"scarf": 2}},
]


@pytest.mark.parametrize("party", ["objects", "hub", "shoppers"])
@pytest.mark.parametrize("wrong", WRONG)
def test_one_cent_one_unit_or_one_sale_is_a_difference(wrong: dict[str, dict[str, int]], party: str) -> None:
    end = _day(EVENING)
    other = msgspec.structs.replace(getattr(end, party), **wrong)
    assert not report(_day(OPENING), msgspec.structs.replace(end, **{party: other}))["equal"]


def test_an_entry_that_the_hub_lacks_is_a_difference() -> None:
    end = _day(EVENING)
    hub = msgspec.structs.replace(end.hub, entries=8)
    assert not report(_day(OPENING), msgspec.structs.replace(end, hub=hub))["equal"]


def test_an_object_owns_what_was_delivered_less_what_all_of_them_sold() -> None:
    ledgers = [
        LedgerFigures("mirror", "e1", 7, 6, 2, {"EUR": 6900}, {"scarf": 2}),
        LedgerFigures("shelf", "e2", 5, 5, 1, {"EUR": 990, "CHF": 5}, {"coffee": 1, "scarf": 1}),
    ]
    assert books_of_objects(ledgers, {"scarf": 5, "coffee": 1, "hat": 2}) == Books(
        {"mirror": 2, "shelf": 1}, {"EUR": 7890, "CHF": 5}, {"scarf": 2, "coffee": 0, "hat": 2}, 11
    )


def test_an_object_that_the_hub_has_not_heard_of_has_sold_nothing() -> None:
    figures = HubFigures({"mirror": 2}, {"EUR": 6900}, {"scarf": 1}, {"mirror": 6}, 6)
    assert books_of_hub(figures, ["mirror", "shelf"]).sales == {"mirror": 2, "shelf": 0}


def test_shoppers_add_up_the_prices_that_they_saw() -> None:
    purchases = [
        Purchase("mirror", ("a",), 3450, "EUR"),
        Purchase("mirror", ("b",), 3450, "EUR"),
        Purchase("shelf", ("c", "d"), 5, "CHF"),
    ]
    assert books_of_shoppers(purchases, {"scarf": 1}, ["mirror", "shelf"]) == Books(
        {"mirror": 2, "shelf": 1}, {"EUR": 6900, "CHF": 5}, {"scarf": 1}
    )
