"""Which offers meet on the same goods: groups add up, priority goes first, exclusive ones stay alone."""

from retail.pricing.promotions import Amount, Bundle, BuyAndGet, Goods, Part, Percent, SpendAndSave
from tests.retail.pricing.shop import CAKE, SOAP, TEA, offer, paid, saved, some

TWO = ("label", "basket")


def test_of_two_offers_of_one_group_a_unit_takes_the_better() -> None:
    assert saved(paid({SOAP: 1}, offer("a", Percent(1_000)), offer("b", Amount(40)))) == {"b": 40}


def test_offers_of_two_groups_add_up_and_the_second_acts_on_what_is_left() -> None:
    half, tenth = offer("a", Percent(5_000), group="label"), offer("b", Percent(1_000), group="basket")
    assert saved(paid({TEA: 1}, half, tenth, groups=TWO)) == {"a": 225, "b": 23}


def test_the_higher_priority_takes_its_goods_first_even_if_it_saves_less() -> None:
    low, high = offer("low", Percent(5_000)), offer("high", Percent(1_000), priority=1)
    assert saved(paid({TEA: 1}, low, high)) == {"high": 45}


def test_goods_that_the_higher_priority_leaves_go_to_the_lower() -> None:
    third, tenth = offer("third", BuyAndGet(2, 1), priority=1), offer("tenth", Percent(1_000))
    assert saved(paid({SOAP: 4}, third, tenth)) == {"third": 299, "tenth": 30}


def test_goods_that_take_an_exclusive_offer_take_nothing_else() -> None:
    alone = offer("alone", Percent(3_000), some(TEA), exclusive=True)
    tenth, coupon = (
        offer("tenth", Percent(1_000), group="label"),
        offer("sum", Percent(500), group="basket"),
    )
    assert saved(paid({TEA: 1, SOAP: 1}, alone, tenth, coupon, groups=TWO)) == {
        "alone": 135,
        "tenth": 30,
        "sum": 13,
    }


def test_an_exclusive_offer_is_not_taken_where_the_others_save_more_together() -> None:
    alone = offer("alone", Percent(2_000), exclusive=True)
    label, basket = (
        offer("label", Percent(1_500), group="label"),
        offer("basket", Percent(1_000), group="basket"),
    )
    assert saved(paid({TEA: 1}, alone, label, basket, groups=TWO)) == {"label": 68, "basket": 38}


def test_an_exclusive_offer_is_not_taken_where_it_costs_a_saving_on_the_whole_basket() -> None:
    alone = offer("alone", Percent(2_000), some(TEA), exclusive=True)
    whole = offer("whole", SpendAndSave(700, save_minor=200))
    assert saved(paid({TEA: 1, SOAP: 1}, alone, whole)) == {"whole": 200}


def test_the_best_combination_is_found_where_taking_the_best_offer_first_is_not() -> None:
    # The bundle saves the most at once, and leaves two goods with nothing.
    bundle_ = offer("both", Bundle((Part(some(TEA)), Part(some(CAKE))), save_minor=200))
    tea, cake = offer("tea", Amount(150), some(TEA)), offer("cake", Amount(120), some(CAKE))
    assert saved(paid({TEA: 1, CAKE: 1}, bundle_, tea, cake)) == {"tea": 150, "cake": 120}


def test_a_saving_on_a_sum_leaves_the_goods_that_it_does_not_need_to_other_offers() -> None:
    whole = offer("whole", SpendAndSave(450, save_minor=100))
    assert saved(paid({TEA: 1, SOAP: 1}, whole, offer("soap", Percent(5_000), some(SOAP)))) == {
        "whole": 100,
        "soap": 150,
    }


def test_a_sum_is_reached_by_prices_before_any_promotion() -> None:
    label = offer("label", Percent(5_000), group="label")
    whole = offer("whole", SpendAndSave(450, save_minor=100), group="basket")
    assert saved(paid({TEA: 1}, label, whole, groups=TWO)) == {"label": 225, "whole": 100}


def test_among_equals_the_first_id_wins() -> None:
    assert saved(paid({TEA: 1}, offer("b", Percent(1_000)), offer("a", Amount(45)))) == {"a": 45}


def test_no_combination_goes_below_nothing() -> None:
    everything = [offer(name, Amount(400), Goods(), group=name) for name in ("label", "basket", "more")]
    priced = paid({TEA: 1}, *everything, groups=("label", "basket", "more"))
    assert (priced.total_minor, saved(priced)) == (0, {"label": 400, "basket": 50})
