"""The search finds the best of all combinations, as somebody who tries them all does; and it ends."""

import random
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations, permutations

import pytest

from retail.pricing.promotions import Bundle, BuyAndGet, Goods, NthCheaper, Part, Percent, Promotion
from tests.retail.pricing.shop import book, goods, offer, paid, some

GTINS = [f"{number:014d}" for number in range(1, 5)]
Unit = tuple[str, int]


def rounded(part: int, whole: int) -> int:
    return (2 * part + whole) // (2 * whole)


def sets_of(promotion: Promotion, units: Sequence[Unit]) -> Iterator[tuple[tuple[int, ...], int]]:
    """Every set that a promotion can make of these units, and what it saves."""

    def fits(on: Goods) -> list[int]:
        return [place for place, (gtin, _) in enumerate(units) if not on.gtins or gtin in on.gtins]

    match promotion.offer:
        case Percent(rate_bp=rate):
            for place in fits(promotion.goods):
                yield (place,), rounded(units[place][1] * rate, 10_000)
        case NthCheaper(n=n, rate_bp=rate):
            for chosen in combinations(fits(promotion.goods), n):
                yield chosen, rounded(min(units[place][1] for place in chosen) * rate, 10_000)
        case BuyAndGet(buy=buy, get=get):
            for chosen in combinations(fits(promotion.goods), buy + get):
                yield chosen, sum(sorted(units[place][1] for place in chosen)[:get])
        case Bundle(parts=(one, other), price_minor=int(price_minor)):
            for pair in permutations(range(len(units)), 2):
                if pair[0] in fits(one.goods) and pair[1] in fits(other.goods):
                    yield pair, units[pair[0]][1] + units[pair[1]][1] - price_minor
        case other_offer:
            raise AssertionError(f"not among those that are tried: {other_offer}")


def most(units: Sequence[Unit], promotions: Sequence[Promotion]) -> int:
    """What the best combination saves, by trying them all: each unit in one set at most."""
    worth: dict[int, int] = {}
    for promotion in promotions:
        for chosen, saved_minor in sets_of(promotion, units):
            mask = sum(1 << place for place in chosen)
            worth[mask] = max(worth.get(mask, 0), saved_minor)

    @cache
    def of(free: int) -> int:
        if not free:
            return 0
        first = free & -free
        taken = (
            saved_minor + of(free & ~mask)
            for mask, saved_minor in worth.items()
            if first & mask and mask & free == mask
        )
        return max(of(free & ~first), *taken, 0)

    return of((1 << len(units)) - 1)


def some_goods(luck: random.Random) -> Goods:
    return some(*luck.sample(GTINS, luck.randrange(1, 4)))


def some_offer(luck: random.Random, number: int) -> Promotion:
    pair = Bundle((Part(some_goods(luck)), Part(some_goods(luck))), price_minor=luck.randrange(10, 350))
    what = luck.choice(
        (
            Percent(luck.randrange(1, 9) * 1_000),
            NthCheaper(luck.choice((2, 3)), luck.choice((5_000, 10_000))),
            BuyAndGet(luck.choice((1, 2)), 1),
            pair,
        )
    )
    return offer(f"p{number}", what, Goods() if what is pair else some_goods(luck))


@pytest.mark.parametrize("seed", range(150))
def test_of_a_small_basket_the_best_combination_is_found(seed: int) -> None:
    luck = random.Random(seed)
    prices = {gtin: luck.randrange(1, 30) * 10 + luck.choice((0, 5, 9)) for gtin in GTINS}
    units = {gtin: luck.randrange(1, 4) for gtin in GTINS[: luck.randrange(1, 5)]}
    promotions = [some_offer(luck, number) for number in range(luck.randrange(1, 5))]
    priced = paid(units, *promotions, prices=book(*(goods(*each) for each in prices.items())))
    every = [(gtin, prices[gtin]) for gtin, count in units.items() for _ in range(count)]
    assert sum(price for _, price in every) - priced.total_minor == most(every, promotions)


def test_a_basket_in_which_everything_competes_is_priced_within_the_bound() -> None:
    luck = random.Random(7)
    products = [goods(f"{number:014d}", 100 + number * 7) for number in range(1, 251)]
    everywhere = [
        offer(f"p{number:02}", luck.choice((NthCheaper(3, 5_000), BuyAndGet(2, 1))), priority=number % 3)
        for number in range(40)
    ]
    priced = paid({each.gtin: 4 for each in products}, *everywhere, prices=book(*products))
    # A set of three in which one costs nothing saves at most a third, and the dearest sets nearly that much.
    whole = sum(each.price_minor * 4 for each in products)
    assert whole * 30 // 100 < whole - priced.total_minor <= whole // 3
