"""Money, mass and count as whole numbers, with the unit last in every name."""

from typing import Final, NewType

import msgspec

Gtin = NewType("Gtin", str)
"""A GTIN-14: fourteen digits, the check digit right."""

# Beyond this a JSON number is no longer exact in every language (RFC 8259, section 6).
INTEGER_MAX: Final = 2**53 - 1


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
