"""The basket set in order: one slot for all units of the same goods at the same price."""

from typing import Final

import msgspec

from retail.identity.standing import Recall
from retail.pricing.basket import (
    LINES_MAX,
    UNITS_MAX,
    WEIGHT_MG_MAX,
    Basket,
    BasketLine,
    EmptyBasketError,
    Member,
    RecalledGoodsError,
    UnitsError,
    UnknownGoodsError,
    WeightError,
)
from retail.pricing.book import Prices, Product
from retail.pricing.promotions import ANY
from retail.units import Gtin, half_up

KILOGRAM_MG: Final = 1_000_000


class Slot(msgspec.Struct, frozen=True):
    """So many units at one price: `list_minor` each by the book, `base_minor` each for this shopper."""

    product: Product
    units: int
    weight_mg: int | None
    list_minor: int
    base_minor: int


_Key = tuple[int, str, int, int]


def slots(basket: Basket, book: Prices, member: Member | None) -> tuple[Slot, ...]:
    """The basket by place, GTIN, weight and price, so that neither order nor splitting of its lines matters.

    Raises a BasketError.
    """
    if not basket.lines:
        raise EmptyBasketError("expected goods in the basket, got none")
    if (count := len({_distinct(line) for line in basket.lines})) > LINES_MAX:
        raise UnitsError(f"expected at most {LINES_MAX} products in a basket, got {count}")
    units: dict[_Key, int] = {}
    for line in basket.lines:
        key = _key(line, book)
        units[key] = units.get(key, 0) + line.units
    return tuple(_slot(key, count, book, member) for key, count in sorted(units.items()))


def _distinct(line: BasketLine) -> tuple[object, ...]:
    return line.place, line.gtin, line.weight_mg, line.price_minor


def _key(line: BasketLine, book: Prices) -> _Key:
    """What makes two lines the same goods; -1 stands for what the line does not say."""
    if not 1 <= line.units <= UNITS_MAX:
        raise UnitsError(f"expected 1 to {UNITS_MAX} units of {line.gtin}, got {line.units}")
    product = book.by_gtin.get(line.gtin)
    if product is None:
        raise UnknownGoodsError(f"expected a product of {book.site}'s price book, got {line.gtin}")
    _check_recall(line, book)
    if line.weight_mg is None and line.price_minor is None:
        if product.price_per_kg_minor:
            raise WeightError(f"expected a weight or a printed price of {line.gtin}, got none")
        return line.place, line.gtin, -1, -1
    _check_measure(line, product)
    return (
        line.place,
        line.gtin,
        -1 if line.weight_mg is None else line.weight_mg,
        -1 if line.price_minor is None else line.price_minor,
    )


def _check_recall(line: BasketLine, book: Prices) -> None:
    # Whether goods whose lot nobody has read may be sold, is for whoever reads their labels to say.
    if not book.recalled:
        return
    lot = Recall(Gtin(line.gtin), lot=line.lot)
    if Recall(Gtin(line.gtin)) in book.recalled or lot in book.recalled:
        raise RecalledGoodsError(f"expected goods that may be sold, got {line.gtin}, which is recalled")


def _check_measure(line: BasketLine, product: Product) -> None:
    if line.weight_mg is not None:
        if not product.price_per_kg_minor and line.price_minor is None:
            raise WeightError(f"expected no weight of {line.gtin}, which is sold by the piece")
        if not 1 <= line.weight_mg <= WEIGHT_MG_MAX:
            raise WeightError(
                f"expected 1 to {WEIGHT_MG_MAX} milligrams of {line.gtin}, got {line.weight_mg}"
            )
    # The price on a label has at most five digits in EAN-13 and six in GS1 DataBar (AI 392n: fifteen).
    if line.price_minor is not None and not 0 <= line.price_minor <= 10**10:
        raise UnitsError(f"expected a printed price of 0 to 10000000000, got {line.price_minor}")


def _slot(key: _Key, units: int, book: Prices, member: Member | None) -> Slot:
    _, gtin, weight, printed = key
    if units > UNITS_MAX:
        raise UnitsError(f"expected at most {UNITS_MAX} units of {gtin}, got {units}")
    product = book.by_gtin[gtin]
    weight_mg = None if weight < 0 else weight
    if printed >= 0:  # The label is the price: a member's own price of a kilogram cannot be told from it.
        return Slot(product, units, weight_mg, printed, printed)
    each = product.price_per_kg_minor or product.price_minor
    list_minor = measured(each, weight_mg)
    wanted = None if product.no_offers else _member_price(product, member)
    base_minor = list_minor if wanted is None else min(list_minor, measured(wanted, weight_mg))
    return Slot(product, units, weight_mg, list_minor, base_minor)


def measured(price_minor: int, weight_mg: int | None) -> int:
    """A price each as it is; a price of a kilogram times the weight, rounded half up."""
    return price_minor if weight_mg is None else half_up(price_minor * weight_mg, KILOGRAM_MG)


def _member_price(product: Product, member: Member | None) -> int | None:
    prices = product.member_prices
    if member is None or not prices:
        return None
    return min((prices[level] for level in (member.level, ANY) if level in prices), default=None)
