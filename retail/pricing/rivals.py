"""The promotions that speak to this basket: which slots each may take, at which level, and how often."""

from collections.abc import Iterable, Sequence

import msgspec

from retail.pricing.basket import Basket, Member, Moment
from retail.pricing.book import Product
from retail.pricing.calendar import runs, wall
from retail.pricing.promotions import (
    ANY,
    Goods,
    Index,
    Level,
    Promotion,
    Promotions,
    SpendAndSave,
)
from retail.pricing.slots import Slot


class Rival(msgspec.Struct, frozen=True):
    """A promotion that may apply: the slots that it may take, each part of a bundle by itself."""

    promotion: Promotion
    level: Level
    parts: tuple[tuple[int, ...], ...]
    """Of a bundle and of buy-and-get several: the places of slots that may fill each part."""
    units: tuple[int, ...]
    """How many units of each part a set has; none, where it takes as many as there are."""
    sets_max: int | None
    """How many sets it may still make; None is no limit."""
    single: bool
    """It takes each unit by itself, and as many as there are."""
    unsure: bool

    @property
    def is_pool(self) -> bool:
        """Whether it saves on a sum of goods, however many that takes."""
        return isinstance(self.promotion.offer, SpendAndSave)


def rivals(
    slots: Sequence[Slot],
    promotions: Promotions,
    basket: Basket,
    member: Member | None,
    at: Moment,
) -> tuple[Rival, ...]:
    """Every promotion that this basket, this member and this moment let in, in the order of conflicts."""
    index = promotions.index
    found = _Found(slots, index)
    now = wall(at.wall_ms, promotions.timezone) if at.trusted else None
    kept = []
    for place in found.candidates():
        listed = index.listed[place]
        promotion = listed.promotion
        if now is not None and promotion.when is not None and not runs(promotion.when, now):
            continue
        if promotion.levels and not _for_member(promotion, member):
            continue
        sets_max = promotion.sets_max
        if promotion.capped or promotion.coupon:
            sets_max = _sets_max(promotion, basket)
        parts = found.parts(listed.parts)
        if all(parts) and sets_max != 0:
            single = sets_max is None and listed.single
            unsure = now is None and promotion.when is not None
            kept.append(Rival(promotion, listed.level, parts, listed.units, sets_max, single, unsure))
    return tuple(kept)


def _for_member(promotion: Promotion, member: Member | None) -> bool:
    return member is not None and (ANY in promotion.levels or member.level in promotion.levels)


def _sets_max(promotion: Promotion, basket: Basket) -> int | None:
    """The fewest of what the promotion, the lease and the coupons allow; of these a sale needs one use."""
    limit = promotion.sets_max
    for asked, held in (
        (promotion.capped, basket.leases.get(promotion.id, 0)),
        (promotion.coupon, len(coupons_of(promotion, basket))),
    ):
        if asked and (promotion.counted == "set" or held < 1):
            limit = held if limit is None else min(limit, held)
    return limit


def coupons_of(promotion: Promotion, basket: Basket) -> list[str]:
    """The coupons of a promotion, each once, in order."""
    return sorted({coupon.id for coupon in basket.coupons if coupon.promotion == promotion.id})


class _Found:
    """The slots by what promotions name them by: each looks where its goods may be, and nowhere else."""

    def __init__(self, slots: Sequence[Slot], index: Index) -> None:
        self._index = index
        self._by_gtin: dict[str, list[int]] = {}
        self._by_category: dict[str, list[int]] = {}
        self._products = {
            place: slot.product for place, slot in enumerate(slots) if not slot.product.no_offers
        }
        for place, product in self._products.items():
            self._by_gtin.setdefault(product.gtin, []).append(place)
            for category in product.categories or ():
                self._by_category.setdefault(category, []).append(place)

    def candidates(self) -> list[int]:
        """The places of every promotion that names some of these goods, each once, in order."""
        index = self._index
        places = set(index.everywhere)
        for gtin in self._by_gtin:
            places.update(index.by_gtin.get(gtin, ()))
        for category in self._by_category:
            places.update(index.by_category.get(category, ()))
        return sorted(places)

    def parts(self, parts: Iterable[Goods]) -> tuple[tuple[int, ...], ...]:
        """The places that may fill each part, in order; an empty part cannot be filled."""
        return tuple([self._places(goods) for goods in parts])

    def _places(self, goods: Goods) -> tuple[int, ...]:
        named: Iterable[int] = self._products
        if len(goods.categories) == 1 and not goods.gtins:
            named = self._by_category.get(goods.categories[0], ())
        elif len(goods.gtins) == 1 and not goods.categories:
            named = self._by_gtin.get(goods.gtins[0], ())
        elif goods.gtins or goods.categories:
            places = {place for gtin in goods.gtins for place in self._by_gtin.get(gtin, ())}
            places.update(place for one in goods.categories for place in self._by_category.get(one, ()))
            named = sorted(places)
        if not (goods.attributes or goods.except_gtins or goods.except_categories):
            return tuple(named)
        return tuple(place for place in named if _is_left_in(goods, self._products[place]))


def _is_left_in(goods: Goods, product: Product) -> bool:
    if product.gtin in goods.except_gtins:
        return False
    if goods.except_categories and not set(goods.except_categories).isdisjoint(product.categories or ()):
        return False
    attributes = product.attributes or {}
    return all(attributes.get(name) == value for name, value in goods.attributes.items())
