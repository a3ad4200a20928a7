"""The number of a product: EAN-8, UPC-A, EAN-13 and GTIN-14, all read as the one GTIN-14 of the shop.

Source: GS1 General Specifications, section 7.9.1 (check digit) and 3.3.2 (zeros in front of a shorter GTIN).
UPC-E is not read here: its eight digits cannot be told from an EAN-8.
"""

from typing import Final

from retail.identity.answer import Refused
from retail.units import Gtin

GTIN_DIGITS: Final = 14
SCHEMES: Final = {8: "gtin-8", 12: "gtin-12", 13: "gtin-13", 14: "gtin-14"}
"""Digits that are printed -> the standard's name of such a number."""

# From the right, digits weigh 3, 1, 3, 1 ...: a pair of digits weighs the same wherever it stands, so we look
# up four digits at a time.
_PAIR_WEIGHTS: Final = [3 * (n % 10) + n // 10 for n in range(100)]
_WEIGHTS: Final = bytes((high + low) % 10 for high in _PAIR_WEIGHTS for low in _PAIR_WEIGHTS)


def parse(text: str) -> Gtin | Refused:
    """The GTIN-14 that the digits `text` are, or why they are none."""
    if len(text) not in SCHEMES:
        return Refused(f"expected 8, 12, 13 or 14 digits, got {len(text)} characters")
    if not (text.isascii() and text.isdigit()):
        return Refused(f"expected digits only, got {text!r}")
    body, given = divmod(int(text), 10)
    expected = check_digit(body)
    if given != expected:
        return Refused(f"expected check digit {expected}, got {given} in {text}")
    return Gtin(text.zfill(GTIN_DIGITS))


def check_digit(body: int) -> int:
    """The digit that makes `body` (up to 13 digits) a GTIN.

    Zeros in front weigh nothing, so that all lengths have one rule.
    """
    assert 0 <= body < 10**13, f"{body} is not the body of a GTIN"
    head, tail = divmod(body, 10**8)
    weight = (
        _WEIGHTS[tail % 10**4] + _WEIGHTS[tail // 10**4] + _WEIGHTS[head % 10**4] + _WEIGHTS[head // 10**4]
    )
    return -weight % 10


def completed(body: int) -> Gtin:
    """`body` (up to 13 digits) with its check digit, as a GTIN-14."""
    return Gtin(f"{body * 10 + check_digit(body):014d}")
