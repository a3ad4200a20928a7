"""Money, mass and count as whole numbers, with the unit last in every name."""

from typing import Final, NewType

import msgspec

Gtin = NewType("Gtin", str)
"""A GTIN-14: fourteen digits, the check digit right."""

# Beyond this a JSON number is no longer exact in every language (RFC 8259, section 6).
INTEGER_MAX: Final = 2**53 - 1

MINOR_DIGITS_USUAL: Final = 2
MINOR_DIGITS: Final = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
    "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0, "BHD": 3, "IQD": 3, "JOD": 3,
    "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4,
}  # fmt: skip
"""Currencies whose minor unit is not a hundredth (ISO 4217, list one, column "minor unit").

Unicode's locale data has a column that looks the same and is not: it counts the digits that people still
write (none for RSD, ALL or IQD), so that an amount shown by it would be wrong by a factor of 100 or 1000.
"""


class Money(msgspec.Struct, frozen=True, order=True):
    """An amount in the minor unit of a currency (ISO 4217 letters); adding two currencies is an error."""

    amount_minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise CurrencyError(self.currency, other.currency)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def times(self, count: int) -> "Money":
        """The price of `count` units at this amount each."""
        return Money(self.amount_minor * count, self.currency)


class CurrencyError(ValueError):
    """Two amounts of different currencies met in one sum."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"expected {one}, got {other}: amounts of two currencies cannot be added")


def minor_digits(currency: str) -> int:
    """How many decimals the minor unit of `currency` is: 2 for EUR, 0 for JPY, 3 for KWD."""
    return MINOR_DIGITS.get(currency, MINOR_DIGITS_USUAL)


def half_up(numerator: int, denominator: int) -> int:
    """`numerator` / `denominator` to the nearest whole number, the half upwards; nothing here is negative."""
    assert numerator >= 0 < denominator, (
        f"expected numbers that are not negative: {numerator} / {denominator}"
    )
    return (2 * numerator + denominator) // (2 * denominator)
