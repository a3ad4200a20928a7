"""The door for journals: a frame is judged, kept in one transaction, and then answered with a receipt."""

from collections.abc import Callable
from enum import Enum
from typing import Final

import msgspec

from cloud_sync.contract.batch import Header
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import Signer, seal
from cloud_sync.hub.ingest.keeping import Arrival, append, cursor_of, kept_of, set_aside
from cloud_sync.hub.ingest.opening import RefusedError, count, opened, speaker
from cloud_sync.hub.ingest.verdict import Cursor, Step, Verdict, judge
from cloud_sync.hub.store.database import Store, generation

# The hub has no backup of its own, so it vouches for nothing: objects keep what they have.
SAFE: Final = 0


class Taken(Enum):
    """What became of a frame."""

    APPENDED = "appended"
    DUPLICATE = "duplicate"  # all of it was here: the receipt that the object missed is said again
    GAP = "gap"  # the receipt says where to go on
    FORKED = "forked"  # set aside with an alarm; the receipt says what is here
    REFUSED = "refused"  # not of an object that we know: counted, and not answered


_TAKEN: Final = {
    Step.APPEND: Taken.APPENDED,
    Step.DUPLICATE: Taken.DUPLICATE,
    Step.GAP: Taken.GAP,
    Step.FORK: Taken.FORKED,
}


class Answer(msgspec.Struct, frozen=True):
    """What the object is told: a receipt (a compact JWS), and the topic to say it on."""

    topic: str
    jws: str


class Outcome(msgspec.Struct, frozen=True):
    """What became of a frame, in a word and in a sentence."""

    taken: Taken
    sentence: str
    answer: Answer | None = None


class Intake:
    """Takes frames in. `clock_ms` gives milliseconds since 1970. Threads may share an intake."""

    def __init__(self, store: Store, signer: Signer, clock_ms: Callable[[], int]) -> None:
        self._store, self._signer, self._clock_ms = store, signer, clock_ms
        with store.reading() as connection:
            self._generation = generation(connection)

    def take(self, topic: str, frame: bytes) -> Outcome:
        """Take one frame; whatever is in it, this returns and the lane goes on."""
        try:
            known = speaker(self._store, topic)
            batch = opened(known, frame)
        except RefusedError as refused:
            count(self._store, refused, self._clock_ms())
            return Outcome(Taken.REFUSED, str(refused))
        verdict, cursor = self._keep(Arrival(known.address, frame, batch, self._clock_ms()))
        return Outcome(
            _TAKEN[verdict.step],
            f"{batch.header.dev}: {verdict.step.value} at {verdict.seq}, receipt of {cursor.seq}",
            Answer(known.address.down("receipt"), self._receipt(batch.header, cursor)),
        )

    def _keep(self, came: Arrival) -> tuple[Verdict, Cursor]:
        """Both the entries and the cursor are in the database after it, or neither."""
        header = came.batch.header
        with self._store.writing() as connection:
            cursor = cursor_of(connection, header)
            verdict = judge(cursor, came.batch, kept_of(connection, header))
            if verdict.step is Step.APPEND:
                cursor = append(connection, came, verdict.seq)
            elif verdict.step is Step.FORK:
                set_aside(connection, came, verdict.seq)
        return verdict, cursor

    def _receipt(self, header: Header, cursor: Cursor) -> str:
        receipt = Receipt(
            dev=header.dev,
            epoch=header.epoch,
            seq=cursor.seq,
            hash=b64(cursor.hash),
            generation=self._generation,
            safe=SAFE,
            at_ms=self._clock_ms(),
        )
        return seal(self._signer, RECEIPT_TYPE, receipt)
