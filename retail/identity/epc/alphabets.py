"""The alphabets of the numbers on tags: which character is which bits, and how a URI writes it.

Source: GS1 EPC Tag Data Standard 2.3, annex A (the 82 characters of the GS1 General Specifications, figure
7.11-1, with their URI forms), annex G (the 6-bit characters), and tables 14-7 and 14-8.
"""

from string import ascii_lowercase, ascii_uppercase, digits
from typing import Final
from urllib.parse import unquote

DIGITS: Final = digits
GS1_82: Final = "!\"%&'()*+,-./0123456789:;<=>?" + ascii_uppercase + "_" + ascii_lowercase
"""What a serial, a lot or an asset may be made of; also what 7 bits may say."""
SIX_BITS: Final = "#-/" + digits + ascii_uppercase
"""What a part number may be made of; the 6 bits of a character are the last 6 of its ASCII code."""
CAGE: Final = digits + "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""What a CAGE code or a DoDAAC may be made of: no I and no O, which look like digits."""
UPPER_HEX: Final = digits + "ABCDEF"
LOWER_HEX: Final = digits + "abcdef"
BASE_64: Final = ascii_uppercase + ascii_lowercase + digits + "-_"
"""By value; the alphabet of RFC 4648, section 5."""
CODE_40: Final = "\0" + ascii_uppercase + "-.:" + digits
"""By value; the first is a pad that says nothing."""

SIX_BIT_CHARACTERS: Final = {ord(character) & 0x3F: character for character in SIX_BITS}

_URN_ESCAPES: Final = str.maketrans({character: f"%{ord(character):02X}" for character in '"#%&/<>?'})


def escaped(text: str) -> str:
    """`text` as an EPC URI writes it: what a URN may not hold becomes % and two hexadecimal digits."""
    return text if text.isalnum() else text.translate(_URN_ESCAPES)


def unescaped(text: str) -> str:
    """What stands in an EPC URI, as people write it; `text` holds no escapes but those of its grammar."""
    return unquote(text, encoding="ascii") if "%" in text else text
