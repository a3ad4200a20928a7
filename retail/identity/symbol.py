"""What a scanner will send for the content of a symbol: `scan` the other way round, for who prints labels.

Content is written as GS1's engine has it: a caret for FNC1, a backslash before a caret that begins plain
data, and a vertical bar before the content of the two-dimensional part of a composite symbol.
"""

import re
from typing import Final

from retail.identity import gtin
from retail.identity.answer import Refused
from retail.identity.gs1 import elements
from retail.identity.gs1.fields import FIELDS, GS
from retail.identity.gs1.strictness import STRICT, Strictness

# Symbology -> its identifier with plain data, and with element strings.
_MATRICES: Final = {"DataMatrix": ("]d1", "]d2"), "QRCode": ("]Q1", "]Q3"), "DotCode": ("]J0", "]J1")}

# Symbology -> its identifier, and its digits; those of UPC are sent with a zero in front.
_DIGITS: Final = {
    "EAN13": ("]E0", 13), "EAN8": ("]E4", 8), "UPCA": ("]E0", 12), "UPCE": ("]E0", 12),
    "DataBar": ("]e0", 14), "DataBarLimited": ("]e0", 14),
}  # fmt: skip

# GS1 General Specifications, section 5.5.2.3.2: DataBar Limited has no room for more.
_LIMITED_MAX: Final = "19999999999999"

_ESCAPED_CARET: Final = re.compile(r"\\+\^")
_COMPOSITE: Final = "]e0"


def sent(symbology: str, content: str, strictness: Strictness = STRICT) -> str | Refused:
    """The characters that a scanner sends for `content` in a symbol of zxing-cpp's name `symbology`."""
    if symbology in _MATRICES:
        return _matrix(content, *_MATRICES[symbology])
    linear, bar, above = content.partition("|")
    if bar and not above.startswith(elements.FNC1):
        return Refused("expected elements above the bars", position=len(linear) + 1)
    if symbology in _DIGITS:
        return _printed(symbology, linear, above, strictness)
    if symbology in ("Code128", "DataBarExpanded"):
        return _linear(symbology, linear, above)
    return Refused(f"expected a symbology that we know, got {symbology!r}")


def _matrix(content: str, plain: str, with_elements: str) -> str:
    if content.startswith(elements.FNC1):
        return with_elements + _message(content)
    return plain + (content[1:] if _ESCAPED_CARET.match(content) else content)


def _message(content: str) -> str:
    return content[1:].replace(elements.FNC1, GS)


def _linear(symbology: str, linear: str, above: str) -> str | Refused:
    label = elements.raw(linear, Strictness(association=False))
    if isinstance(label, Refused):
        return label
    if symbology == "Code128" and not above:
        return "]C1" + _message(linear)
    separator = GS if above and FIELDS[label.ais[-1][0]].separated else ""
    return _COMPOSITE + _message(linear) + separator + _message(above)


def _printed(symbology: str, linear: str, above: str, strictness: Strictness) -> str | Refused:
    identifier, size = _DIGITS[symbology]
    digits = linear.removeprefix("^01" + "0" * (gtin.GTIN_DIGITS - size))
    if strictness.add_check_digit and len(digits) == size - 1 and digits.isascii() and digits.isdigit():
        digits = gtin.completed(int(digits))[-size:]
    elif strictness.add_check_digit or len(digits) != size:
        return Refused(f"expected {size} digits, with a check digit unless it is asked for, got {digits!r}")
    number = gtin.parse(digits)
    if isinstance(number, Refused):
        return number
    if symbology == "DataBarLimited" and digits > _LIMITED_MAX:
        return Refused(f"expected at most {_LIMITED_MAX}, got {digits}")
    if identifier == _COMPOSITE:
        return f"{identifier}01{digits}{_message(above)}"
    sent_digits = f"0{digits}" if symbology in ("UPCA", "UPCE") else digits
    return f"{identifier}{sent_digits}|{_COMPOSITE}{_message(above)}" if above else identifier + sent_digits
