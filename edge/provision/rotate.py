"""Another key for an object that stands still: the journal names it, and the old one is kept for a while."""

from collections.abc import Sequence
from contextlib import closing

import msgspec

from edge.checkout.books import ShopProjection
from edge.clock import Clock
from edge.config import ObjectConfig
from edge.keys import hand_over, load_signer, next_key, signer_for
from edge.offline_queue.outcomes import JournalClosedError, JournalDamagedError
from edge.offline_queue.pen import Pen
from edge.offline_queue.projections import Projection
from edge.offline_queue.reader import LedgerReader
from edge.offline_queue.set_aside import note_of
from edge.offline_queue.standing import signing_kid


class RotationRefusedError(Exception):
    """The object keeps its key: why, and what to do."""


class Rotated(msgspec.Struct, frozen=True):
    """The key before, the key from now on, and the entry in which the old one names the new one."""

    before: str
    kid: str
    seq: int


def rotate(config: ObjectConfig, clock: Clock) -> Rotated:
    """Give the object another key. Raises RotationRefusedError, KeyUnusableError.

    After a power cut the same call goes on: the next key is on the disk before the journal names it.
    """
    kid = _kid(config)
    if kid is None:
        raise RotationRefusedError(
            f"{config.ledger}: the journal has not begun: the hub knows the key by its first entry; start the"
            " object once, or enrol it anew"
        )
    before = load_signer(config).public.kid
    signer = signer_for(config, kid)
    if signer.public.kid != before:  # a power cut came after the journal had named it
        return Rotated(before, signer.public.kid, _head(config))
    projections: Sequence[Projection] = [ShopProjection()]
    try:
        with closing(Pen(config.ledger, signer, config.object.id, clock, projections)) as pen:
            entry = pen.rotate(next_key(config)).entry
    except (JournalClosedError, JournalDamagedError) as error:
        raise RotationRefusedError(str(error)) from error
    return Rotated(before, hand_over(config).public.kid, entry.seq)


def _kid(config: ObjectConfig) -> str | None:
    """The key that the ledger goes on with; None before its first entry. Raises RotationRefusedError."""
    try:
        if (note := note_of(config.ledger)) is not None:
            raise RotationRefusedError(
                f"{config.ledger}: it was set aside ({note.reason}): start the object first"
            )
        return signing_kid(config.ledger)
    except JournalDamagedError as error:
        raise RotationRefusedError(str(error)) from error


def _head(config: ObjectConfig) -> int:
    with closing(LedgerReader(config.ledger)) as reader:
        return reader.head()
