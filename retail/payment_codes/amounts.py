"""Amounts as codes write them: decimal text, kept as it came, beside the whole number that we count by."""

import re
from typing import Final

import msgspec

from retail.payment_codes.refusal import Refused, shown
from retail.units import INTEGER_MAX, minor_digits

_DECIMAL: Final = re.compile(r"([0-9]+)(?:\.([0-9]*))?")

# The longest amount of any of the specifications has 13 characters; 32 leave room for zeros.
_CHARACTERS_MAX: Final = 32


class Amount(msgspec.Struct, frozen=True):
    """`text` is the decimal as it was written (98.73), `minor` the same in the smallest unit (9873)."""

    text: str
    minor: int


def read(text: str, decimals: int, field: str) -> Amount | Refused:
    """The amount that `text` writes, exact to `decimals` digits behind the point; more must be zeros."""
    match = _DECIMAL.fullmatch(text) if len(text) <= _CHARACTERS_MAX else None
    if match is None:
        return Refused(field, f"expected digits and at most one point, got {shown(text)}")
    whole, fraction = match[1], match[2] or ""
    if fraction[decimals:].strip("0"):
        return Refused(field, f"expected at most {decimals} decimals, got {shown(text)}")
    minor = int(whole + fraction[:decimals].ljust(decimals, "0"))
    if minor > INTEGER_MAX:
        return Refused(field, f"expected at most {INTEGER_MAX} of the smallest unit, got {shown(text)}")
    return Amount(text.removesuffix("."), minor)


def above_zero(text: str, decimals: int, field: str) -> Amount | Refused:
    """As `read`; nothing at all is no amount to ask for."""
    found = read(text, decimals, field)
    if isinstance(found, Amount) and not found.minor:
        return Refused(field, f"expected more than zero, got {shown(text)}")
    return found


def of_currency(amount_minor: int, currency: str) -> Amount:
    """An amount of ours as the codes write it: with all the decimals of its currency."""
    return of_minor(amount_minor, minor_digits(currency))


def of_minor(amount_minor: int, decimals: int) -> Amount:
    """As `of_currency`, for what no state mints: a bitcoin has 8 decimals."""
    assert amount_minor >= 0, f"expected an amount that is not negative: {amount_minor}"
    digits = str(amount_minor).rjust(decimals + 1, "0")
    text = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
    return Amount(text, amount_minor)
