"""An examination: every subject at once, each with a time limit, and the mends that are safe to make."""

import contextlib
import queue
import shlex
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from edge.provision.doctor.clock import CLOCK
from edge.provision.doctor.devices import DEVICES
from edge.provision.doctor.disk import DISK
from edge.provision.doctor.ends import BROKER, HUB
from edge.provision.doctor.glass import GLASS
from edge.provision.doctor.heat import HEAT
from edge.provision.doctor.identity import IDENTITY
from edge.provision.doctor.ledger import LEDGER
from edge.provision.doctor.memory import MEMORY
from edge.provision.doctor.network import NETWORK
from edge.provision.doctor.pages import Finding
from edge.provision.doctor.patient import Patient, Run
from edge.provision.doctor.power import POWER
from edge.provision.doctor.subject import Subject, UnknownError
from edge.provision.doctor.terminal import TERMINAL
from edge.provision.doctor.units import UNITS
from edge.provision.doctor.versions import VERSIONS
from edge.provision.doctor.waiting import QUEUE
from edge.provision.doctor.written import FILE

SUBJECTS: Final[Mapping[str, Subject[Any]]] = {
    "file": FILE,
    "units": UNITS,
    "power": POWER,
    "heat": HEAT,
    "memory": MEMORY,
    "disk": DISK,
    "clock": CLOCK,
    "network": NETWORK,
    "broker": BROKER,
    "hub": HUB,
    "identity": IDENTITY,
    "ledger": LEDGER,
    "queue": QUEUE,
    "devices": DEVICES,
    "terminal": TERMINAL,
    "glass": GLASS,
    "versions": VERSIONS,
}
"""What is looked at, in the order in which it is told."""

PATIENCE_S: Final = 6.0
"""No subject is waited for any longer: with what is asked first, a person waits ten seconds at most."""

_LATE: Final = "it was not over in time: something hangs"
_FAILED: Final = "the doctor himself has failed: see what stands above"


class Looked(msgspec.Struct, frozen=True):
    """What came of one subject: what was found, or why it could not be looked at ('' where it could)."""

    subject: str
    findings: tuple[Finding, ...] = ()
    unknown: str = ""


class Mended(msgspec.Struct, frozen=True):
    """What came of one mend: it was run, and what it said if it failed."""

    code: str
    command: str
    trouble: str = ""


def examine(
    patient: Patient,
    subjects: Iterable[str] = tuple(SUBJECTS),
    tell: Callable[[Looked], object] = lambda _looked: None,
    patience_s: float | None = PATIENCE_S,
) -> list[Looked]:
    """Look at every subject at once; `tell` hears of each as it comes. None waits for all of them."""
    wanted = list(subjects)
    came: queue.SimpleQueue[Looked] = queue.SimpleQueue()
    for name in wanted:
        # As daemons: one that hangs in a call of the system must not keep the process.
        threading.Thread(target=_look, args=(name, patient, came), name=name, daemon=True).start()
    found = {looked.subject: looked for looked in _as_they_come(came, len(wanted), patience_s, tell)}
    return [found.get(name, Looked(name, unknown=_LATE)) for name in wanted]


def _as_they_come(
    came: "queue.SimpleQueue[Looked]",
    count: int,
    patience_s: float | None,
    tell: Callable[[Looked], object],
) -> Iterator[Looked]:
    end_s = None if patience_s is None else time.monotonic() + patience_s
    with contextlib.suppress(queue.Empty):
        for _ in range(count):
            looked = came.get(timeout=None if end_s is None else max(end_s - time.monotonic(), 0))
            tell(looked)
            yield looked


def _look(name: str, patient: Patient, came: "queue.SimpleQueue[Looked]") -> None:
    """Look at one subject, and say something of it however that ends."""
    looked = Looked(name, unknown=_FAILED)
    try:
        looked = Looked(name, tuple(SUBJECTS[name].examine(patient)))
    except UnknownError as error:
        looked = Looked(name, unknown=str(error))
    except OSError as error:  # what the machine does not let us look at
        looked = Looked(name, unknown=str(error))
    finally:
        came.put(looked)


def mend(findings: Iterable[Finding], run: Run) -> Iterator[Mended]:
    """Run the commands of those that are safe, each once; says each."""
    done: set[str] = set()
    for finding in findings:
        if finding.safe and finding.mend not in done:
            done.add(finding.mend)
            tool = run(_words(finding.mend))
            trouble = "" if tool.code == 0 else tool.said or f"exit code {tool.code}"
            yield Mended(finding.code, finding.mend, trouble)


def _words(command: str) -> list[str]:
    """The words of a command; one of ours runs by the same Python as we do."""
    words = shlex.split(command)
    return [sys.executable, "-m", "opos", *words[1:]] if words[0] == "opos" else words
