"""The messages of ZVT as bytes: class, instruction, length, data; over TCP nothing else frames them."""

from typing import Final

from edge.drivers.framing import Shape

# Three bytes say how long a longer message is: FF, and the length with its low byte first.
_LONG: Final = 0xFF
LONG_HEAD_BYTES: Final = 5
HEAD_BYTES: Final = 3

# A receipt of four hundred lines; a longer length is noise, and would only make us deaf until it is filled.
APDU_BYTES_MAX: Final = 16 * 1024

# A connection in trouble holds the rest of a message back for a while. What it says may be that money has
# moved: nothing is given up before TCP itself would have tried several times.
PATIENCE_NS: Final = 10_000_000_000


# Class -> the instructions of the summary 13.11 and of the maker Feig, and what 84 refuses with: noise is not
# waited for.
_INSTRUCTIONS: Final[dict[int, frozenset[int]]] = {
    0x04: frozenset({0x01, 0x0C, 0x0D, 0x0E, 0x0F, 0xFF}),
    0x05: frozenset({0x01, 0xFF}),
    0x06: frozenset(
        {
            *range(0x06),
            *range(0x09, 0x0D),
            *range(0x0F, 0x13),
            *(0x18, 0x1A, 0x1B, 0x1E),
            *range(0x20, 0x27),
            *(0x30, 0x31, 0x50, 0x51, 0x52, 0x70, 0x79, 0x82, 0x85, 0x86, 0x87, 0x88, 0x90, 0x91, 0x93, 0x95),
            *(0xB0, *range(0xC0, 0xC7), 0xCE, 0xD0, 0xD1, 0xD3, 0xD4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD),
            *(*range(0xE0, 0xE8), 0xF0),
        }
    ),
    0x08: frozenset({1, 2, 3, *range(0x10, 0x15), *range(0x20, 0x25), 0x30, 0x40, 0x50}),
    0x0F: frozenset({0xA1, 0xCA}),
    0x80: frozenset({0x00}),
    0x84: frozenset(range(0x100)),
}


def framed(code: int, data: bytes = b"", *, wide: bool = False) -> bytes:
    """A message; `wide` writes the length in three bytes though one would do."""
    size = len(data)
    head = bytes([size]) if size < _LONG and not wide else bytes([_LONG]) + size.to_bytes(2, "little")
    return code.to_bytes(2) + head + data


def size_bytes(buffer: bytes | bytearray) -> int:
    """How long the message is that begins here, as far as its head tells; 0 when none does."""
    if buffer[2] != _LONG:
        return HEAD_BYTES + buffer[2]
    if len(buffer) < LONG_HEAD_BYTES:
        return LONG_HEAD_BYTES
    size = LONG_HEAD_BYTES + int.from_bytes(buffer[3:5], "little")
    return size if size <= APDU_BYTES_MAX else 0


def split(raw: bytes) -> tuple[int, bool, bytes]:
    """The code of a whole message, whether its length is a wide one, and its data."""
    wide = raw[2] == _LONG
    return int.from_bytes(raw[:2]), wide, raw[LONG_HEAD_BYTES if wide else HEAD_BYTES :]


def _begun(buffer: bytes | bytearray) -> int:
    """The same, where it is a message that the manual knows."""
    return size_bytes(buffer) if buffer[1] in _INSTRUCTIONS.get(buffer[0], ()) else 0


SHAPE: Final = Shape(
    (b"[\x04\x05\x06\x08\x0f\x80\x84]", b".", b"."),
    _begun,
    lambda _: None,
    PATIENCE_NS,
)
"""Messages over TCP, where they follow each other without anything between them."""
