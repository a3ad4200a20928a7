"""Amounts on the wire and in the books: 19.95 of a currency is 1995 of its smallest unit."""

from decimal import Decimal, InvalidOperation
from typing import Any, Final

# ISO 4217: decimals of the currencies that do not have two.
DECIMALS: Final = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
USUAL: Final = 2
# What no terminal takes at once; it keeps a number of thousand digits out of the books.
MINOR_MAX: Final = 10**12


def minor(amount: Any, currency: str) -> int | None:
    """Read a JSON number; None when it is none, too fine for its currency, or beyond all reason."""
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        return None
    exact = Decimal(amount)
    if abs(exact) > MINOR_MAX:
        return None
    try:
        shifted = exact.scaleb(DECIMALS.get(currency, USUAL))
        whole = shifted.to_integral_exact()
    except InvalidOperation:
        return None
    return int(whole) if whole == shifted else None


def number(amount_minor: int, currency: str) -> Decimal | int:
    """Write it as a JSON number."""
    decimals = DECIMALS.get(currency, USUAL)
    return Decimal(amount_minor).scaleb(-decimals) if decimals else amount_minor
