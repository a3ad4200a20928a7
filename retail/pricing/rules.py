"""What a basket costs: lines, discounts, taxes and total, from nothing but what is handed in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from retail.pricing.basket import (
    LINES_MAX,
    UNITS_MAX,
    Basket,
    BasketError,
    BasketLine,
    EmptyBasketError,
    Measured,
    Member,
    Moment,
    PackPriceError,
    RecalledGoodsError,
    UnitsError,
    UnknownGoodsError,
    WeightError,
)
from retail.pricing.book import Prices, Product
from retail.pricing.check import PRICE_MINOR_MAX
from retail.pricing.promotions import Promotion, Promotions
from retail.pricing.reasons import MEMBER_PRICE, member_price_words, words_in
from retail.pricing.result import Discount, Priced, PricedLine, PricedTax, Used
from retail.pricing.rivals import coupons_of, rivals
from retail.pricing.search import Application, Found, best
from retail.pricing.slots import KILOGRAM_MG, Slot, slots
from retail.pricing.taxes import RATE_ONE_BP, cash_rounding_minor, included_tax_minor, tax_table
from retail.units import Money, half_up

__all__ = [
    "KILOGRAM_MG",
    "LINES_MAX",
    "RATE_ONE_BP",
    "UNITS_MAX",
    "BasketError",
    "EmptyBasketError",
    "Measured",
    "PackPriceError",
    "Priced",
    "PricedLine",
    "PricedTax",
    "RecalledGoodsError",
    "UnitsError",
    "UnknownGoodsError",
    "WeightError",
    "included_tax_minor",
    "laid_out",
    "price",
    "price_basket",
    "price_of_weight",
    "unit_price",
]

_LONG_AGO: Final = Moment(0)


def price_basket(
    basket: Basket, book: Prices, promotions: Promotions | None, member: Member | None, at: Moment
) -> Priced:
    """What `basket` costs `member` at a moment, with a reason for every amount that is not in the book.

    `book` and `promotions` have been checked (`check.check`, `check_promotions.check_promotions`). Raises
    EmptyBasketError, UnknownGoodsError, UnitsError, WeightError and RecalledGoodsError.
    """
    in_order = slots(basket, book, member)
    found = _found(in_order, promotions, basket, member, at)
    language = basket.language or book.language
    discounts = _discounts(in_order, found.applications, language, book)
    lines = tuple(_line(slot, discounts[place], book, language) for place, slot in enumerate(in_order))
    taxes = tax_table(lines, book)
    added = sum(row.tax_minor for row in taxes) if book.tax_exclusive else 0
    total_minor = sum(line.total_minor for line in lines) + added
    used = _used(found.applications, basket)
    gone = {coupon for each in used for coupon in each.coupons}
    return Priced(
        currency=book.currency,
        language=language,
        lines=lines,
        taxes=taxes,
        total_minor=total_minor,
        discounts=_added_up(lines),
        tax_added_minor=added,
        cash_rounding_minor=cash_rounding_minor(total_minor, book),
        used=used,
        coupons_unused=tuple(sorted({coupon.id for coupon in basket.coupons} - gone)),
        min_age=max(line.min_age for line in lines),
    )


def price(
    basket: Mapping[str, int], book: Prices, language: str, measured: Sequence[Measured] = ()
) -> Priced:
    """What `basket` (GTIN -> units) and `measured` packs cost by `book` alone, names in `language`.

    The order in which the basket was filled changes nothing, and each measured pack keeps its place behind
    it. Raises EmptyBasketError, UnknownGoodsError, UnitsError, WeightError and PackPriceError.
    """
    return price_basket(Basket(laid_out(basket, measured), language=language), book, None, None, _LONG_AGO)


def laid_out(basket: Mapping[str, int], measured: Sequence[Measured]) -> tuple[BasketLine, ...]:
    """Units by GTIN and packs with a price of their own, as the lines of one basket."""
    for pack in measured:
        if not 1 <= pack.price_minor <= PRICE_MINOR_MAX:
            raise PackPriceError(f"expected 1 to {PRICE_MINOR_MAX} minor units, got {pack.price_minor}")
    return (
        *(BasketLine(gtin, units) for gtin, units in basket.items()),
        *(
            BasketLine(pack.gtin, price_minor=pack.price_minor, place=place)
            for place, pack in enumerate(measured, 1)
        ),
    )


def unit_price(product: Product, book: Prices) -> Money | None:
    """The price of a kilogram, rounded half up; None where the book gives no net content."""
    if product.price_per_kg_minor:
        return Money(product.price_per_kg_minor, book.currency)
    if product.net_mg is None:
        return None
    return Money(half_up(product.price_minor * KILOGRAM_MG, product.net_mg), book.currency)


def price_of_weight(product: Product, weight_mg: int, book: Prices) -> Money | None:
    """What `weight_mg` of a product costs, the half upwards; None where the book gives no price by mass.

    It is reckoned from the price of a kilogram as the shopper reads it, and not from a finer one.
    """
    kilogram = unit_price(product, book)
    if kilogram is None:
        return None
    return Money(half_up(kilogram.amount_minor * weight_mg, KILOGRAM_MG), book.currency)


def _found(
    laid_out: Sequence[Slot],
    promotions: Promotions | None,
    basket: Basket,
    member: Member | None,
    at: Moment,
) -> Found:
    if promotions is None:
        return Found((), 0)
    running = rivals(laid_out, promotions, basket, member, at)
    if not any(rival.unsure for rival in running):
        return best(laid_out, running)
    # Settled for the shopper: what may be over counts only where it makes the basket cheaper.
    without = best(laid_out, [rival for rival in running if not rival.unsure])
    return max(without, best(laid_out, running), key=lambda found: found.saved_minor)


def _discounts(
    laid_out: Sequence[Slot], applications: Iterable[Application], language: str, book: Prices
) -> list[list[Discount]]:
    """The discounts of each slot: the member's price first, then promotions in the order of conflicts."""
    found: list[list[Discount]] = [[] for _ in laid_out]
    for place, slot in enumerate(laid_out):
        if slot.base_minor < slot.list_minor:
            words = member_price_words(language, book.language)
            saved_minor = (slot.list_minor - slot.base_minor) * slot.units
            found[place].append(Discount(MEMBER_PRICE, words, slot.units, saved_minor))
    for each in sorted(applications, key=lambda each: (each.rival.level, each.rival.promotion.id)):
        promotion = each.rival.promotion
        words = words_in(promotion.words, language, book.language) or promotion.id
        for take in each.takes:
            if take.saved_minor:
                found[take.place].append(
                    Discount(promotion.id, words, take.units, take.saved_minor, each.rival.unsure)
                )
    return [_merged(discounts) if len(discounts) > 1 else discounts for discounts in found]


def _merged(discounts: Iterable[Discount]) -> list[Discount]:
    """The same discounts, those of one promotion as one; in the order of the first of each."""
    found: dict[str, Discount] = {}
    for each in discounts:
        before = found.get(each.promotion)
        found[each.promotion] = (
            each
            if before is None
            else Discount(
                each.promotion,
                each.words,
                before.units + each.units,
                before.amount_minor + each.amount_minor,
                each.unsure,
            )
        )
    return list(found.values())


def _added_up(lines: Iterable[PricedLine]) -> tuple[Discount, ...]:
    every = _merged(discount for line in lines for discount in line.discounts)
    return tuple(sorted(every, key=lambda discount: discount.promotion))


def _line(slot: Slot, discounts: Sequence[Discount], book: Prices, language: str) -> PricedLine:
    product = slot.product
    saved_minor = sum(discount.amount_minor for discount in discounts)
    return PricedLine(
        gtin=product.gtin,
        name=book.name(product, language),
        units=slot.units,
        price_minor=slot.list_minor,
        total_minor=slot.list_minor * slot.units - saved_minor,
        tax=product.tax,
        weight_mg=slot.weight_mg,
        price_per_kg_minor=product.price_per_kg_minor or None,
        discounts=tuple(discounts),
        min_age=product.min_age or 0,
    )


def _used(applications: Iterable[Application], basket: Basket) -> tuple[Used, ...]:
    uses: dict[str, int] = {}
    promotions: dict[str, Promotion] = {}
    for each in applications:
        promotion = each.rival.promotion
        if promotion.coupon or promotion.capped:
            promotions[promotion.id] = promotion
            whole = promotion.counted == "sale"
            uses[promotion.id] = 1 if whole else uses.get(promotion.id, 0) + each.uses
    return tuple(
        Used(name, count, tuple(coupons_of(promotions[name], basket)[:count]))
        for name, count in sorted(uses.items())
    )
