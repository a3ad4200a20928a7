"""Every kind of offer takes off what its words say, from the goods that it speaks of, with its reason."""

import pytest

from retail.pricing.promotions import (
    Amount,
    Bundle,
    BuyAndGet,
    FixedPrice,
    Goods,
    NthCheaper,
    Offer,
    Part,
    Percent,
    SpendAndSave,
)
from retail.pricing.result import Discount
from tests.retail.pricing.shop import CAKE, NOVEL, SOAP, TEA, WINE, offer, paid, saved, some

MENU = Bundle((Part(some(TEA)), Part(some(CAKE))), price_minor=700)
DRINKS = Goods(categories=("drinks",))

# Units in the basket, the offer, its goods, and what it saves, worked out by hand.
OFFERS: list[tuple[dict[str, int], Offer, Goods, int]] = [
    ({SOAP: 3}, Percent(1_000), some(SOAP), 90),  # 29.9 a piece: 30, three times
    ({SOAP: 1}, Percent(10_000), some(SOAP), 299),
    ({SOAP: 2, TEA: 1}, Percent(5_000), some(TEA), 225),
    ({SOAP: 2}, Amount(50), some(SOAP), 100),
    ({SOAP: 2}, Amount(999), some(SOAP), 598),  # never below nothing
    ({SOAP: 2}, FixedPrice(199), some(SOAP), 200),
    ({SOAP: 2}, FixedPrice(500), some(SOAP), 0),  # an offer makes nothing dearer
    ({TEA: 2, CAKE: 1}, SpendAndSave(1_200, save_minor=200), Goods(), 200),
    ({TEA: 2}, SpendAndSave(1_200, save_minor=200), Goods(), 0),
    ({TEA: 6}, SpendAndSave(900, save_minor=100, repeats=True), Goods(), 300),
    ({TEA: 6}, SpendAndSave(900, save_minor=100), Goods(), 100),
    ({TEA: 2, SOAP: 1}, SpendAndSave(900, rate_bp=1_000), some(TEA), 90),
    ({SOAP: 1}, SpendAndSave(0, save_minor=500), Goods(), 299),
    ({SOAP: 3}, BuyAndGet(2, 1), some(SOAP), 299),
    ({SOAP: 5}, BuyAndGet(2, 1), some(SOAP), 299),
    ({SOAP: 6}, BuyAndGet(2, 1), some(SOAP), 598),
    ({SOAP: 2}, BuyAndGet(2, 1), some(SOAP), 0),
    ({SOAP: 2, TEA: 1}, BuyAndGet(2, 1), Goods(), 299),  # the cheapest of the set
    ({SOAP: 1, TEA: 2}, BuyAndGet(1, 1, 5_000, get_goods=some(SOAP)), some(TEA), 150),  # 149.5
    ({SOAP: 4}, NthCheaper(2, 5_000), some(SOAP), 300),
    ({SOAP: 1, TEA: 1, CAKE: 1, WINE: 1}, NthCheaper(2, 5_000), Goods(), 375),  # 450 and 299: 225 + 150
    ({TEA: 1, CAKE: 1}, MENU, Goods(), 130),
    ({TEA: 3, CAKE: 2}, MENU, Goods(), 260),
    ({TEA: 3}, MENU, Goods(), 0),
    ({TEA: 1, CAKE: 1}, Bundle(MENU.parts, save_minor=99), Goods(), 99),
    ({TEA: 1, CAKE: 1}, Bundle(MENU.parts, rate_bp=1_000), Goods(), 83),
    ({TEA: 1, CAKE: 1}, Bundle(MENU.parts, price_minor=900), Goods(), 0),
    ({TEA: 1, WINE: 1, SOAP: 1}, Percent(1_000), DRINKS, 145),
    ({TEA: 1, WINE: 1}, Percent(1_000), Goods(categories=("drinks",), except_categories=("wine",)), 45),
    ({TEA: 1, WINE: 1}, Percent(1_000), Goods(attributes={"organic": "yes"}), 45),
    ({TEA: 1, WINE: 1}, Percent(1_000), Goods(except_gtins=(TEA,)), 100),
    ({NOVEL: 1}, Percent(1_000), Goods(), 0),  # the law fixes its price
]


@pytest.mark.parametrize(("units", "what", "on", "saved_minor"), OFFERS)
def test_an_offer_saves_what_its_words_say(
    units: dict[str, int], what: Offer, on: Goods, saved_minor: int
) -> None:
    plain, priced = paid(units), paid(units, offer("o", what, on))
    assert plain.total_minor - priced.total_minor == saved_minor
    assert saved(priced) == ({"o": saved_minor} if saved_minor else {})


def test_what_one_gets_for_nothing_is_the_line_that_says_so() -> None:
    priced = paid({SOAP: 3, TEA: 1}, offer("third", BuyAndGet(2, 1), some(SOAP)))
    soap, tea = priced.lines
    assert (soap.price_minor, soap.total_minor) == (299, 598)
    assert soap.discounts == (Discount("third", "Offer third", 1, 299),)
    assert tea.discounts == ()


def test_what_a_bundle_saves_is_shared_by_what_its_goods_cost() -> None:
    priced = paid({TEA: 1, CAKE: 1}, offer("menu", MENU))
    # 130 x 450 / 830 = 70.48, 130 x 380 / 830 = 59.52: the larger remainder takes the odd cent.
    assert [line.discounts[0].amount_minor for line in priced.lines] == [70, 60]


def test_an_offer_of_so_many_sets_a_sale_makes_no_more() -> None:
    assert saved(paid({SOAP: 6}, offer("o", BuyAndGet(2, 1), sets_max=1))) == {"o": 299}
    assert saved(paid({SOAP: 6}, offer("o", Percent(1_000), sets_max=4))) == {"o": 120}
    assert saved(paid({SOAP: 6}, offer("o", SpendAndSave(500, save_minor=50, repeats=True), sets_max=2))) == {
        "o": 100
    }
