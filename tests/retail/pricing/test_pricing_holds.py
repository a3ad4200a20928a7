"""What holds of every basket under every bundle: nothing hangs on order, and everything adds up."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from retail.pricing.basket import Basket, BasketLine, Coupon, Member, Moment
from retail.pricing.book import PriceBook
from retail.pricing.check_promotions import check_promotions
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
    Promotion,
    Promotions,
    SpendAndSave,
    When,
)
from retail.pricing.result import Priced, lost
from retail.pricing.rules import price_basket
from tests.retail.pricing.shop import CAKE, NOVEL, NUTS, PRODUCTS, SOAP, TEA, WINE, book, bundle

GTINS = (SOAP, TEA, CAKE, WINE, NOVEL)
GROUPS = ("label", "sets", "basket")
CATEGORIES = ("care", "drinks", "bakery", "wine", "fresh", "books")

rates, amounts, few = st.integers(1, 10_000), st.integers(1, 2_000), st.integers(1, 3)
chosen: st.SearchStrategy[Goods] = st.one_of(
    st.just(Goods()),
    st.builds(
        lambda gtins: Goods(gtins=tuple(gtins)), st.lists(st.sampled_from(GTINS), min_size=1, max_size=3)
    ),
    st.builds(lambda one: Goods(categories=(one,)), st.sampled_from(CATEGORIES)),
)
parts = st.lists(st.builds(Part, chosen, few), min_size=1, max_size=3).map(tuple)
bundles: st.SearchStrategy[Offer] = st.one_of(
    st.builds(lambda some, price: Bundle(some, price_minor=price), parts, amounts),
    st.builds(lambda some, rate: Bundle(some, rate_bp=rate), parts, rates),
    st.builds(lambda some, save: Bundle(some, save_minor=save), parts, amounts),
)
others: st.SearchStrategy[Offer] = st.one_of(
    st.builds(Percent, rates),
    st.builds(Amount, amounts),
    st.builds(FixedPrice, amounts),
    st.builds(lambda spend, save: SpendAndSave(spend, save_minor=save, repeats=True), amounts, amounts),
    st.builds(lambda spend, rate: SpendAndSave(spend, rate_bp=rate), amounts, rates),
    st.builds(BuyAndGet, few, few, rates, st.none() | chosen),
    st.builds(NthCheaper, st.integers(2, 4), rates),
)
whens = st.none() | st.builds(When, weekdays=st.sets(st.integers(1, 7)).map(lambda days: tuple(sorted(days))))


@st.composite
def promotion_bundles(draw: st.DrawFn) -> Promotions:
    made = [draw(promotions(number)) for number in range(draw(st.integers(0, 6)))]
    return bundle(*made, groups=GROUPS)


@st.composite
def promotions(draw: st.DrawFn, number: int) -> Promotion:
    what = draw(bundles | others)
    return Promotion(
        f"p{number}",
        {"en": f"Offer {number}"},
        what,
        Goods() if isinstance(what, Bundle) else draw(chosen),
        draw(whens),
        draw(st.sampled_from(((), ("gold",), ("*",)))),
        draw(st.sampled_from(GROUPS)),
        draw(st.integers(0, 1)),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.sampled_from(("sale", "set"))),
        draw(st.none() | few),
    )


piece = st.builds(BasketLine, st.sampled_from(GTINS), st.integers(1, 4))
weighed = st.builds(lambda mg: BasketLine(NUTS, weight_mg=mg), st.integers(1, 2_000_000))
lines = st.lists(piece | weighed, min_size=1, max_size=6)
cases = st.fixed_dictionaries(
    {
        "lines": lines,
        "promotions": promotion_bundles(),
        "member": st.none() | st.builds(Member, st.sampled_from(("", "gold", "silver"))),
        "at": st.builds(Moment, st.integers(0, 4 * 10**12), st.booleans()),
        "coupons": st.lists(
            st.builds(Coupon, st.sampled_from("abc"), st.sampled_from(("p0", "p1", "p2"))), max_size=3
        ).map(tuple),
        "leases": st.dictionaries(st.sampled_from(("p0", "p1", "p2")), st.integers(0, 3)),
        "exclusive": st.booleans(),
    }
)
Case = dict[str, Any]


def shop(case: Case) -> PriceBook:
    return book(*PRODUCTS, **({"tax_exclusive": True, "tax_rounding": "line"} if case["exclusive"] else {}))


def priced(case: Case, some: list[BasketLine]) -> Priced:
    basket = Basket(tuple(some), case["coupons"], case["leases"])
    return price_basket(basket, shop(case), case["promotions"], case["member"], case["at"])


@given(cases, st.randoms(use_true_random=False))
def test_neither_order_nor_splitting_of_lines_changes_a_byte(case: Case, luck: Any) -> None:
    split = [msgspec.structs.replace(line, units=1) for line in case["lines"] for _ in range(line.units)]
    luck.shuffle(split)
    mixed = msgspec.structs.replace(case["promotions"], promotions=case["promotions"].promotions[::-1])
    again = priced({**case, "promotions": mixed, "coupons": case["coupons"][::-1]}, split)
    assert msgspec.json.encode(again) == msgspec.json.encode(priced(case, case["lines"]))


@given(cases)
def test_nothing_is_negative_and_everything_adds_up(case: Case) -> None:
    assert check_promotions(case["promotions"]) == []
    found = priced(case, case["lines"])
    for line in found.lines:
        assert line.total_minor >= 0
        assert all(discount.amount_minor > 0 for discount in line.discounts)
        off = sum(discount.amount_minor for discount in line.discounts)
        assert line.total_minor == line.price_minor * line.units - off
    assert found.total_minor == sum(line.total_minor for line in found.lines) + found.tax_added_minor
    assert sum(row.gross_minor for row in found.taxes) == found.total_minor
    assert sum(each.amount_minor for each in found.discounts) == sum(
        line.price_minor * line.units - line.total_minor for line in found.lines
    )


@given(cases)
def test_every_unit_takes_one_offer_of_a_group_at_most_and_an_exclusive_one_alone(case: Case) -> None:
    found = priced(case, case["lines"])
    offers = {promotion.id: promotion for promotion in case["promotions"].promotions}
    for line in found.lines:
        told = [(offers[each.promotion], each.units) for each in line.discounts if each.promotion in offers]
        alone = sum(units for promotion, units in told if promotion.exclusive)
        for group in GROUPS:
            units = sum(
                units for promotion, units in told if promotion.group == group and not promotion.exclusive
            )
            assert units + alone <= line.units


@given(cases)
def test_what_is_used_was_held_and_no_cap_is_passed(case: Case) -> None:
    found = priced(case, case["lines"])
    offers = {promotion.id: promotion for promotion in case["promotions"].promotions}
    reasons = {discount.promotion for discount in found.discounts}
    assert {each.promotion for each in found.used} == {
        name for name in reasons & offers.keys() if offers[name].coupon or offers[name].capped
    }
    for each in found.used:
        held = {coupon.id for coupon in case["coupons"] if coupon.promotion == each.promotion}
        assert each.uses >= 1
        if offers[each.promotion].capped:
            assert each.uses <= case["leases"].get(each.promotion, 0)
        if offers[each.promotion].coupon:
            assert len(each.coupons) == each.uses
            assert set(each.coupons) <= held


@given(cases)
def test_taking_goods_out_makes_a_basket_dearer_only_for_reasons_that_are_told(case: Case) -> None:
    whole = priced(case, case["lines"])
    for place in range(len(case["lines"])):
        rest = case["lines"][:place] + case["lines"][place + 1 :]
        if rest:
            less = priced(case, rest)
            reasons = lost(whole, less)
            dearer = less.total_minor - less.tax_added_minor - whole.total_minor + whole.tax_added_minor
            assert dearer <= 0 or sum(each.amount_minor for each in reasons) >= dearer


@given(cases)
def test_no_promotion_makes_a_basket_dearer(case: Case) -> None:
    plain = priced({**case, "promotions": bundle(groups=GROUPS)}, case["lines"])
    assert priced(case, case["lines"]).total_minor <= plain.total_minor
