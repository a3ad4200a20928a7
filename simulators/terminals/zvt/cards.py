"""The cards that a hand can hold before the terminal: numbers that the brands give out for tests."""

from typing import Final, Literal

import msgspec

Shown = Literal["masked", "pan", "track2"]
"""What a status tells of a card: E for the hidden digits; all digits; those of track 2 beside them."""

# The seven totals of an end of day, in their order.
BRANDS: Final = ("girocard", "jcb", "mastercard", "amex", "visa", "diners", "other")
EXPIRES: Final = "3012"
SERVICE: Final = "201"
OPEN_DIGITS: Final = 6, 4


class Card(msgspec.Struct, frozen=True):
    """A card; `kind` is its number in BMP 8A, `aid` that of its application."""

    number: str
    label: str
    kind: int
    brand: str
    aid: str

    @property
    def last4(self) -> str:
        """All that is kept of its number."""
        return self.number[-4:]

    def pan(self, shown: Shown) -> bytes:
        """BMP 22."""
        before, after = OPEN_DIGITS
        hidden = "E" * (len(self.number) - before - after)
        masked = self.number[:before] + hidden + self.number[-after:]
        return _packed(masked if shown == "masked" else self.number)

    def track2(self) -> bytes:
        """BMP 23: number, separator D, expiry, service code."""
        return _packed(f"{self.number}D{EXPIRES}{SERVICE}0000")


# 8A: 5, 6 and 10 are of packet-zvt.c; 8 and 46 were seen on receipts and in captures.
CARDS: Final = {
    "visa": Card("4761739001010119", "VISA", 10, "visa", "A0000000031010"),
    "mastercard": Card("5413330089020011", "Mastercard", 6, "mastercard", "A0000000041010"),
    "girocard": Card("6725900100000006016", "girocard", 5, "girocard", "A00000035904"),
    "maestro": Card("6799998900000060018", "Maestro", 46, "other", "A0000000043060"),
    "amex": Card("374245001751006", "American Express", 8, "amex", "A00000002501"),
}


def _packed(digits: str) -> bytes:
    return bytes.fromhex(digits + "F" * (len(digits) % 2))
