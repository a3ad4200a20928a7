"""Whether a ledger is what its object wrote: every hash, every link of the chain, every signature."""

from collections.abc import Iterator

import msgspec

from cloud_sync.contract.entry import (
    Genesis,
    SignedEntry,
    check_balance,
    check_entry,
    decode_body,
    first_prev,
)
from cloud_sync.contract.signing import Verifier
from edge.offline_queue.reader import Identity, LedgerReader


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with a ledger: at which entry, and what was expected."""

    seq: int
    reason: str


def problems(reader: LedgerReader) -> Iterator[Problem | SignedEntry]:
    """Every entry of a ledger, in order, each with its problems before it: none means that it is intact.

    The key is the one that the first entry names for itself: that this is the object's own key, only its hub
    knows.
    """
    identity = reader.identity()
    if identity is None:
        yield Problem(0, "expected the name of an object and an epoch, got neither")
        return
    prev, expected_seq, verifier = first_prev(identity.epoch), 1, None
    for entry in reader.entries():
        if entry.seq != expected_seq:
            yield Problem(entry.seq, f"expected entry {expected_seq}: what lies between is missing")
        if entry.prev != prev:
            yield Problem(entry.seq, "it does not follow from the entry before it")
        if verifier is None:
            verifier = _key_of(entry)
        for reason in _wrong(entry, identity, verifier):
            yield Problem(entry.seq, reason)
        yield entry
        prev, expected_seq = entry.hash, entry.seq + 1


def _key_of(entry: SignedEntry) -> Verifier | None:
    try:
        fact = decode_body(entry.body).fact
        return Verifier(fact.key) if isinstance(fact, Genesis) else None
    except ValueError:
        return None


def _wrong(entry: SignedEntry, identity: Identity, verifier: Verifier | None) -> Iterator[str]:
    if verifier is None:
        yield "the first entry is no genesis: nobody can say whose key signs"
        return
    try:
        check_entry(entry, verifier)
        body = decode_body(entry.body)
        check_balance(body.fact)
    except ValueError as error:
        yield str(error)
        return
    told = (body.dev, body.epoch, body.seq)
    if told != (identity.dev, identity.epoch, entry.seq):
        yield f"expected entry {entry.seq} of {identity.dev} in epoch {identity.epoch}, its body says {told}"
