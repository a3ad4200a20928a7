"""The versions: what is installed, and what runs."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Final

import msgspec

from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.subject import Subject


class Versions(msgspec.Struct, frozen=True):
    """Of the program on the disk, and of the one that runs ('' where none does)."""

    installed: str
    running: str


def read(patient: Patient) -> Iterator[Versions]:
    """Ours is the one on the disk."""
    yield Versions(version("opos"), "" if patient.status is None else patient.status.program)


def outdated(versions: Versions) -> Finding | None:
    """Replaced, and not started again."""
    if not versions.running or versions.running == versions.installed:
        return None
    return found("OP-6101", running=versions.running, installed=versions.installed)


VERSIONS: Final = Subject(read, outdated)
