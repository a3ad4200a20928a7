"""A small shop to price by, with words as short as its goods."""

from collections.abc import Mapping
from typing import Any, Final

from retail.pricing.basket import Basket, BasketLine, Coupon, Member, Moment
from retail.pricing.book import Names, PriceBook, Product
from retail.pricing.promotions import Goods, Offer, Promotion, Promotions
from retail.pricing.result import Priced
from retail.pricing.rules import price_basket

SOAP, TEA, CAKE, WINE, NUTS, NOVEL = (f"{number:014d}" for number in range(1, 7))

# Saturday, 21 November 2026, 12:00 in Berlin.
NOON: Final = Moment(1_795_258_800_000)
TAXES: Final = {"standard": 1900, "reduced": 700}


def goods(gtin: str, price_minor: int, tax: str = "standard", **more: Any) -> Product:
    return Product(gtin, {"en": Names(f"Goods {gtin[-1]}")}, price_minor, tax, 0, 0, **more)


PRODUCTS: Final = (
    goods(SOAP, 299, categories=("care",)),
    goods(TEA, 450, "reduced", categories=("drinks",), attributes={"organic": "yes"}),
    goods(CAKE, 380, "reduced", categories=("bakery",)),
    goods(WINE, 1_000, categories=("drinks", "wine"), min_age=16, member_prices={"gold": 900, "*": 950}),
    goods(NUTS, 0, "reduced", categories=("fresh",), price_per_kg_minor=1_990),
    goods(NOVEL, 1_200, "reduced", categories=("books",), no_offers=True),
)


def book(*products: Product, **more: Any) -> PriceBook:
    return PriceBook("corner", "en", more.pop("currency", "EUR"), TAXES, products or PRODUCTS, **more)


def some(*gtins: str) -> Goods:
    return Goods(gtins=gtins)


def offer(name: str, what: Offer, on: Goods | None = None, **more: Any) -> Promotion:
    return Promotion(name, {"en": f"Offer {name}"}, what, on or Goods(), **more)


def bundle(
    *promotions: Promotion, groups: tuple[str, ...] = ("offers",), currency: str = "EUR"
) -> Promotions:
    return Promotions("corner", currency, "Europe/Berlin", promotions, groups)


def paid(
    units: Mapping[str, int],
    *promotions: Promotion,
    groups: tuple[str, ...] = ("offers",),
    member: str | None = None,
    at: Moment = NOON,
    prices: PriceBook | None = None,
    coupons: tuple[Coupon, ...] = (),
    leases: dict[str, int] | None = None,
) -> Priced:
    """What so many units cost under promotions."""
    lines = tuple(BasketLine(gtin, count) for gtin, count in units.items())
    basket = Basket(lines, coupons, leases or {})
    who = None if member is None else Member(member)
    prices = prices or book()
    return price_basket(basket, prices, bundle(*promotions, groups=groups, currency=prices.currency), who, at)


def saved(priced: Priced) -> dict[str, int]:
    """Promotion -> what it saved."""
    return {discount.promotion: discount.amount_minor for discount in priced.discounts}
