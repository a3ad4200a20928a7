"""A payment code of any scheme, read by the specification that it begins like."""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from retail.payment_codes import bitcoin, sepa, swiss, upi, wallet
from retail.payment_codes.amounts import Amount
from retail.payment_codes.emv import consumer, merchant
from retail.payment_codes.lightning import invoice
from retail.payment_codes.recognition import scheme_of
from retail.payment_codes.refusal import Refused

# The largest QR code holds 7089 digits (ISO/IEC 18004, version 40-L).
CHARACTERS_MAX: Final = 7089


class PaymentCode(Protocol):
    """All that codes have in common: who pays whom is theirs alone."""

    @property
    def scheme(self) -> str:
        """The specification that the code follows."""

    @property
    def amount(self) -> Amount | None:
        """What is asked for, unless the payer is to say."""

    @property
    def currency(self) -> str | None:
        """ISO 4217 letters, or BTC; none where the code does not say."""

    @property
    def objects(self) -> tuple[tuple[str, str], ...]:
        """The outermost parts with their names, in order; nothing secret."""

    @property
    def departures(self) -> tuple[str, ...]:
        """Where the code leaves its specification without putting the money in doubt."""


Reader = Callable[[str], PaymentCode | Refused]

READERS: Final[Mapping[str, Reader]] = {
    "emv-mpm": merchant.read,
    "emv-cpm": consumer.read,
    "epc": sepa.read,
    "swiss": swiss.read,
    "upi": upi.read,
    "bip321": bitcoin.read,
    "bolt11": invoice.read,
    **dict.fromkeys(wallet.WALLETS, wallet.read),
}
"""Scheme -> what reads it."""


def read(text: str) -> PaymentCode | Refused:
    """The code, whatever its scheme; line ends behind it, as scanners add them, are no part of it."""
    if len(text) > CHARACTERS_MAX:
        return Refused("code", f"expected at most {CHARACTERS_MAX} characters, got {len(text)}")
    bare = text.rstrip("\r\n")
    scheme = scheme_of(bare)
    if scheme is None:
        # What this is nobody knows: it is counted and not quoted, since it may be a card.
        return Refused("code", f"expected one of {', '.join(READERS)}, got {len(bare)} characters of none")
    return READERS[scheme](bare)
