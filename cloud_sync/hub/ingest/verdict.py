"""What to do with a batch, given where its journal stands: the whole of ingest's judgement, and no I/O."""

from collections.abc import Mapping
from enum import Enum

import msgspec

from cloud_sync.contract.batch import Batch
from cloud_sync.contract.entry import first_prev


class Step(Enum):
    """What a batch is to the hub."""

    APPEND = "append"  # it brings something new; what overlaps is what is here already
    DUPLICATE = "duplicate"  # every entry of it is here already
    GAP = "gap"  # entries before it are missing: the receipt makes the object rewind
    FORK = "fork"  # the same seq with another hash: two journals have one name


class Cursor(msgspec.Struct, frozen=True):
    """Where a journal stands at the hub: its last seq, that entry's hash and key, and what is in a backup."""

    seq: int
    hash: bytes
    kid: str = ""
    safe: int = 0

    @classmethod
    def before_first(cls, epoch: str) -> "Cursor":
        """Where a journal stands that the hub has never heard of."""
        return cls(0, first_prev(epoch))


class Verdict(msgspec.Struct, frozen=True):
    """The step, and its seq: the first new one, the first that differs, or the one that is missing."""

    step: Step
    seq: int


def judge(cursor: Cursor, batch: Batch, kept: Mapping[int, bytes]) -> Verdict:
    """What `batch` is to a journal at `cursor`.

    `kept` has hashes of seqs that the batch has and that are here already: that of the last one, since a
    hash vouches for all before it; and if that one differs, also that of the first that does.
    """
    first, last = batch.header.first, batch.header.last
    if first > cursor.seq + 1:
        return Verdict(Step.GAP, cursor.seq + 1)
    if first == cursor.seq + 1:
        fits = batch.header.prev == cursor.hash
        return Verdict(Step.APPEND if fits else Step.FORK, first)
    for seq in sorted(kept):
        if kept[seq] != batch.hashes[seq - first]:
            return Verdict(Step.FORK, seq)
    if last <= cursor.seq:
        return Verdict(Step.DUPLICATE, last)
    return Verdict(Step.APPEND, cursor.seq + 1)
