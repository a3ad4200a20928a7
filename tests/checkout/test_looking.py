"""A shopper looks at another size of what they hold: all that is shown is that size, and the bill stays."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from edge.checkout.catalogue import Catalogue
from edge.checkout.state import Answer, Looked, Stage, Tap
from edge.checkout.supply import Supply
from edge.checkout.till import Till
from edge.events import Left, Presented
from retail.identity.gtin import completed
from retail.identity.standing import Recall
from retail.pricing.book import Names, PriceBook, Product, Version
from retail.units import Gtin, Money
from tests.checkout.till_hand import Hand, item

Hands = Callable[[str], Hand]

M, L, XL, M_OAT, SCARF, SOCKS = (completed(952000100110 + number) for number in range(6))


def shirt(gtin: Gtin, size: str, colour: str = "ink", **more: Any) -> Product:
    words = {"en": Names(f"Shirt {size} {colour}"), "de": Names(f"Hemd {size} {colour}")}
    said = {"size": size, "colour": colour, "colour.de": f"{colour} (de)"}
    return Product(gtin, words, 5990, "standard", 0, 0, model="shirt", attributes=said, **more)


def other(gtin: Gtin, name: str, **more: Any) -> Product:
    return Product(gtin, {"en": Names(name), "de": Names(name)}, 1990, "standard", 0, 0, **more)


def book(*recalls: Recall) -> PriceBook:
    products = (
        shirt(XL, "XL"),
        shirt(L, "L", member_prices={"*": 4990}, goes_with=(M,)),
        shirt(M, "M", goes_with=("00000000000000", SOCKS, SCARF, L)),
        shirt(M_OAT, "M", "oat"),
        other(SCARF, "Scarf", attributes={"place": "Rail 3", "place.de": "Stange 3"}),
        other(SOCKS, "Socks", allergens=("AM",), min_age=18, no_offers=True, member_prices={"*": 990}),
    )
    return PriceBook("corner", "en", "EUR", {"standard": 1900}, products, recalls=recalls)


def tap(till: Till, what: Tap, value: str | None = None) -> Answer:
    return asyncio.run(till.tap(what, till.state.number, value))


@pytest.fixture
def till(hands: Hands) -> Till:
    till = hands("mirror").till()
    till.use(Catalogue(book(), Version(1, 1)))
    till.link(up=True)
    till.delivered({M: 3, L: 2, XL: 0})
    till.hear(Presented(item(M, 1)))
    return till


def looked(till: Till) -> Looked:
    assert till.state.looked is not None
    return till.state.looked


def test_what_is_held_is_in_sight_with_the_sizes_of_its_colour_in_the_order_of_a_rail(till: Till) -> None:
    seen = looked(till)
    assert (seen.goods.gtin, seen.is_held, seen.held_size) == (M, True, {"en": "M"})
    assert [(each.code, each.here, each.chosen) for each in seen.sizes] == [
        ("M", True, True),
        ("L", True, False),
        ("XL", False, False),
    ]
    assert [(each.names, each.chosen) for each in seen.colours] == [
        ({"en": "ink", "de": "ink (de)"}, True),
        ({"en": "oat", "de": "oat (de)"}, False),
    ]


def test_another_size_is_looked_at_and_what_is_held_stays_on_the_bill(till: Till) -> None:
    number = till.state.number
    assert tap(till, Tap.SIZE, "L") is Answer.ACCEPTED
    assert (looked(till).goods.gtin, looked(till).is_held) == (L, False)
    assert looked(till).goods.member_price == Money(4990, "EUR")
    assert [line.goods.gtin for line in till.state.lines] == [M]
    assert till.state.number > number, "a tap painted before means another button"
    assert tap(till, Tap.BUY) is Answer.REFUSED
    assert tap(till, Tap.BACK) is Answer.ACCEPTED
    assert looked(till).is_held


def test_another_colour_keeps_the_size_where_it_comes_in_it(till: Till) -> None:
    tap(till, Tap.COLOUR, "oat")
    assert looked(till).goods.gtin == M_OAT
    assert [each.code for each in looked(till).colours if each.chosen] == ["oat"]
    tap(till, Tap.SIZE, "XL")
    assert looked(till).goods.gtin == XL, "there is none in oat"


@pytest.mark.parametrize(
    ("what", "value"), [(Tap.SIZE, "S"), (Tap.SIZE, None), (Tap.COLOUR, ""), (Tap.BACK, None)]
)
def test_what_is_no_choice_is_refused(till: Till, what: Tap, value: str | None) -> None:
    assert tap(till, what, value) is Answer.REFUSED
    assert looked(till).is_held


def test_whoever_comes_next_sees_what_they_hold(till: Till) -> None:
    tap(till, Tap.SIZE, "L")
    till.hear(Left(item(M, 1)))
    assert (till.state.stage, till.state.looked) == (Stage.IDLE, None)
    till.hear(Presented(item(M, 1)))
    assert looked(till).is_held


def test_what_has_no_size_among_those_that_have_is_looked_at(hands: Hands) -> None:
    plain = Product(M, {"en": Names("Shirt")}, 5990, "standard", 0, 0, model="shirt")
    products = (plain, *(each for each in book().products if each.gtin in {L, XL}))
    till = hands("mirror").till()
    till.use(Catalogue(PriceBook("corner", "en", "EUR", {"standard": 1900}, products), Version(1, 1)))
    till.hear(Presented(item(M, 1)))
    assert [(each.code, each.chosen) for each in looked(till).sizes] == [("L", False), ("XL", False)]
    assert tap(till, Tap.SIZE, "XL") is Answer.ACCEPTED
    assert looked(till).goods.gtin == XL


def test_of_two_items_none_is_looked_at(till: Till) -> None:
    tap(till, Tap.SIZE, "L")
    till.hear(Presented(item(SCARF, 1)))
    assert till.state.looked is None
    assert len(till.state.lines) == 2


def test_offline_nobody_says_which_size_is_here(till: Till) -> None:
    till.link(up=False)
    assert {each.here for each in (*looked(till).sizes, *looked(till).colours)} == {None}
    assert tap(till, Tap.SIZE, "XL") is Answer.ACCEPTED
    assert looked(till).goods.here is None


@pytest.mark.parametrize(
    ("minutes", "online", "expected"),
    [(0, True, (2, 9)), (15, True, (2, 9)), (16, True, None), (0, False, None)],
)
def test_what_lies_elsewhere_is_said_while_the_hub_vouches_for_it(
    hands: Hands, minutes: int, online: bool, expected: tuple[int, int] | None
) -> None:
    hand = hands("mirror")
    till = hand.till()
    till.use(Catalogue(book(), Version(1, 1)))
    till.link(up=online)
    till.supplied(Supply(hand.wall_ms(), {L: 2}, {L: 9}))
    hand.pass_seconds(minutes * 60)
    till.hear(Presented(item(M, 1)))
    tap(till, Tap.SIZE, "L")
    goods = looked(till).goods
    assert (goods.shop, goods.elsewhere) == (expected or (None, None))


def test_what_goes_with_it_is_sold_here_fit_for_sale_and_not_in_the_hand(till: Till) -> None:
    assert [each.gtin for each in looked(till).goes_with] == [SOCKS, SCARF]
    assert looked(till).goes_with[1].place == {"en": "Rail 3", "de": "Stange 3"}
    till.use(Catalogue(book(Recall(SOCKS)), Version(1, 2)))
    till.hear(Left(item(M, 1)))
    till.tick()
    till.hear(Presented(item(M, 1)))
    assert [each.gtin for each in looked(till).goes_with] == [SCARF, L]


def test_what_the_law_prices_has_no_price_for_members(till: Till) -> None:
    socks = looked(till).goes_with[0]
    assert (socks.member_price, socks.allergens, socks.min_age) == (None, ("AM",), 18)


def test_of_many_sizes_those_around_the_one_in_the_hand_are_shown(hands: Hands) -> None:
    gtins = [completed(952000100200 + number) for number in range(12)]
    products = tuple(shirt(gtin, f"{36 + number}") for number, gtin in enumerate(gtins))
    till = hands("mirror").till()
    till.use(Catalogue(PriceBook("corner", "en", "EUR", {"standard": 1900}, products), Version(1, 1)))
    till.hear(Presented(item(gtins[11], 1)))
    assert [each.code for each in looked(till).sizes] == ["42", "43", "44", "45", "46", "47"]
    assert looked(till).colours == ()
