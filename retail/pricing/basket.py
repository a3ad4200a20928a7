"""What is priced: the goods in the basket, its coupons and leases, the member and the moment."""

from typing import Final

import msgspec

# With the highest price of a book (check.PRICE_MINOR_MAX) these keep every total below 2^53: 10^10 x 1,000 x
# 250 is 2.5 x 10^15. One entry of a journal holds no more than 250 lines.
UNITS_MAX: Final = 1_000
LINES_MAX: Final = 250
# A tonne on the scale, as in a book; at the highest price of a kilogram that is 10^13.
WEIGHT_MG_MAX: Final = 10**9


class BasketError(ValueError):
    """A basket that cannot be priced; its kinds say why."""


class EmptyBasketError(BasketError):
    """Nothing is in the basket."""


class UnknownGoodsError(BasketError):
    """The price book has no such product, so nobody can say what it costs."""


class UnitsError(BasketError):
    """A line of no units, of less than none, or of more than one basket holds; or too many lines."""


class WeightError(BasketError):
    """Goods by weight without a weight, or a weight of goods that are sold by the piece."""


class PackPriceError(BasketError):
    """A pack costs nothing, or more than anything on a shelf."""


class RecalledGoodsError(BasketError):
    """Goods that the maker or the law has called back: they may not be sold."""


class BasketLine(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Goods that were put into the basket, in any order and in as many lines as it took.

    `weight_mg` is the net weight that a scale was steady at; `price_minor` the price that a label of variable
    measure carries for the whole piece, which then stands. `lot` is asked for by recalls alone. Lines of
    another `place` stay apart, and are priced in the order of their places.
    """

    gtin: str
    units: int = 1
    weight_mg: int | None = None
    price_minor: int | None = None
    lot: str | None = None
    place: int = 0


class Measured(msgspec.Struct, frozen=True):
    """One pack that has a price of its own, by the weight or the price on its label.

    `weight_mg` is the weight that its price was reckoned from; None where the label carries the price.
    """

    gtin: str
    price_minor: int
    weight_mg: int | None = None


class Coupon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One coupon that this sale holds the lease of: whoever gave the lease lends `id` to nobody else."""

    id: str
    promotion: str


class Basket(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """All that is in the hand of the shopper, and what the object holds for this sale.

    `leases` is promotion -> how often it may still be used here, for promotions whose uses are capped; one
    that is not named may not be used. `language` is that of the shopper (BCP 47); else the book's own.
    """

    lines: tuple[BasketLine, ...]
    coupons: tuple[Coupon, ...] = ()
    leases: dict[str, int] = {}
    language: str | None = None


class Member(msgspec.Struct, frozen=True):
    """A member as pricing knows them: a level and nothing else."""

    level: str = ""


class Moment(msgspec.Struct, frozen=True):
    """When the basket is priced, and whether that clock can be believed."""

    wall_ms: int
    """Milliseconds since 1970 in UTC."""
    trusted: bool = True
