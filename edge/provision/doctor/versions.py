"""The versions: what is installed, what runs, and what has written the ledger."""

from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from typing import Final

import apsw
import msgspec

from edge.offline_queue.ledger import SCHEMA_VERSION
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from edge.provision.doctor.ledger import schema_of
from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.subject import Subject


class Versions(msgspec.Struct, frozen=True):
    """Of the program on the disk, of the one that runs ('' where none does), and of the ledger's tables."""

    installed: str
    running: str
    schema: int


def read(patient: Patient) -> Iterator[Versions]:
    """Ours is the one on the disk."""
    running = "" if patient.status is None else patient.status.program
    yield Versions(version("opos"), running, _schema(patient))


def _schema(patient: Patient) -> int:
    """Of the ledger's tables; ours where there is none, or none to be read, which is told of the ledger."""
    if patient.config is None:
        return SCHEMA_VERSION
    try:
        with closing(LedgerReader(patient.config.ledger)) as reader:
            return schema_of(reader)
    except (NoLedgerError, apsw.Error):
        return SCHEMA_VERSION


def outdated(versions: Versions) -> Finding | None:
    """Replaced, and not started again."""
    if not versions.running or versions.running == versions.installed:
        return None
    return found("OP-6101", running=versions.running, installed=versions.installed)


def newer(versions: Versions) -> Finding | None:
    """Somebody has put an older program in the place of a newer one."""
    if versions.schema <= SCHEMA_VERSION:
        return None
    return found("OP-6102", there=versions.schema, ours=SCHEMA_VERSION)


VERSIONS: Final = Subject(read, outdated, newer)
