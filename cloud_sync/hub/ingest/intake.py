"""The door for journals: frames are judged, kept in one transaction, and then answered with receipts."""

import logging
from collections.abc import Callable, Mapping, Sequence

import msgspec

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import Signer, seal
from cloud_sync.hub.ingest.group import Group, Judged, Standing, Taken, foreign, part_of
from cloud_sync.hub.ingest.opening import Opening, open_all
from cloud_sync.hub.objects import Ring
from cloud_sync.hub.store.database import Store, generation

__all__ = ["Answer", "Intake", "Outcome", "Taken"]

_log = logging.getLogger(__name__)


class Answer(msgspec.Struct, frozen=True):
    """What the object is told: a receipt (a compact JWS), and the topic to say it on."""

    topic: str
    jws: str


class Outcome(msgspec.Struct, frozen=True):
    """What became of a frame, in a word and in a sentence.

    Of frames that went on one after another only the last is answered: its receipt is for all of them.
    """

    taken: Taken
    sentence: str
    answer: Answer | None = None


class Intake:
    """Takes frames in. `clock_ms` gives milliseconds since 1970. Threads may share an intake."""

    def __init__(self, store: Store, signer: Signer, clock_ms: Callable[[], int]) -> None:
        self._store, self._signer, self._clock_ms = store, signer, clock_ms
        self._known: dict[str, Ring] = {}  # as many as there are objects here

    def take(self, topic: str, frame: bytes) -> Outcome:
        """Take one frame; whatever is in it, this returns and the lane goes on."""
        return self.take_many([(topic, frame)])[0]

    def take_many(
        self, messages: Sequence[tuple[str, bytes]], tokens: Mapping[int, int] | None = None
    ) -> list[Outcome]:
        """Take frames in one transaction, which a bad one among them does not disturb.

        `tokens` are those of the partitions that this worker holds; what is of another one, or of one that
        was lost, is fenced. None is for a hub that has no other workers.
        """
        if not messages:
            return []
        openings = open_all(self._store, messages, self._known)
        with self._store.writing() as connection:
            parts = {part for each in openings if (part := part_of(each)) is not None}
            theirs = foreign(connection, parts, tokens)
            group = Group(
                connection, [each for each in openings if part_of(each) not in theirs], self._clock_ms()
            )
            judged = [_fenced(each) if part_of(each) in theirs else group.take(each) for each in openings]
            group.write()
            now = generation(connection)
        self._known.update(group.rings)
        return self._answered(judged, now)

    def _answered(self, judged: Sequence[Judged], now: int) -> list[Outcome]:
        """The receipts, after the commit."""
        followed: set[tuple[str, str]] = (
            set()
        )  # journals whose next frame went on: that one's receipt says all
        outcomes = []
        for each in reversed(judged):
            answer = None
            if (standing := each.standing) is not None:
                journal = (standing.address.object, standing.epoch)
                if journal not in followed or each.taken is not Taken.APPENDED:
                    answer = Answer(standing.address.down("receipt"), self._receipt(standing, now))
                (followed.add if each.taken is Taken.APPENDED else followed.discard)(journal)
            elif each.taken is Taken.REFUSED:
                _log.warning("refused: %s", each.sentence)
            outcomes.append(Outcome(each.taken, each.sentence, answer))
        return outcomes[::-1]

    def _receipt(self, standing: Standing, now: int) -> str:
        receipt = Receipt(
            dev=standing.address.object,
            epoch=standing.epoch,
            seq=standing.cursor.seq,
            hash=b64(standing.cursor.hash),
            generation=now,
            safe=standing.cursor.safe,
            at_ms=self._clock_ms(),
        )
        return seal(self._signer, RECEIPT_TYPE, receipt)


def _fenced(opening: Opening) -> Judged:
    return Judged(Taken.FENCED, f"partition {part_of(opening)} is another worker's")
