"""The digits that are printed below bars, as a person types them in or a plain scanner sends them."""

from typing import Final

import msgspec

from retail.identity import gtin, rcn
from retail.identity.answer import Refused
from retail.identity.gs1.label import Label
from retail.identity.gs1.strictness import STRICT, Strictness

# Digits -> the symbol that has so many; zxing-cpp's names.
_SYMBOLOGIES: Final = {8: "EAN8", 12: "UPCA", 13: "EAN13", 14: "ITF"}


def read(text: str, strictness: Strictness = STRICT, region: str | None = None) -> Label | Refused:
    """The label that these digits are: EAN-8, UPC-A, EAN-13 or GTIN-14, and UPC-E where a shop wants it.

    Eight digits may be either of two numbers: a shop that reads UPC-E means that, if its check digit fits.
    """
    if strictness.upc_e and not isinstance(number := gtin.expanded(text), Refused):
        return Label(symbology="UPCE", text=text, gtin14=number, lookup_code=number)
    label = rcn.read(text, region)
    if isinstance(label, Refused):
        return label
    return msgspec.structs.replace(label, symbology=_SYMBOLOGIES[len(text)])
