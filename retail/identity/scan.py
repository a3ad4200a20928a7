"""What a scanner sends: three characters that name the symbology, and then what the symbol says.

Source: ISO/IEC 15424 (the symbology identifiers of AIM), GS1 General Specifications, section 5.1.3.
Symbologies have the names that zxing-cpp has for them.
"""

from typing import Any, Final

import msgspec

from retail.identity import gtin, link, rcn
from retail.identity.answer import Refused
from retail.identity.gs1.elements import message, over_long
from retail.identity.gs1.label import Label
from retail.identity.gs1.strictness import STRICT, Strictness

IDENTIFIER: Final = 3
"""Characters of an identifier: `]`, a letter for the symbology, and one for how it was used."""

# Letter of the symbology -> name.
SYMBOLOGIES: Final = {
    "A": "Code39", "B": "Telepen", "C": "Code128", "E": "EAN13", "F": "Codabar", "G": "Code93", "I": "ITF",
    "J": "DotCode", "L": "PDF417", "M": "MSI", "Q": "QRCode", "U": "MaxiCode", "d": "DataMatrix",
    "e": "DataBarExpanded", "z": "Aztec",
}  # fmt: skip

ELEMENTS: Final = frozenset({"]C1", "]d2", "]Q3", "]J1", "]e0", "]z1"})
"""Symbols with FNC1 in the first place, so that they hold element strings."""

PRINTED: Final = {"]E0": ("EAN13", 13), "]E4": ("EAN8", 8)}
"""Symbols of digits alone; ]E0 has all but EAN-8, as a UPC-A or UPC-E is sent with zeros in front."""

WITH_ADD_ON: Final = "]E3"
"""An EAN-13 with the two or five digits beside it."""

_WITH_ADD_ON_SIZES: Final = (IDENTIFIER + 13 + 2, IDENTIFIER + 13 + 5)

# An EAN/UPC symbol may have a two-dimensional one above it, which is sent as a message of its own.
_COMPOSITE: Final = "|]e0"

# Interleaved 2 of 5 whose check digit was right: on a case of goods it has fourteen digits.
_ITF: Final = ("]I0", "]I1")


def read(text: str, strictness: Strictness = STRICT, region: str | None = None) -> Label | Refused:
    """The label that a scanner read; what is neither digits of goods, elements nor a link is plain data.

    Digits that hold a weight or a price are read by the rules of `region` (see `rcn.REGIONS`).
    """
    if too_long := over_long(text):
        return too_long
    identifier = text[:IDENTIFIER]
    if identifier in ELEMENTS:
        return message(text, IDENTIFIER, strictness, SYMBOLOGIES[identifier[1]])
    if identifier in PRINTED:
        return _printed(text, *PRINTED[identifier], strictness, region)
    if identifier == WITH_ADD_ON and len(text) in _WITH_ADD_ON_SIZES:
        return _printed(text[: IDENTIFIER + 13], "EAN13", 13, strictness, region)
    return _other(text, identifier, strictness)


def _other(text: str, identifier: str, strictness: Strictness) -> Label | Refused:
    if len(identifier) < IDENTIFIER or identifier[0] != "]" or not identifier[2].isalnum():
        return Refused(f"expected the identifier of a symbology, got {identifier!r}", position=0)
    name = SYMBOLOGIES.get(identifier[1])
    if name is None or name == "EAN13":
        return Refused(f"expected a symbology that we know, got {identifier!r}", position=1)
    data = text[IDENTIFIER:]
    if data.startswith(link.SCHEMES):
        return _moved(link.read(data, strictness, name), IDENTIFIER)
    if identifier in _ITF and len(data) == gtin.GTIN_DIGITS:
        return _goods(data, name)
    return Label(symbology=name, text=data)


def _printed(
    text: str, name: str, digits: int, strictness: Strictness, region: str | None
) -> Label | Refused:
    data, composite, rest = text[IDENTIFIER:].partition(_COMPOSITE)
    if len(data) != digits:
        return Refused(f"expected {digits} digits, got {len(data)} characters", position=IDENTIFIER)
    label = _goods(data, name, region)
    if isinstance(label, Refused) or not composite:
        return label
    # Both symbols are of one item, so their elements are judged together.
    key = f"01{label.gtin14}"
    both = message(key + rest, 0, strictness, name)
    if isinstance(both, Refused):
        return _moved(both, len(text) - len(rest) - len(key))
    return msgspec.structs.replace(label, text=text[IDENTIFIER:], **_above(both))


def _moved(found: Label | Refused, by: int) -> Label | Refused:
    """A refusal of a part of a text, its place counted in the whole."""
    if isinstance(found, Label) or found.position is None:
        return found
    return msgspec.structs.replace(found, position=found.position + by)


def _above(both: Label) -> dict[str, Any]:
    """What elements add to a label that printed digits have begun."""
    named = ("ais", "serial", "lot", "expiry", "best_before", "weight_mg", "price_minor", "currency", "count")
    return {name: fact for name in named if (fact := getattr(both, name)) is not None}


def _goods(digits: str, name: str, region: str | None = None) -> Label | Refused:
    found = rcn.read(digits, region)
    if isinstance(found, Refused):
        return Refused(found.reason, position=IDENTIFIER)
    return msgspec.structs.replace(found, symbology=name)
