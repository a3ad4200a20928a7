"""What a basket costs: lines, discounts with their reasons, tax table and total."""

import msgspec

from retail.units import Money


class Discount(msgspec.Struct, frozen=True):
    """`amount_minor` less, by which promotion and in which words; `units` is how many it touched.

    `unsure`: the clock could not tell whether the promotion runs, so it was settled for the shopper.
    """

    promotion: str
    words: str
    units: int
    amount_minor: int
    unsure: bool = False


class PricedLine(msgspec.Struct, frozen=True):
    """So many units of one product: its name as the shopper reads it, price each and in all, tax code.

    `price_minor` is what one unit (one piece of `weight_mg`) costs before discounts, `total_minor` what the
    line costs after them.
    """

    gtin: str
    name: str
    units: int
    price_minor: int
    total_minor: int
    tax: str
    weight_mg: int | None = None
    price_per_kg_minor: int | None = None
    discounts: tuple[Discount, ...] = ()
    min_age: int = 0


class PricedTax(msgspec.Struct, frozen=True):
    """One row of the tax table: `gross_minor` holds `tax_minor` of tax at `rate_bp` basis points."""

    tax: str
    rate_bp: int
    gross_minor: int
    tax_minor: int


class Used(msgspec.Struct, frozen=True):
    """What the sale takes from the lease of a promotion, or which coupons it uses up."""

    promotion: str
    uses: int
    coupons: tuple[str, ...] = ()


class Priced(msgspec.Struct, frozen=True):
    """What a basket costs: lines in order of GTIN, taxes in order of code.

    The lines add up to the total; where tax comes on top (`tax_added_minor`), lines and tax do.
    `cash_rounding_minor` is what cash pays more, or less when negative, since no coin is small enough.
    """

    currency: str
    language: str
    lines: tuple[PricedLine, ...]
    taxes: tuple[PricedTax, ...]
    total_minor: int
    discounts: tuple[Discount, ...] = ()
    """The same as those of the lines, added up by promotion."""
    tax_added_minor: int = 0
    cash_rounding_minor: int = 0
    used: tuple[Used, ...] = ()
    coupons_unused: tuple[str, ...] = ()
    min_age: int = 0

    @property
    def total(self) -> Money:
        """What the shopper pays."""
        return Money(self.total_minor, self.currency)

    @property
    def cash(self) -> Money:
        """What the shopper pays in coins and notes."""
        return Money(self.total_minor + self.cash_rounding_minor, self.currency)


def lost(before: Priced, after: Priced) -> tuple[Discount, ...]:
    """The reasons of `before` that give less in `after`, each with what it gives less.

    Whoever takes goods out of a basket and finds it dearer is shown these: there is no other cause.
    """
    left = {each.promotion: each.amount_minor for each in after.discounts}
    shrunk = ((each, each.amount_minor - left.get(each.promotion, 0)) for each in before.discounts)
    return tuple(msgspec.structs.replace(each, amount_minor=less) for each, less in shrunk if less > 0)
