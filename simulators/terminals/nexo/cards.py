"""The cards that a hand can hold before the terminal, as far as a terminal may tell of them."""

from typing import Final, Literal

import msgspec

CardName = Literal["visa", "mastercard", "girocard", "maestro", "amex"]


class Card(msgspec.Struct, frozen=True):
    """The open digits of a number that its brand gives out for tests; nobody here knows the others."""

    bin: str
    last4: str
    brand: str
    aid: str

    @property
    def masked(self) -> str:
        """As Adyen's terminals tell it."""
        return f"{self.bin} **** {self.last4}"


CARDS: Final = {
    "visa": Card("476173", "0119", "visa", "A0000000031010"),
    "mastercard": Card("541333", "0011", "mc", "A0000000041010"),
    "girocard": Card("672590", "6016", "girocard", "A00000035904"),
    "maestro": Card("679999", "0018", "maestro", "A0000000043060"),
    "amex": Card("374245", "1006", "amex", "A00000002501"),
}
