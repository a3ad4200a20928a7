"""The small rows beside the chain: each carries a check over itself, since no signature covers it."""

import hashlib
from typing import Final

import msgspec

# A flipped bit slips through once in 2^64; nobody is kept from forging what root may write anyway.
_CHECK_BYTES: Final = 8
_DIGEST_BYTES: Final = 16


def check_of(*values: str | bytes | int) -> bytes:
    """The check of a row: the start of a SHA-256 over its other columns, in the schema's order."""
    return hashlib.sha256(msgspec.msgpack.encode(values)).digest()[:_CHECK_BYTES]


def checked(*values: str | bytes | int) -> tuple[str | bytes | int, ...]:
    """The columns of a row with its check at the end."""
    return (*values, check_of(*values))


def idem_digest(idem: str) -> bytes:
    """What is kept of an idempotency key when its entry is gone."""
    return hashlib.sha256(idem.encode()).digest()[:_DIGEST_BYTES]
