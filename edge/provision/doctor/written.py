"""The object's file: whether it can be read, and says what an object must say."""

from collections.abc import Iterator
from typing import Final

from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.subject import Subject


def read(patient: Patient) -> Iterator[str]:
    """What is wrong with it; '' if nothing is."""
    yield patient.trouble


def wrong(trouble: str) -> Finding | None:
    """The object cannot start with it."""
    return found("OP-6001", said=trouble) if trouble else None


FILE: Final = Subject(read, wrong)
