"""What differs between terminals that speak ZVT: the line, the password, and what the shop wants of them."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from edge.drivers.terminals.zvt import bcd
from retail.identity.gs1.codes import CURRENCIES

_NUMBERS: Final = {letters: int(number) for number, letters in CURRENCIES.items()}

# Bits of the configuration at registration (Portalum.Zvt and wirelane/ecrterm).
_PAYMENT_RECEIPTS: Final = 0x02
_ADMIN_RECEIPTS: Final = 0x04
_STATUS_WANTED: Final = 0x08
_PAYMENTS_BY_US: Final = 0x10
_ADMIN_BY_US: Final = 0x20
_LINES: Final = 0x80


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What differs between terminals that speak ZVT."""

    link: Literal["tcp", "serial"] = "tcp"
    password: Annotated[str, Meta(pattern="^[0-9]{6}$")]
    """What the terminal's operator has set; it guards reversals, refunds and the end of the day."""
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "EUR"
    receipts: bool = True
    """Whether we print its receipts; else it has a printer of its own."""
    text_blocks: bool = True
    """Whether it may send a receipt in one piece: a terminal that answers 9A to that is asked without."""
    payment_type: Annotated[int, Meta(ge=0, le=0xFF)] | None = 0x40
    """0x40 lets the terminal decide how the card pays; None leaves it out."""
    dispense_repeats: Annotated[int, Meta(ge=1, le=0xFF)] = 10
    """So often the terminal asks whether the goods came out before it takes the payment back."""

    def __post_init__(self) -> None:
        """A currency that has no number could not be said."""
        if self.currency not in _NUMBERS:
            raise ValueError(f"expected a currency of ISO 4217, got {self.currency!r}")

    @property
    def password_bytes(self) -> bytes:
        """The password as a message says it."""
        return bytes.fromhex(self.password)

    @property
    def configuration(self) -> bytes:
        """The configuration byte of a registration."""
        printed = _PAYMENT_RECEIPTS | _ADMIN_RECEIPTS | _LINES if self.receipts else 0
        return bytes([_STATUS_WANTED | _PAYMENTS_BY_US | _ADMIN_BY_US | printed])


def number(currency: str) -> bytes | None:
    """The number of a currency as a message says it; None where ISO 4217 has none."""
    found = _NUMBERS.get(currency)
    return None if found is None else bcd.packed(found, 2)


def currency(number: bytes | None) -> str | None:
    """The letters of a currency that a message names."""
    return None if number is None else CURRENCIES.get(number.hex()[1:])
