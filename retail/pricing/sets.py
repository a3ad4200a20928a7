"""What a promotion takes and saves: one set of units, made of those that are still free."""

from collections.abc import Iterator, Sequence
from itertools import chain, combinations_with_replacement, product
from math import comb, prod
from typing import Final

import msgspec

from retail.pricing.promotions import (
    Amount,
    Bundle,
    BuyAndGet,
    FixedPrice,
    NthCheaper,
    Offer,
    Percent,
    SpendAndSave,
)
from retail.pricing.rivals import Rival
from retail.pricing.slots import Slot, measured

# Four kinds of goods for each of two parts, or five for three of a kind: 16, or 35.
CHOICES_MAX: Final = 36

ALL_BP: Final = 10_000
"""All of an amount, in basis points."""

Lots = tuple[tuple[int, int], ...]
"""Units of one slot that are worth the same: (what one still costs, how many), dearest first."""


class Lot(msgspec.Struct, frozen=True, order=True, gc=False):
    """A lot as rivals see it; `other_minor` is what the best single offer would save on each unit."""

    value_minor: int
    place: int
    units: int
    other_minor: int


class Take(msgspec.Struct, frozen=True, order=True, gc=False):
    """So many units of a lot, and what is saved on them together."""

    place: int
    value_minor: int
    units: int
    saved_minor: int


class Set(msgspec.Struct, frozen=True):
    """One application of a promotion; `steps` is how many uses it counts for."""

    takes: tuple[Take, ...]
    saved_minor: int
    net_minor: int
    """What it saves beyond what single offers would have saved on the same units."""
    steps: int = 1


def single_saving(offer: Offer, slot: Slot, value_minor: int) -> int:
    """What an offer on single units saves on one that still costs `value_minor`: from 0 to all of it."""
    match offer:
        case Percent(rate_bp=rate_bp):
            return rated(value_minor, rate_bp)
        case Amount(amount_minor=amount_minor):
            return min(value_minor, measured(amount_minor, slot.weight_mg))
        case FixedPrice(price_minor=price_minor):
            # A label of variable measure without a weight: nobody knows what a kilogram's price makes of it.
            if slot.product.price_per_kg_minor and slot.weight_mg is None:
                return 0
            return max(0, value_minor - measured(price_minor, slot.weight_mg))
        case _:
            raise AssertionError(f"no offer on single units: {offer!r}")


def formed(
    rival: Rival, free: Sequence[Sequence[Lot]], slots: Sequence[Slot], left: int | None, *, thrifty: bool
) -> Set | None:
    """The set that saves most beyond single offers; None where there is none, or it would save nothing.

    `free` are the lots that may fill each part, `left` is how many sets the promotion may still make. A
    `thrifty` saving on a sum leaves the goods that it does not need to others; else it is shared by all.
    """
    match rival.promotion.offer:
        case NthCheaper() as offer:
            made = _nth(offer.n, 1, offer.rate_bp, free[0])
        case BuyAndGet(get_goods=None) as offer:
            made = _nth(offer.buy + offer.get, offer.get, offer.rate_bp, free[0])
        case BuyAndGet() as offer:
            made = _get_beside(offer, free[0], free[1])
        case Bundle() as offer:
            made = _bundle(offer, free)
        case SpendAndSave() as offer:
            made = _pool(offer, free[0], slots, left, thrifty=thrifty)
        case Percent() | Amount() | FixedPrice() as offer:
            made = _one(offer, free[0], slots)
    return made if made is not None and made.saved_minor > 0 else None


def choices(rival: Rival, free: Sequence[Sequence[Lot]]) -> Iterator[Sequence[Sequence[Lot]]]:
    """All free goods; and, where there are few, every choice of just as many as a set takes."""
    yield free
    units = rival.units
    if (
        not units
        or prod([comb(len(part) + n - 1, n) for part, n in zip(free, units, strict=True)]) > CHOICES_MAX
    ):
        return
    for picked in product(*[_multisets(part, n) for part, n in zip(free, units, strict=True)]):
        wanted: dict[tuple[int, int], int] = {}
        for lot, count in chain(*picked):
            key = lot.place, lot.value_minor
            wanted[key] = wanted.get(key, 0) + count
        # Parts may want the same lot: each is shown what all of them want of it, as long as it is there.
        if all(wanted[lot.place, lot.value_minor] <= lot.units for lot, _ in chain(*picked)):
            yield [[_part(lot, wanted[lot.place, lot.value_minor]) for lot, _ in part] for part in picked]


def _multisets(free: Sequence[Lot], units: int) -> list[list[tuple[Lot, int]]]:
    """Every choice of `units` units: lots, and how many of each."""
    chosen = combinations_with_replacement(sorted(free, reverse=True), units)
    return [[(lot, some.count(lot)) for lot in dict.fromkeys(some)] for some in chosen]


def _one(offer: Offer, free: Sequence[Lot], slots: Sequence[Slot]) -> Set | None:
    savings = [single_saving(offer, slots[lot.place], lot.value_minor) for lot in free]
    picked = _best(1, [(saved - lot.other_minor, lot) for saved, lot in zip(savings, free, strict=True)])
    if picked is None:
        return None
    lot = picked[0]
    return _set([(lot, single_saving(offer, slots[lot.place], lot.value_minor))])


def _nth(size: int, cheap: int, rate_bp: int, free: Sequence[Lot]) -> Set | None:
    """Of the dearest `size` units the `cheap` cheapest: sets from the top down save the most in all."""
    picked = []
    full = size - cheap
    for lot in sorted(free, reverse=True):
        taken = min(lot.units, full)
        if taken:
            full -= taken
            picked.append((_part(lot, taken), 0))
        reduced = min(lot.units - taken, cheap)
        if reduced:
            cheap -= reduced
            picked.append((_part(lot, reduced), rated(lot.value_minor, rate_bp) * reduced))
            if not cheap:
                return _set(picked)
    return None


def _get_beside(offer: BuyAndGet, buy: Sequence[Lot], get: Sequence[Lot]) -> Set | None:
    """What one gets are the goods it saves most on; what one buys are those that other offers want least."""
    gotten = _best(offer.get, [(rated(lot.value_minor, offer.rate_bp) - lot.other_minor, lot) for lot in get])
    if gotten is None:
        return None
    left = _without(buy, gotten)
    bought = _best(offer.buy, [(-lot.other_minor - lot.value_minor, lot) for lot in left])
    if bought is None:
        return None
    return _set(
        [(lot, 0) for lot in bought]
        + [(lot, rated(lot.value_minor, offer.rate_bp) * lot.units) for lot in gotten]
    )


def _bundle(offer: Bundle, free: Sequence[Sequence[Lot]]) -> Set | None:
    picked: list[Lot] = []
    # What one has is saved on by its rate, or all of it above a fixed price.
    rate_bp = offer.rate_bp if offer.price_minor is None else ALL_BP
    # The part that the fewest goods can fill chooses first; of equal ones, the first of the promotion.
    for _, part in sorted([(len(lots), place) for place, lots in enumerate(free)]):
        left = _without(free[part], picked)
        found = _best(
            offer.parts[part].units,
            [(rated(lot.value_minor, rate_bp) - lot.other_minor, lot) for lot in left],
        )
        if found is None:
            return None
        picked += found
    whole = sum([lot.value_minor * lot.units for lot in picked])
    if offer.price_minor is not None:
        return _spread(picked, whole - offer.price_minor)
    return _spread(picked, min(whole, offer.save_minor) or rated(whole, offer.rate_bp))


def _pool(
    offer: SpendAndSave, free: Sequence[Lot], slots: Sequence[Slot], left: int | None, *, thrifty: bool
) -> Set | None:
    """The threshold is measured in prices before any promotion, on units that none of its group has."""
    spent = sum([slots[lot.place].base_minor * lot.units for lot in free])
    if not spent or spent < offer.spend_minor:
        return None
    if offer.rate_bp:
        return _spread(free, rated(sum(lot.value_minor * lot.units for lot in free), offer.rate_bp))
    steps = spent // offer.spend_minor if offer.repeats and offer.spend_minor else 1
    steps = steps if left is None else min(steps, left)
    picked = _enough(free, slots, offer.spend_minor * steps, offer.save_minor * steps) if thrifty else free
    made = _spread(picked, min(offer.save_minor * steps, sum(lot.value_minor * lot.units for lot in picked)))
    return Set(made.takes, made.saved_minor, made.net_minor, steps)


def _enough(free: Sequence[Lot], slots: Sequence[Slot], spend_minor: int, save_minor: int) -> Sequence[Lot]:
    """As few goods as reach the threshold and can bear the saving: those that other offers want least."""
    if not spend_minor:
        return free
    picked = []
    wanted = sorted(free, reverse=True)
    if any(lot.other_minor for lot in free):
        wanted.sort(key=_regret)
    for lot in wanted:
        if spend_minor <= 0 and save_minor <= 0:
            break
        base = slots[lot.place].base_minor
        units = max(-(-spend_minor // base) if base else 0, -(-save_minor // (lot.value_minor or 1)))
        units = max(1, min(lot.units, units))
        picked.append(_part(lot, units))
        spend_minor -= base * units
        save_minor -= lot.value_minor * units
    return picked


def _regret(lot: Lot) -> int:
    """What other offers would take off the lot, in basis points."""
    return lot.other_minor * ALL_BP // (lot.value_minor or 1)


def rated(value_minor: int, rate_bp: int) -> int:
    """So many basis points of an amount, the half upwards: `units.half_up` for the one divisor used most."""
    return (value_minor * rate_bp + ALL_BP // 2) // ALL_BP


def _part(lot: Lot, units: int) -> Lot:
    if lot.units == units:
        return lot
    return Lot(lot.value_minor, lot.place, units, lot.other_minor)


def _best(units: int, scored: list[tuple[int, Lot]]) -> list[Lot] | None:
    """The `units` units of the highest score, the dearer first among equals; None where there are fewer."""
    if units == 1 and scored:
        return [_part(max(scored)[1], 1)]
    picked = []
    for _, lot in sorted(scored, reverse=True):
        taken = min(units, lot.units)
        picked.append(_part(lot, taken))
        units -= taken
        if not units:
            return picked
    return None


def _without(free: Sequence[Lot], picked: Sequence[Lot]) -> Sequence[Lot]:
    if not picked:
        return free
    gone: dict[tuple[int, int], int] = {}
    for lot in picked:
        key = lot.place, lot.value_minor
        gone[key] = gone.get(key, 0) + lot.units
    left = [(lot, lot.units - gone.get((lot.place, lot.value_minor), 0)) for lot in free]
    return [_part(lot, units) for lot, units in left if units > 0]


def _spread(picked: Sequence[Lot], saved_minor: int) -> Set:
    """A saving on all of `picked`, shared by what each still costs, the rest by the largest remainders."""
    whole = sum([lot.value_minor * lot.units for lot in picked])
    if saved_minor <= 0 or not whole:
        return Set((), 0, 0)
    parts = [saved_minor * lot.value_minor * lot.units for lot in picked]
    shares = [part // whole for part in parts]
    over = saved_minor - sum(shares)
    if over:
        rests = sorted([(-(part % whole), place) for place, part in enumerate(parts)])
        for _, place in rests[:over]:
            shares[place] += 1
    return _set([*zip(picked, shares, strict=True)])


def _set(picked: Sequence[tuple[Lot, int]]) -> Set:
    takes, saved_minor, other_minor = [], 0, 0
    for lot, saved in picked:
        takes.append(Take(lot.place, lot.value_minor, lot.units, saved))
        saved_minor += saved
        other_minor += lot.other_minor * lot.units
    return Set(tuple(takes), saved_minor, saved_minor - other_minor)
