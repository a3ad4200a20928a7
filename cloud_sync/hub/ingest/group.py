"""A group of frames within one transaction: each is judged where the ones before it left its journal."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from enum import Enum
from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, select

from cloud_sync.contract.batch import Batch, Header
from cloud_sync.contract.topics import Address, partition
from cloud_sync.hub.ingest.keeping import (
    Addition,
    Journal,
    advance,
    cursors_of,
    keep,
    kept_of,
    set_aside,
    shared,
)
from cloud_sync.hub.ingest.keys import key_at
from cloud_sync.hub.ingest.opening import Opened, Opening, RefusedError, Unproven, check_place
from cloud_sync.hub.ingest.verdict import Cursor, Step, Verdict, judge
from cloud_sync.hub.objects import KeyOf, Ring, hand_over, rings_of
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.attention import raise_alarm


class Taken(Enum):
    """What became of a frame."""

    APPENDED = "appended"
    DUPLICATE = "duplicate"  # all of it was here: the receipt that the object missed is said again
    GAP = "gap"  # the receipt says where to go on
    FORKED = "forked"  # set aside with an alarm; the receipt says what is here
    REFUSED = "refused"  # not of an object that we know: counted, and not answered
    FENCED = "fenced"  # its partition is another worker's now: that one gets it from the object again


_TAKEN: Final = {
    Step.APPEND: Taken.APPENDED,
    Step.DUPLICATE: Taken.DUPLICATE,
    Step.GAP: Taken.GAP,
    Step.FORK: Taken.FORKED,
}


class Standing(msgspec.Struct, frozen=True):
    """What a receipt says: whose journal stands where."""

    address: Address
    epoch: str
    cursor: Cursor


class Judged(msgspec.Struct, frozen=True):
    """What became of a frame, in a word and in a sentence, and where its journal stands if that is said."""

    taken: Taken
    sentence: str
    standing: Standing | None = None


class Group:
    """Takes openings one after another and remembers what they add; `write` writes it all."""

    def __init__(self, connection: Connection, openings: Collection[Opening], now_ms: int) -> None:
        self._connection, self._now_ms = connection, now_ms
        journals = {_journal(each) for each in openings if not isinstance(each, RefusedError)}
        self._cursors = cursors_of(connection, journals)
        self.rings = rings_of(connection, {dev for dev, _ in journals})
        """The keys of all who speak here, as they are when it ends."""
        self._additions: list[Addition] = []
        self._fresh: defaultdict[Journal, list[Batch]] = defaultdict(list)
        self._refusals: list[RefusedError] = []

    def take(self, opening: Opening) -> Judged:
        """What a frame is to its journal now."""
        try:
            if isinstance(opening, Opened):
                return self._judge(opening)
            if isinstance(opening, Unproven):
                return self._wait(opening)
        except RefusedError as refused:
            return self._refuse(refused)
        return self._refuse(opening)

    def write(self) -> None:
        """Bring all that was taken into the database; alarms last, which other workers may be waiting for."""
        if self._additions:
            keep(self._connection, self._additions, self._now_ms)
            moved = {(each.came.batch.header.dev, each.came.batch.header.epoch) for each in self._additions}
            advance(self._connection, {each: self._cursors[each] for each in moved}, self._now_ms)
        for each in sorted(self._refusals, key=lambda refused: (refused.kind, refused.subject)):
            raise_alarm(self._connection, each.kind, each.subject, str(each), self._now_ms)

    def _judge(self, came: Opened) -> Judged:
        header = came.batch.header
        check_place(self.rings[header.dev].address, came.address)
        cursor = self._cursor((header.dev, header.epoch))
        verdict = judge(cursor, came.batch, self._kept(came.batch, cursor))
        if verdict.step is Step.APPEND:
            self._check_key(header, cursor)
            self._append(came, verdict.seq)
        elif verdict.step is Step.FORK:
            self._fork(came, verdict.seq)
        return self._judged(came.address, header, verdict)

    def _wait(self, came: Unproven) -> Judged:
        """A frame from behind a gap may be signed by a key that an entry in that gap names: ask for those."""
        cursor = self._cursor((came.header.dev, came.header.epoch))
        if came.header.first <= cursor.seq + 1:
            raise came.refused
        return self._judged(came.address, came.header, Verdict(Step.GAP, cursor.seq + 1))

    def _refuse(self, refused: RefusedError) -> Judged:
        self._refusals.append(refused)
        return Judged(Taken.REFUSED, str(refused))

    def _judged(self, address: Address, header: Header, verdict: Verdict) -> Judged:
        cursor = self._cursor((header.dev, header.epoch))
        return Judged(
            _TAKEN[verdict.step],
            f"{header.dev}: {verdict.step.value} at {verdict.seq}, receipt of {cursor.seq}",
            Standing(address, header.epoch, cursor),
        )

    def _cursor(self, journal: Journal) -> Cursor:
        return self._cursors.get(journal) or Cursor.before_first(journal[1])

    def _kept(self, batch: Batch, cursor: Cursor) -> Mapping[int, bytes]:
        """The hashes of what the batch overlaps: mostly nothing, and then nobody is asked."""
        header = batch.header
        if header.first > cursor.seq:
            return {}
        if header.last >= cursor.seq and batch.hashes[cursor.seq - header.first] == cursor.hash:
            return {cursor.seq: cursor.hash}
        kept = kept_of(self._connection, batch)
        for fresh in self._fresh[header.dev, header.epoch]:
            kept.update(shared(fresh, header))
        return kept

    def _check_key(self, header: Header, cursor: Cursor) -> None:
        expected = key_at(cursor, header.epoch, self.rings[header.dev])
        if header.kid != expected:
            raise RefusedError(
                "stale-key",
                header.dev,
                f"{header.dev}: expected entry {cursor.seq + 1} of epoch {header.epoch} to be signed by key"
                f" {expected}, got one of {header.kid}, which is not its key there",
            )

    def _append(self, came: Opened, first_new: int) -> None:
        batch, header = came.batch, came.batch.header
        journal = (header.dev, header.epoch)
        safe = self._cursor(journal).safe
        self._additions.append(Addition(came, first_new))
        self._cursors[journal] = Cursor(header.last, header.head, header.kid, safe)
        self._fresh[journal].append(batch)
        if came.rotated:
            self._rotate(
                header,
                KeyOf(came.rotated.key.kid, came.rotated.key, header.epoch, header.last + 1, self._now_ms),
                came,
            )

    def _rotate(self, header: Header, new: KeyOf, came: Opened) -> None:
        assert came.rotated is not None
        ring = self.rings[header.dev]
        if any(key.kid == new.kid for key in ring.keys):
            sentence = (
                f"{header.dev}: it hands over to key {new.kid}, which it had before: a key is used once"
            )
            self._refusals.append(RefusedError("stale-key", header.dev, sentence))
            return
        hand_over(self._connection, header.dev, new, came.rotated.tier)
        self.rings[header.dev] = Ring(ring.address, (*ring.keys, new), new.kid)

    def _fork(self, came: Opened, seq: int) -> None:
        header = came.batch.header
        sentence = (
            f"{header.dev}: entry {seq} of epoch {header.epoch} came with another hash than the one that is"
            " here: two journals have one name"
        )
        self._refusals.append(RefusedError("fork", header.dev, sentence))
        set_aside(self._connection, came, seq, sentence, self._now_ms)


_LEASES: Final = (
    select(schema.lease.c.part, schema.lease.c.token)
    .where(schema.lease.c.part.in_(bindparam("parts", expanding=True)))
    .order_by(schema.lease.c.part)
    .with_for_update()
)


def foreign(connection: Connection, parts: Collection[int], tokens: Mapping[int, int] | None) -> set[int]:
    """Those of `parts` that are not, or no longer, held by `tokens`; the others are ours until the commit."""
    held = connection.execute(_LEASES, {"parts": sorted(parts)}).all()
    return set() if tokens is None else {part for part, token in held if tokens.get(part) != token}


def part_of(opening: Opening) -> int | None:
    """The partition that a frame would write to."""
    return None if isinstance(opening, RefusedError) else partition(opening.address.object)


def _journal(opening: Opened | Unproven) -> Journal:
    header = opening.batch.header if isinstance(opening, Opened) else opening.header
    return header.dev, header.epoch
