"""The steps of a setup: each may be done again, so that after a power cut the same command goes on."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.enrolment import Claim, read_claim
from edge.config import ConfigError, load, without_trust
from edge.provision.enrol import Enrolment, is_enrolled_by
from edge.provision.object_file import Setup, with_decisions
from edge.provision.place import FILE, Place, place_in
from edge.provision.rewriting import rewrite
from edge.provision.setup.answers import Decisions
from edge.provision.setup.machine import Machine, below
from edge.provision.setup.state import DATA, DIRECTORY, Unfinished, forget_state, keep_state
from edge.provision.setup.units import KIOSK, enable, is_enabled, put_in_place, start, units_of

USER: Final = "opos"
"""The user that an object runs as."""

LetIn = Callable[[Claim, Place, Setup], Enrolment]
"""Enrol, and show the installer what there is to compare meanwhile."""

Facts = Mapping[str, object]
"""What there is to say of a step that is done; empty if no more than that."""


class SetupError(Exception):
    """A step that cannot be done on this machine: why, and what to do."""


class Told(msgspec.Struct, frozen=True):
    """How a step stands: begun, done now, or done before the power was cut."""

    step: str
    state: str
    facts: Facts = {}


class Job:
    """One setup under way: what is decided, on which machine, and how far it is."""

    def __init__(self, machine: Machine, state: Unfinished, let_in: LetIn) -> None:
        self.machine, self.let_in = machine, let_in
        self._state = state

    @property
    def decisions(self) -> Decisions:
        """What is set up."""
        return self._state.decisions

    @property
    def changed(self) -> bool:
        """Whether services that run do so by an older configuration."""
        return self._state.changed

    @property
    def file(self) -> Path:
        """The object's configuration."""
        return below(self.machine, DIRECTORY) / FILE

    @property
    def setup(self) -> Setup:
        """What of it stands in the configuration."""
        return setup_of(self.decisions)

    def is_done(self, step: str) -> bool:
        """Whether it was done, now or before the power was cut."""
        return step in self._state.done

    def done(self, step: str) -> None:
        """Keep in mind that it is."""
        self._keep(msgspec.structs.replace(self._state, done=(*self._state.done, step)))

    def will_change(self) -> None:
        """Keep in mind that services have to start anew, before there is a reason to."""
        if not self._state.changed:
            self._keep(msgspec.structs.replace(self._state, changed=True))

    def _keep(self, state: Unfinished) -> None:
        keep_state(self.machine, state)
        self._state = state


def run(job: Job, tell: Callable[[Told], object]) -> None:
    """Do what is left of the job.

    Raises SetupError, UnitsError, EnrolmentRefusedError, TakenError, ConfigError, KeyUnusableError,
    IdentityUnusableError, OSError.
    """
    for name, do in STEPS.items():
        if job.is_done(name):
            tell(Told(name, "before"))
            continue
        tell(Told(name, "begun"))
        facts = do(job)
        job.done(name)
        tell(Told(name, "done", facts))
    forget_state(job.machine)


def _system(job: Job) -> Facts:
    """Users, directories, and what a package would have brought."""
    put_in_place(job.machine, job.decisions)
    for path in (DIRECTORY, DATA):
        below(job.machine, path).mkdir(parents=True, exist_ok=True)
    below(job.machine, DATA).chmod(0o700)
    if job.machine.trusted and _owner(job.machine) is None:
        root = () if job.machine.root == Path("/") else (f"--root={job.machine.root}",)
        ran = job.machine.run(("systemd-sysusers", *root))
        if _owner(job.machine) is None:
            raise SetupError(
                f"there is no user {USER!r} to run as ({ran.said or 'systemd-sysusers made none'}): make one"
                f" with `useradd --system --home-dir {DATA} {USER}`, then give the same command again"
            )
    return {}


def _enrol(job: Job) -> Facts:
    """From a claim to an object that knows its shop."""
    directory = below(job.machine, DIRECTORY)
    place = place_in(directory, job.setup, job.machine.root)
    outcome = Enrolment.ALREADY
    if job.decisions.claim and not is_enrolled_by(claim := read_claim(job.decisions.claim), place):
        job.will_change()
        outcome = job.let_in(claim, place, job.setup)
    section = load(job.file, job.machine.root).object
    state = {Enrolment.NOW: "enrolled", Enrolment.ALREADY: "already"}[outcome]
    return {"enrolment": state, "object": section.id, "tenant": section.tenant, "site": section.site}


def _file(job: Job) -> Facts:
    """The installer's decisions in the configuration; what it was before lies beside it."""
    before = job.file.read_bytes()
    after = with_decisions(before.decode(), job.setup).encode()
    if after == before:
        return {"file": str(job.file), "written": False}
    rewrite(job.file, after, below=job.machine.root, about_to=job.will_change)
    return {"file": str(job.file), "written": True}


def _rights(job: Job) -> Facts:
    """Ledger and keys are the object's own user's, and nobody else's."""
    owner = _owner(job.machine)
    if not job.machine.trusted or owner is None:
        return {"left": f"chown -R {USER}: {below(job.machine, DATA)}"}
    data = below(job.machine, DATA)
    for path in (data, *data.rglob("*")):
        with suppress(FileNotFoundError):  # the object may be at work meanwhile
            now = path.lstat()
            if (now.st_uid, now.st_gid) != owner:
                os.chown(path, *owner, follow_symlinks=False)
    return {}


def _units(job: Job) -> Facts:
    """What has to run is started with the machine."""
    units = units_of(job.machine, job.decisions)
    enable(job.machine, units)
    return {"units": units.there, **({"missing": units.packages} if units.missing else {})}


def _start(job: Job) -> Facts:
    """What has to run runs."""
    if not job.machine.booted:
        is_here = job.machine.root == Path("/")
        return {"started": False, **({"left": f"opos object up {DIRECTORY}/{FILE}"} if is_here else {})}
    start(job.machine, units_of(job.machine, job.decisions), anew=job.changed)
    return {}


STEPS: Final[Mapping[str, Callable[[Job], Facts]]] = {
    "system": _system,
    "enrol": _enrol,
    "file": _file,
    "rights": _rights,
    "units": _units,
    "start": _start,
}
"""Every step by its name, in order; after each it is written down that it is done."""


def setup_of(decisions: Decisions) -> Setup:
    """What of the decisions stands in an object's configuration."""
    return Setup(
        decisions.port,
        decisions.peripherals,
        decisions.account,
        data=Path(DATA),
        terminal=decisions.terminal,
        kind=decisions.kind,
    )


def decided_before(machine: Machine) -> Decisions | None:
    """What is decided already on a machine that has an object; None if it has none."""
    file = below(machine, DIRECTORY) / FILE
    try:
        # Whom it believes may be damaged or gone: to enrol it again is how that is mended.
        config = without_trust(file, machine.root)
    except ConfigError:
        if file.exists():
            raise
        return None
    glass = is_enabled(machine, KIOSK)
    return Decisions("", config.object.kind, config.peripherals, None, glass, config.display.port)


def _owner(machine: Machine) -> tuple[int, int] | None:
    """User and group that the object runs as, by the machine's own list of users; None if there is none."""
    try:
        lines = below(machine, "/etc/passwd").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    for line in lines:
        fields = line.split(":")
        if fields[0] == USER and len(fields) > 3:
            return int(fields[2]), int(fields[3])
    return None
