"""Seven bits and parity where the port has eight: a line opened 8N1, a serial server, a pty.

There the parity bit arrives as bit 7 of each byte: STX (02) of an even line as 82, `1` (31) as B1.
"""

from typing import Final, Literal

Parity = Literal["line", "even", "odd"]
"""Who minds the parity: the line itself (bytes have seven bits here), or we, by bit 7."""

# What a byte with a wrong parity becomes: no character of any protocol with seven bits.
_WRONG: Final = 0xFF


def _with_parity(byte: int, ones: int) -> int:
    seven = byte & 0x7F
    return seven | ((seven.bit_count() + ones) % 2) << 7


_SAID: Final = {
    "even": bytes(_with_parity(byte, 0) for byte in range(256)),
    "odd": bytes(_with_parity(byte, 1) for byte in range(256)),
}
_HEARD: Final = {
    parity: bytes(byte & 0x7F if said[byte] == byte else _WRONG for byte in range(256))
    for parity, said in _SAID.items()
}


def heard(data: bytes, parity: Parity) -> bytes:
    """The characters of `data`; one with a wrong parity is FF."""
    return data if parity == "line" else data.translate(_HEARD[parity])


def said(data: bytes, parity: Parity) -> bytes:
    """The bytes to send for characters of seven bits."""
    return data if parity == "line" else data.translate(_SAID[parity])
