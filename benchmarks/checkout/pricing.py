"""Pricing a basket: 50 lines under 200 promotions, beside the bare sums; in a shop, and in a tangle."""

import random
import time
from collections.abc import Callable
from functools import cache
from typing import Final

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from retail.identity.gtin import completed
from retail.pricing.basket import Basket, BasketLine, Coupon, Member, Moment
from retail.pricing.book import Names, PriceBook, Product
from retail.pricing.promotions import (
    Amount,
    Bundle,
    BuyAndGet,
    FixedPrice,
    Goods,
    Hours,
    NthCheaper,
    Offer,
    Part,
    Percent,
    Promotion,
    Promotions,
    SpendAndSave,
    When,
)
from retail.pricing.result import Priced
from retail.pricing.rules import price_basket
from retail.units import half_up

LINES: Final = 50
PROMOTIONS: Final = 200
# A shop of so many products has one promotion for each; one of fifty has all of them on the basket.
SHOP, TANGLE = 200, 50
# Four products in a category.
CATEGORY: Final = 4
# A shelf label is for one product, a set for a category, a saving for the whole basket.
GROUPS: Final = ("shelf", "sets", "basket")
# Saturday, 21 November 2026, 16:00 in Berlin: a happy hour.
AT: Final = Moment(1_795_273_200_000)
# A sample of a few hundred milliseconds.
BASKETS: Final = 100


@cache
def book(products: int) -> PriceBook:
    """So many products, four in each category."""
    luck = random.Random(50)  # noqa: S311 - prices of a bench, not keys
    made = tuple(
        Product(
            completed(952000100000 + number),
            {"en": Names(f"Goods {number}")},
            luck.randrange(49, 9_999),
            ("standard", "reduced")[number % 2],
            0,
            0,
            categories=(f"c{number // CATEGORY}",),
        )
        for number in range(products)
    )
    return PriceBook("bench", "en", "EUR", {"standard": 1900, "reduced": 700}, made)


@cache
def promotions(products: int) -> Promotions:
    """As a leaflet has them.

    Two thirds are on labels, a third are sets; of both, some are for members or a happy hour, which it is.
    Every fiftieth is for the whole basket, half of those by coupon.
    """
    luck = random.Random(200)  # noqa: S311 - offers of a bench, not keys
    made = tuple(_promotion(luck, number, products) for number in range(PROMOTIONS))
    return Promotions("bench", "EUR", "Europe/Berlin", made, GROUPS)


def _promotion(luck: random.Random, number: int, products: int) -> Promotion:
    name, words = f"p{number:03}", {"en": f"Offer {number}", "de": f"Angebot {number}"}
    happy = When(weekdays=(5, 6), hours=(Hours("15:00", "18:00"),)) if number % 4 == 0 else None
    levels = ("gold",) if number % 6 == 0 else ()
    if number % 50 == 0:
        whole = SpendAndSave(luck.randrange(2, 20) * 1_000, save_minor=luck.randrange(100, 900))
        return Promotion(name, words, whole, group="basket", coupon=number % 100 == 0)
    if number % 3:
        goods = Goods(gtins=(luck.choice(book(products).products).gtin,))
        return Promotion(name, words, _label(luck, number), goods, happy, levels, "shelf")
    # What goes together lies side by side: coffee and cake, shirt and tie.
    beside = luck.randrange(products // CATEGORY // 2) * 2
    one, other = Goods(categories=(f"c{beside}",)), Goods(categories=(f"c{beside + 1}",))
    sets: tuple[tuple[Offer, Goods], ...] = (
        (BuyAndGet(2, 1), one),
        (NthCheaper(2, 5_000), other),
        (Bundle((Part(one), Part(other)), rate_bp=2_000), Goods()),
    )
    offer, goods = sets[number // 3 % 3]
    return Promotion(name, words, offer, goods, happy, levels, "sets")


def _label(luck: random.Random, number: int) -> Offer:
    labels: tuple[Offer, ...] = (
        Percent(luck.randrange(5, 40) * 100),
        Amount(luck.randrange(10, 100)),
        FixedPrice(luck.randrange(49, 5_000)),
    )
    return labels[number // 3 % 3]


@cache
def basket(products: int) -> Basket:
    """One to three of fifty products, and two coupons."""
    luck = random.Random(3)  # noqa: S311 - a basket of a bench, not a key
    chosen = luck.sample(book(products).products, LINES)
    lines = tuple(BasketLine(product.gtin, luck.randrange(1, 4)) for product in chosen)
    return Basket(lines, coupons=(Coupon("k1", "p000"), Coupon("k2", "p100")))


def ours(products: int) -> Priced:
    """One basket, priced."""
    return price_basket(basket(products), book(products), promotions(products), Member("gold"), AT)


def bare(products: int) -> int:
    """What nobody can avoid: each line looked up and multiplied, each promotion looked at, the tax taken."""
    prices = book(products).by_gtin
    total = sum(prices[line.gtin].price_minor * line.units for line in basket(products).lines)
    looked = [one for one in promotions(products).promotions if one.when is None and not one.levels]
    return half_up(total * 1900, 11_900) + len(looked)


def _ms(work: Callable[[int], object], products: int) -> float:
    """Milliseconds of one core's time for one basket: what else runs on the machine takes none of it."""
    began = time.process_time()
    for _ in range(BASKETS):
        work(products)
    return (time.process_time() - began) * 1000 / BASKETS


def _check(products: int) -> None:
    """The basket has its fifty lines, and promotions of each group lower it."""
    priced = ours(products)
    assert len(priced.lines) == LINES
    groups = {one.id: one.group for one in promotions(products).promotions}
    assert {groups[each.promotion] for each in priced.discounts} == set(GROUPS)


BENCHMARKS: Final = (
    Benchmark(
        name="pricing",
        unit="ms CPU",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 2),
        value=lambda: _ms(ours, SHOP),
        ceiling=lambda: _ms(bare, SHOP),
        prepare=lambda _track: _check(SHOP),
    ),
    Benchmark(
        # For information: no leaflet is like this, and the bound of the search is what holds.
        name="pricing-tangle",
        unit="ms CPU",
        goal=None,
        value=lambda: _ms(ours, TANGLE),
        ceiling=lambda: _ms(bare, TANGLE),
        prepare=lambda _track: _check(TANGLE),
    ),
)
