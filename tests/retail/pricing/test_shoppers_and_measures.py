"""Members, coupons, leases, weights, printed prices, ages and recalls: what comes with the shopper."""

import pytest

from retail.identity.standing import Recall
from retail.pricing.basket import (
    Basket,
    BasketLine,
    Coupon,
    RecalledGoodsError,
    UnitsError,
    WeightError,
)
from retail.pricing.book import PriceBook
from retail.pricing.promotions import Amount, BuyAndGet, FixedPrice, Percent, Promotion
from retail.pricing.result import Discount, Priced, Used, lost
from retail.pricing.rules import price_basket, unit_price
from retail.units import Gtin, Money
from tests.retail.pricing.shop import (
    CAKE,
    NOON,
    NUTS,
    SOAP,
    TEA,
    WINE,
    book,
    bundle,
    offer,
    paid,
    saved,
    some,
)


def of(*lines: BasketLine, prices: PriceBook | None = None, offers: tuple[Promotion, ...] = ()) -> Priced:
    return price_basket(Basket(lines), prices or book(), bundle(*offers), None, NOON)


@pytest.mark.parametrize(("level", "price_minor"), [(None, 1_000), ("", 950), ("silver", 950), ("gold", 900)])
def test_a_member_pays_the_price_of_their_level(level: str | None, price_minor: int) -> None:
    assert paid({WINE: 1}, member=level).total_minor == price_minor


def test_a_member_price_is_told_as_a_reason_and_promotions_act_on_it() -> None:
    (line,) = paid({WINE: 2}, offer("o", Percent(1_000)), member="gold").lines
    assert line.price_minor == 1_000
    assert line.discounts == (
        Discount("member-price", "Member price", 2, 200),
        Discount("o", "Offer o", 2, 180),
    )
    assert line.total_minor == 1_620


def test_an_offer_of_a_level_is_for_that_level_alone() -> None:
    gold, anyone = offer("gold", Amount(100), levels=("gold",)), offer("any", Amount(50), levels=("*",))
    assert saved(paid({TEA: 1}, gold, anyone)) == {}
    assert saved(paid({TEA: 1}, gold, anyone, member="silver")) == {"any": 50}
    assert saved(paid({TEA: 1}, gold, anyone, member="gold")) == {"gold": 100}


def test_words_are_in_the_shoppers_language_and_else_in_the_houses() -> None:
    promotion = Promotion("o", {"en": "A tenth off", "de": "Ein Zehntel weniger"}, Percent(1_000))
    words = []
    for language in ("de", "de-AT", "en", "zh-Hans", None):
        basket = Basket((BasketLine(TEA),), language=language)
        words.append(price_basket(basket, book(), bundle(promotion), None, NOON).discounts[0].words)
    german, english = "Ein Zehntel weniger", "A tenth off"
    assert words == [german, german, english, english, english]


def test_a_coupon_is_used_up_and_one_that_saves_nothing_is_not() -> None:
    promotion = offer("five", Amount(50), some(TEA), coupon=True)
    coupons = (Coupon("k2", "five"), Coupon("k1", "five"), Coupon("x", "other"))
    assert saved(paid({TEA: 2}, promotion)) == {}
    priced = paid({TEA: 2}, promotion, coupons=coupons)
    assert saved(priced) == {"five": 100}
    assert priced.used == (Used("five", 1, ("k1",)),)
    assert priced.coupons_unused == ("k2", "x")


def test_a_coupon_for_one_set_pays_for_one_set() -> None:
    promotion = offer("third", BuyAndGet(2, 1), some(SOAP), coupon=True, counted="set")
    priced = paid({SOAP: 9}, promotion, coupons=(Coupon("k1", "third"), Coupon("k2", "third")))
    assert (saved(priced), priced.used) == ({"third": 598}, (Used("third", 2, ("k1", "k2")),))


def test_the_same_coupon_shown_twice_is_one_coupon() -> None:
    promotion = offer("five", Amount(50), some(TEA), coupon=True, counted="set")
    assert saved(paid({TEA: 2}, promotion, coupons=(Coupon("k1", "five"),) * 2)) == {"five": 50}


@pytest.mark.parametrize(("held", "saved_minor", "uses"), [(0, 0, 0), (1, 50, 1), (2, 100, 2), (9, 150, 3)])
def test_a_cap_gives_what_its_lease_holds_and_says_what_was_used(
    held: int, saved_minor: int, uses: int
) -> None:
    first = offer("first", Amount(50), some(TEA), capped=True, counted="set")
    priced = paid({TEA: 3}, first, leases={"first": held})
    assert saved(priced).get("first", 0) == saved_minor
    assert priced.used == ((Used("first", uses),) if uses else ())


def test_a_cap_without_a_lease_may_not_be_used() -> None:
    assert saved(paid({TEA: 3}, offer("first", Amount(50), capped=True))) == {}


@pytest.mark.parametrize(
    ("weight_mg", "total_minor"), [(1_000_000, 1_990), (250_000, 498), (251, 0), (252, 1), (123_456, 246)]
)
def test_goods_by_weight_cost_their_weight_rounded_half_up(weight_mg: int, total_minor: int) -> None:
    (line,) = of(BasketLine(NUTS, weight_mg=weight_mg)).lines
    assert (line.total_minor, line.weight_mg, line.price_per_kg_minor) == (total_minor, weight_mg, 1_990)


def test_an_offer_on_goods_by_weight_is_for_a_kilogram() -> None:
    half_a_kilo = BasketLine(NUTS, weight_mg=500_000)
    assert of(half_a_kilo, offers=(offer("o", Amount(200)),)).total_minor == 895
    assert of(half_a_kilo, offers=(offer("o", FixedPrice(1_500)),)).total_minor == 750


def test_a_printed_price_is_the_price_of_the_piece() -> None:
    priced = of(BasketLine(NUTS, price_minor=345), offers=(offer("tenth", Percent(1_000)),))
    assert (priced.lines[0].price_minor, priced.total_minor) == (345, 310)
    # Without a weight nobody knows what a price of a kilogram would make of it.
    assert of(BasketLine(NUTS, price_minor=345), offers=(offer("o", FixedPrice(1_500)),)).total_minor == 345


def test_two_weights_of_the_same_goods_are_two_lines() -> None:
    lines = of(BasketLine(NUTS, weight_mg=500_000), BasketLine(NUTS, weight_mg=250_000)).lines
    assert [line.weight_mg for line in lines] == [250_000, 500_000]


@pytest.mark.parametrize(
    "line", [BasketLine(NUTS), BasketLine(SOAP, weight_mg=1_000), BasketLine(NUTS, weight_mg=0)]
)
def test_a_weight_that_is_missing_or_means_nothing_is_an_error(line: BasketLine) -> None:
    with pytest.raises(WeightError):
        of(line)


def test_a_printed_price_below_nothing_is_an_error() -> None:
    with pytest.raises(UnitsError):
        of(BasketLine(NUTS, price_minor=-1))


def test_the_price_of_a_kilogram_is_that_of_the_book() -> None:
    assert unit_price(book().by_gtin[NUTS], book()) == Money(1_990, "EUR")


def test_the_least_age_of_a_sale_is_the_highest_of_its_goods() -> None:
    assert [paid(units).min_age for units in ({TEA: 1}, {TEA: 1, WINE: 1})] == [0, 16]


RECALLS = [
    (Recall(Gtin(TEA)), None, True),
    (Recall(Gtin(TEA)), "L1", True),
    (Recall(Gtin(TEA), lot="L1"), "L1", True),
    (Recall(Gtin(TEA), lot="L1"), None, False),  # whoever reads the label says what of it may be sold
    (Recall(Gtin(TEA), lot="L1"), "L2", False),
    (Recall(Gtin(CAKE)), None, False),
]


@pytest.mark.parametrize(("recall", "lot", "refused"), RECALLS)
def test_recalled_goods_have_no_price(recall: Recall, lot: str | None, refused: bool) -> None:
    prices, line = book(recalls=(recall,)), BasketLine(TEA, lot=lot)
    if not refused:
        assert of(line, prices=prices).total_minor == 450
        return
    with pytest.raises(RecalledGoodsError, match=TEA):
        of(line, prices=prices)


def test_who_takes_goods_out_and_pays_more_is_told_which_offer_is_lost() -> None:
    third = offer("third", BuyAndGet(2, 2), some(TEA))
    whole, less = paid({TEA: 4}, third), paid({TEA: 3}, third)
    assert (whole.total_minor, less.total_minor) == (900, 1_350)
    assert lost(whole, less) == (Discount("third", "Offer third", 2, 900),)
