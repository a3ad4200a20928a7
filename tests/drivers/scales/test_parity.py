"""Parity where the port does not mind it: bit 7 of each byte, checked and made here."""

import pytest

from edge.drivers.scales.parity import Parity, heard, said


@pytest.mark.parametrize(
    ("parity", "text", "raw"),
    [
        ("even", b"\x0201.450\r", "8230B12EB435308D"),
        ("odd", b"\x06\x15", "8615"),
        ("line", b"\xc4W", "C457"),
    ],
)
def test_characters_become_bytes_and_bytes_characters(parity: Parity, text: bytes, raw: str) -> None:
    assert said(text, parity) == bytes.fromhex(raw)
    assert heard(bytes.fromhex(raw), parity) == text


@pytest.mark.parametrize("parity", ["even", "odd"])
def test_every_flipped_bit_is_noticed(parity: Parity) -> None:
    for byte in said(bytes(range(128)), parity):
        assert heard(bytes(byte ^ 1 << bit for bit in range(8)), parity) == b"\xff" * 8
