"""The queue: how much waits for the hub, for how long, and whether the hub does not take it."""

from collections.abc import Iterator
from contextlib import closing
from typing import Final

import apsw
import msgspec

from cloud_sync.contract.entry import decode_body
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.spans import span
from edge.provision.doctor.subject import Subject, UnknownError, config_of

# A shop whose line is cut overnight is well; one whose takings have had no second place for a day is not.
_AGE_MS_MAX: Final = 24 * 3_600_000


class Queue(msgspec.Struct, frozen=True):
    """What waits: how many entries, the oldest for how long; what keeps them here, if the agent says so."""

    entries: int
    oldest_ms: int
    trouble: str = ""


def read(patient: Patient) -> Iterator[Queue]:
    """What ledger and agent say."""
    config = config_of(patient)
    trouble = "" if patient.agent is None else patient.agent.trouble or ""
    try:
        with closing(LedgerReader(config.ledger)) as reader:
            acked = reader.acked()
            oldest = next(iter(reader.after(acked, 1)), None)
            since_ms = 0 if oldest is None else decode_body(oldest.body).wall_ms
            age_ms = 0 if oldest is None else max(patient.clock.wall_ms() - since_ms, 0)
            yield Queue(max(reader.head() - acked, 0), age_ms, trouble)
    except (NoLedgerError, apsw.Error, ValueError) as error:
        raise UnknownError(str(error)) from error


def old(queue: Queue) -> Finding | None:
    """Too long on this card alone."""
    if not queue.entries or queue.oldest_ms <= _AGE_MS_MAX:
        return None
    return found("OP-4101", entries=queue.entries, age=span(queue.oldest_ms))


def held_back(queue: Queue) -> Finding | None:
    """The hub answers, and does not take it."""
    return found("OP-4102", said=queue.trouble) if queue.trouble else None


QUEUE: Final = Subject(read, old, held_back)
