"""The tagged data inside a message's container 06: tags within tags, lengths with the high byte first."""

from collections.abc import Iterator
from typing import Final

import msgspec

from edge.drivers.terminals.zvt import masks

# A receipt stands three tags deep; a false one could be nested without end.
DEPTH_MAX: Final = 8

_MORE: Final = 0x1F
_CONSTRUCTED: Final = 0x20
_CONTINUES: Final = 0x80


class MalformedError(ValueError):
    """Bytes that are not what the layout of a message says; never holds those bytes."""


class Tlv(msgspec.Struct, frozen=True):
    """One tag: `head` is its length as it was written; it holds `data`, or `parts`, already masked."""

    tag: int
    head: bytes
    data: bytes = b""
    parts: tuple["Tlv", ...] = ()

    @property
    def encoded(self) -> bytes:
        """The bytes of it."""
        tag = self.tag.to_bytes((self.tag.bit_length() + 7) // 8 or 1)
        return tag + self.head + self.data + b"".join(part.encoded for part in self.parts)


# What a card's track or chip holds, under the tags of ZVT and of EMV, and secrets; all else is text that a
# number of a card may stand in.
_MASKS: Final[dict[int, masks.Mask]] = {
    0x1C: masks.nothing,  # a piece of a file, as of the terminal's own software
    0x1F08: masks.wholly,  # track 1
    0x1F09: masks.track_2,
    0x1F0A: masks.wholly,  # track 3
    0x56: masks.wholly,  # EMV: track 1 equivalent
    0x57: masks.track_2,  # EMV: track 2 equivalent
    0x5A: masks.number,  # EMV: the number
    0x80: masks.wholly,  # the PIN of a prepaid card
    0x9F6B: masks.track_2,
}


# Of the maker Feig: tags whose bit says that others stand inside, and in which none do (EVerest/zvt, feig).
_FLAT: Final = frozenset({0xFF40, 0xFF41})


def parsed(data: bytes, depth: int = 0) -> tuple[Tlv, ...]:
    """Every tag, none left over; raises MalformedError."""
    return tuple(_each(data, depth))


def built(tag: int, data: bytes = b"", parts: tuple[Tlv, ...] = ()) -> Tlv:
    """A tag of ours, with the shortest length."""
    return Tlv(tag, length(len(data) + sum(len(part.encoded) for part in parts)), data, parts)


def length(size: int) -> bytes:
    """A length as BER writes it."""
    if size < 0x80:
        return bytes([size])
    return bytes([0x81, size]) if size <= 0xFF else bytes([0x82]) + size.to_bytes(2)


def measured(data: bytes, at: int) -> tuple[int, int]:
    """The length that stands at `at`, and where what it measures begins; raises MalformedError."""
    if at >= len(data):
        raise MalformedError("expected a length, got the end")
    first = data[at]
    more = first - 0x80 if first >= 0x80 else 0
    if more > 2 or first == 0x80 or at + more >= len(data):
        raise MalformedError("expected a length of one to three bytes, got another")
    size = int.from_bytes(data[at + 1 : at + 1 + more]) if more else first
    begins = at + 1 + more
    if begins + size > len(data):
        raise MalformedError(f"expected {size} bytes, got {len(data) - begins}")
    return size, begins


def every(tags: tuple[Tlv, ...]) -> Iterator[Tlv]:
    """Each tag, and each inside it, in their order."""
    for each in tags:
        yield each
        yield from every(each.parts)


def first(tags: tuple[Tlv, ...], tag: int) -> bytes | None:
    """What the first of that tag holds, however deep."""
    return next((each.data for each in every(tags) if each.tag == tag), None)


def _each(data: bytes, depth: int) -> Iterator[Tlv]:
    if depth > DEPTH_MAX:
        raise MalformedError(f"expected tags at most {DEPTH_MAX} deep, got deeper ones")
    at = 0
    while at < len(data):
        ends = _tag_ends(data, at)
        tag = int.from_bytes(data[at:ends])
        size, begins = measured(data, ends)
        inside = data[begins : begins + size]
        if data[at] & _CONSTRUCTED and tag not in _FLAT:
            yield Tlv(tag, data[ends:begins], parts=parsed(inside, depth + 1))
        else:
            yield Tlv(tag, data[ends:begins], _MASKS.get(tag, masks.text)(inside))
        at = begins + size


def _tag_ends(data: bytes, at: int) -> int:
    ends = at + 1
    if data[at] & _MORE == _MORE:
        while ends < len(data) and data[ends] & _CONTINUES:
            ends += 1
        ends += 1
    if ends > len(data) or ends - at > 4:
        raise MalformedError("expected a tag of at most four bytes, got none")
    return ends
