"""The letters of a terminal: code page 437, or what a message names."""

from typing import Final

from edge.drivers.terminals.zvt import tlv
from edge.drivers.terminals.zvt.tlv import Tlv

DEFAULT: Final = "cp437"
# Tag 14 of a text block. Of its values we have seen only 2, in a receipt of open data (Portalum.Zvt, its
# second text block) whose umlauts are those of ISO 8859, parts 1 and 2 alike.
_CHARACTER_SET: Final = 0x14
_SETS: Final[dict[bytes, str]] = {b"\x01": "iso8859-1", b"\x02": "iso8859-2", b"\x0f": "iso8859-15"}


def named(tags: tuple[Tlv, ...]) -> str:
    """The character set that a message is written in."""
    return _SETS.get(tlv.first(tags, _CHARACTER_SET) or b"", DEFAULT)


def read(data: bytes, character_set: str = DEFAULT) -> str:
    """Text, without the NUL that fills or ends it."""
    return data.decode(character_set, "replace").rstrip("\0")
