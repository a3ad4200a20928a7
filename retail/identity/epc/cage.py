"""CAGE codes of 5 and DoDAACs of 6 characters: who made a part, or sent a parcel.

Source: GS1 EPC Tag Data Standard 2.3, sections 6.3.17 (the characters) and 14.4.7 (the space in front).
"""

from typing import Final

from retail.identity.epc.alphabets import CAGE
from retail.identity.epc.identity import EpcError

CAGE_CHARACTERS: Final = 6
"""A CAGE code has a space in front."""


def cage(code: str) -> str:
    """`code`, which is one of 5 or 6 characters; an EpcError otherwise."""
    if not 5 <= len(code) <= CAGE_CHARACTERS or not set(CAGE).issuperset(code):
        raise EpcError(f"expected a CAGE code or a DoDAAC, got {code!r}")
    return code
