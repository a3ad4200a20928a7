"""Receipt numbers: gapless on one object, told apart from those of its earlier epochs."""

import base64
import hashlib
from typing import Final

# Four characters of base32: two epochs of one object share them once in a million, and the epoch itself is
# signed.
_PREFIX_CHARACTERS: Final = 4


def receipt_number(epoch: str, count: int) -> str:
    """The number of the receipt number `count` (from 1) of an epoch, as it is printed: `K7QM-0001`."""
    prefix = base64.b32encode(hashlib.sha256(epoch.encode()).digest()).decode("ascii")[:_PREFIX_CHARACTERS]
    return f"{prefix}-{count:04d}"
