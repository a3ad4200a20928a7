"""Frames as they come in at a hub: the journal of one object, signed in memory, in full batches."""

from functools import cache
from typing import Final

import msgspec

from benchmarks.opening import DEV
from benchmarks.sales import small_sale
from benchmarks.sync.world import SITE, TENANT
from cloud_sync.contract.batch import fitting, pack
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import Body, SignedEntry, encode_body, first_prev, sign_entry
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.contract.topics import Address

ADDRESS: Final = Address(TENANT, SITE, DEV)
EPOCH: Final = b64(bytes(range(16)))
# Sales of one line, as in the backlog of a drain; a second of work for a hub.
ENTRIES: Final = 20_000


class Journal(msgspec.Struct, frozen=True):
    """Entries, the frames that they go out in, and the key of both."""

    key: SoftwareKey
    entries: list[SignedEntry]
    frames: list[bytes]


@cache
def journal() -> Journal:
    """Sell, and pack what was sold."""
    key = SoftwareKey.generate()
    entries = _entries(key)
    return Journal(key, entries, _packed(key, entries))


def _entries(key: SoftwareKey) -> list[SignedEntry]:
    made: list[SignedEntry] = []
    prev = first_prev(EPOCH)
    for seq in range(1, ENTRIES + 1):
        one = small_sale(seq)
        body = Body(
            DEV, EPOCH, seq, f"sale/{one.sale}", "b00tb00t", seq * 7_001_234,
            1_790_000_000_000 + seq * 9_871, "trusted", one,
        )  # fmt: skip
        made.append(sign_entry(key, seq, prev, encode_body(body)))
        prev = made[-1].hash
    return made


def _packed(key: SoftwareKey, entries: list[SignedEntry]) -> list[bytes]:
    frames, at = [], 0
    while batch := fitting(entries[at:]):
        frames.append(pack(key, DEV, EPOCH, batch))
        at += len(batch)
    return frames
