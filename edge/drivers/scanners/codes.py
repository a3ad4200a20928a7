"""What a scanner's bytes are as a code: text in the scanner's charset, after an AIM identifier or without."""

import re
from typing import Final, Literal

from edge.drivers.framing import garbled
from edge.readings import CodeScanned, Garbled

# The largest code that there is: a QR code of 7089 digits (ISO/IEC 18004), and an AIM identifier before it.
CODE_BYTES_MAX: Final = 7089 + 3

AIM_IDENTIFIER: Final = re.compile(rb"\][A-Za-z][0-9A-Za-z]")
"""Flag, code character, modifier (ISO/IEC 15424)."""

Aim = Literal["auto", "always", "never"]
"""Whether an AIM identifier stands before the text: where there is one, on every code, or on none."""

Charset = Literal[
    "utf-8", "ascii", "latin-1", "iso8859-15", "cp1250", "cp1251", "cp1252", "gb18030", "big5", "shift_jis"
]
"""What the bytes of a code are as text; a scanner is set to one of them."""


def scanned(raw: bytes, charset: Charset, aim: Aim = "auto", symbology: str = "") -> CodeScanned | Garbled:
    """A whole code; `symbology` is its AIM identifier where the scanner tells it apart from the text."""
    text = raw
    if not symbology and aim != "never" and (found := AIM_IDENTIFIER.match(raw)):
        symbology, text = found[0].decode("ascii"), raw[found.end() :]
    if not symbology and aim == "always":
        return garbled(raw, "expected an AIM identifier before the code, got none")
    if not text:
        return garbled(raw, "expected a code, got nothing")
    try:
        return CodeScanned(text.decode(charset), symbology)
    except UnicodeDecodeError:
        return garbled(raw, f"expected text in {charset}, got bytes that are none")
