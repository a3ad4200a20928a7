"""A subject of an examination: a reader of facts, and the checks that each fact goes through."""

import os
import pwd
import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

import msgspec

from edge.config import ObjectConfig
from edge.provision.doctor.pages import Finding, placed
from edge.provision.doctor.patient import OBJECT_FILE, Patient

Fact = TypeVar("Fact")


class UnknownError(Exception):
    """Why something cannot be looked at here: that says nothing about whether it is well."""


class Subject(Generic[Fact]):
    """What is looked at together: `read` raises UnknownError where nothing can be known."""

    def __init__(
        self, read: Callable[[Patient], Iterable[Fact]], *checks: Callable[[Fact], Finding | None]
    ) -> None:
        self._read, self._checks = read, checks

    def examine(self, patient: Patient) -> list[Finding]:
        """All that is wrong; raises UnknownError."""
        return [at(patient, finding) for finding in self.judge(self._read(patient))]

    def judge(self, facts: Iterable[Fact]) -> Iterator[Finding]:
        """What is wrong with these facts."""
        for fact in facts:
            yield from filter(None, (check(fact) for check in self._checks))


def config_of(patient: Patient) -> ObjectConfig:
    """What the object's file says; raises UnknownError where it cannot be read: a finding of its own."""
    if patient.config is None:
        raise UnknownError("the object's file cannot be read")
    return patient.config


def at(patient: Patient, finding: Finding) -> Finding:
    """The finding with commands that fit this object: where it lives, and as whom it works."""
    where = {"file": patient.file.absolute()}
    user = me = user_of(os.geteuid())
    if (config := patient.config) is not None:
        where |= {"data": config.data_dir, "ledger": config.ledger}
        user = user_of(config.data_dir.stat().st_uid) if config.data_dir.exists() else me
    here = placed(finding, {**where, "user": user})
    mend = here.mend.removeprefix(f"runuser -u {me} -- ")
    if finding.signin and patient.file.absolute() != OBJECT_FILE:  # `opos setup` is for the machine's own
        mend = f"opos enroll CLAIM --dir {shlex.quote(str(patient.file.absolute().parent))}"
    return msgspec.structs.replace(here, mend=mend)


def user_of(uid: int) -> str:
    """What a user is called, or their number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
