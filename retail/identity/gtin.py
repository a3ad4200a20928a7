"""The number of a product: EAN-8, UPC-A, EAN-13 and GTIN-14, all read as the one GTIN-14 of the shop.

Source: GS1 General Specifications, section 7.9.1 (check digit), 3.3.2 (zeros in front of a shorter GTIN) and
5.2.2.4 (UPC-E: a UPC-A without its zeros). `parse` reads no UPC-E, which cannot be told from an EAN-8.
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


def expanded(text: str) -> Gtin | Refused:
    """The GTIN-14 of a UPC-E: six digits, the number system in front, a check digit behind, or less."""
    if len(text) not in (6, 7, 8) or not (text.isascii() and text.isdigit()):
        return Refused(f"expected 6, 7 or 8 digits of a UPC-E, got {text[:40]!r}")
    system, digits = ("0", text) if len(text) == 6 else (text[0], text[1:7])
    if system not in "01":
        return Refused(f"expected number system 0 or 1 of a UPC-E, got {system} in {text}")
    number = completed(int(system + _with_zeros(digits)))
    if len(text) == 8 and text[7] != number[-1]:
        return Refused(f"expected check digit {number[-1]} of a UPC-E, got {text[7]} in {text}")
    return number


def _with_zeros(digits: str) -> str:
    """The ten digits that a UPC-E stands for: its last one says where zeros are missing."""
    last = digits[5]
    if last in "012":
        return f"{digits[:2]}{last}0000{digits[2:5]}"
    if last == "3":
        return f"{digits[:3]}00000{digits[3:5]}"
    if last == "4":
        return f"{digits[:4]}00000{digits[4]}"
    return f"{digits[:5]}0000{last}"


def suppressed(number: Gtin) -> str | Refused:
    """The eight digits of the UPC-E for a product, if it has one."""
    system, digits, check = number[2], number[3:13], number[13]
    if number[:2] == "00" and system in "01":
        short = _without_zeros(digits)
        if short is not None:
            return f"{system}{short}{check}"
    return Refused(f"expected a UPC-A with zeros to leave out, got {number}")


def _without_zeros(digits: str) -> str | None:
    if digits[5:9] == "0000" and digits[9] in "56789" and digits[4] != "0":
        return digits[:5] + digits[9]
    if digits[4:9] == "00000" and digits[3] != "0":
        return digits[:4] + digits[9] + "4"
    if digits[3:7] == "0000" and digits[2] in "012":
        return digits[:2] + digits[7:10] + digits[2]
    if digits[3:8] == "00000" and digits[2] in "3456789":
        return digits[:3] + digits[8:10] + "3"
    return None


def shortened(number: Gtin, digits: int) -> str | Refused:
    """A GTIN-14 in so many digits, as it is printed; what is left out must be zeros."""
    if number[:-digits].strip("0"):
        return Refused(f"expected a number of {digits} digits, got {number}")
    return number[-digits:]
