"""Addresses of Bitcoin: base58check (P2PKH, P2SH) and segregated witness (BIP-173, BIP-350)."""

import re
from hashlib import sha256
from typing import Final, NamedTuple

from retail.payment_codes import bech32
from retail.payment_codes.refusal import Refused, shown

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_CHECKSUM_BYTES: Final = 4
_HASH_BYTES: Final = 20

# 21 bytes and their checksum take 26 to 35 letters; a segwit address 90 at most (BIP-173).
_BASE58_LOOKS: Final = re.compile(rf"[{_BASE58}]{{26,35}}")
_SEGWIT: Final = re.compile(r"[A-Za-z]{2,4}1[A-Za-z0-9]{8,85}")


class Network(NamedTuple):
    """How a network writes its addresses: first byte of P2PKH and P2SH, prefix of segwit."""

    key_hash: int
    script_hash: int
    prefix: str


class Program(NamedTuple):
    """A witness program of `version` 0 to 16, or the hash of a key (17) or script (18), as BOLT 11 counts."""

    version: int
    program: bytes


KEY_HASH: Final = 17
SCRIPT_HASH: Final = 18

NETWORKS: Final = {
    "bc": Network(0, 5, "bc"),
    "tb": Network(111, 196, "tb"),
    "tbs": Network(111, 196, "tb"),
    "bcrt": Network(111, 196, "bcrt"),
}
"""The letters of BOLT 11 for mainnet, testnet, signet and regtest."""

_VERSIONS: Final = {each.key_hash: KEY_HASH for each in NETWORKS.values()} | {
    each.script_hash: SCRIPT_HASH for each in NETWORKS.values()
}
_PREFIXES: Final = {each.prefix for each in NETWORKS.values()}

# BIP-141: a program has 2 to 40 bytes, in the first version 20 or 32; BIP-341: in the second 32.
_PROGRAM_BYTES: Final = {0: (20, 32), 1: (32,)}
_VERSION_MAX: Final = 16


def looks(text: str, field: str, prefix: str | None = None) -> Refused | None:
    """What makes `text` no address at all, its checksum apart; a `prefix` asks for a segwit one."""
    begins = text.lower().partition("1")[0]
    if begins in _PREFIXES or prefix is not None:
        if not _SEGWIT.fullmatch(text) or begins not in ({prefix} if prefix else _PREFIXES):
            return Refused(
                field, f"expected an address that begins with {prefix or begins}1, got {shown(text)}"
            )
        return None
    return (
        None if _BASE58_LOOKS.fullmatch(text) else Refused(field, f"expected an address, got {shown(text)}")
    )


def doubt(text: str, field: str) -> Refused | None:
    """Why nobody should send to what looks like an address: its checksum, its version or its length."""
    found = program_of(text, field)
    return found if isinstance(found, Refused) else None


def program_of(text: str, field: str) -> Program | Refused:
    """What money sent to this address is locked to."""
    return _segwit(text, field) if text.lower().partition("1")[0] in _PREFIXES else _base58(text, field)


def base58(version: int, hashed: bytes) -> str:
    """The address of a hash of a key or a script."""
    data = bytes([version]) + hashed
    data += _checksum(data)
    value, letters = int.from_bytes(data, "big"), ""
    while value:
        value, rest = divmod(value, len(_BASE58))
        letters = _BASE58[rest] + letters
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + letters


def segwit(prefix: str, version: int, program: bytes) -> str:
    """The address of a witness program."""
    words = bytes([version]) + bech32.to_words(program)
    return bech32.write(prefix, words, bech32.MODIFIED if version else bech32.PLAIN)


def program_fits(version: int, size: int) -> bool:
    """Whether a witness program of `version` may have `size` bytes."""
    return version <= _VERSION_MAX and size in _PROGRAM_BYTES.get(version, range(2, 41))


def _segwit(text: str, field: str) -> Program | Refused:
    found = bech32.read(text)
    if isinstance(found, Refused):
        return Refused(field, found.reason)
    if not found.words:
        return Refused(field, "expected a version and a program, got none")
    version, program = found.words[0], bech32.to_bytes(found.words[1:])
    spare = 5 * (len(found.words) - 1) % 8
    if found.kind != (bech32.MODIFIED if version else bech32.PLAIN):
        return Refused(field, f"expected the other checksum for version {version}")
    if not program_fits(version, len(program)) or spare > 4 or found.words[-1] & ((1 << spare) - 1):
        return Refused(field, f"expected a program of version {version}, got {len(program)} bytes")
    return Program(version, program)


def _base58(text: str, field: str) -> Program | Refused:
    if not _BASE58_LOOKS.fullmatch(text):
        return Refused(field, f"expected an address, got {shown(text)}")
    value = 0
    for letter in text:
        value = value * len(_BASE58) + _BASE58.index(letter)
    zeros = len(text) - len(text.lstrip("1"))
    data = bytes(zeros) + value.to_bytes((value.bit_length() + 7) // 8, "big")
    if len(data) != 1 + _HASH_BYTES + _CHECKSUM_BYTES or data[-4:] != _checksum(data[:-4]):
        return Refused(field, f"expected a checksum that is right, got {shown(text)}")
    if data[0] not in _VERSIONS:
        return Refused(field, f"expected the address of a key or a script, got version {data[0]}")
    return Program(_VERSIONS[data[0]], data[1:-_CHECKSUM_BYTES])


def _checksum(data: bytes) -> bytes:
    return sha256(sha256(data).digest()).digest()[:_CHECKSUM_BYTES]
