"""A machine on paper for a setup: a root of its own, a systemd that writes down what it is told."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from cloud_sync.contract.enrolment import Claim, claim_text
from edge.clock import SystemClock
from edge.config import PeripheralSection
from edge.identity import time_floor
from edge.provision.enrol import Enrolment, Wait, enrol
from edge.provision.hub_door import HubDoor
from edge.provision.object_file import Setup
from edge.provision.place import Place
from edge.provision.setup.answers import Decisions
from edge.provision.setup.machine import Ran
from edge.provision.setup.state import Unfinished, keep_state, unfinished
from edge.provision.setup.steps import Job, Told, run
from tests.object.paper_hub import PaperHub

READER: Final = PeripheralSection("reader", "tcp:127.0.0.1:9?profile=r200")
UNITS: Final = "etc/systemd/system"


class PaperMachine:
    """A system below `root` whose programs only write down their words; `refusals` are what they answer."""

    trusted = True

    def __init__(self, root: Path, *, booted: bool = True) -> None:
        self.root, self.booted = root, booted
        self.ran: list[str] = []
        self.refusals: dict[str, Ran] = {}
        self.before_each: Callable[[], object] = lambda: None
        (root / "etc").mkdir(parents=True, exist_ok=True)
        (root / "etc/passwd").write_text(
            "root:x:0:0::/root:/bin/sh\nopos:x:990:991::/var/lib/opos:/bin/false\n"
        )

    def run(self, command: Sequence[str]) -> Ran:
        self.before_each()
        words = " ".join(command)
        self.ran.append(words)
        return next((ran for part, ran in self.refusals.items() if part in words), Ran(0, ""))


def let_in(claim: Claim, place: Place, setup: Setup) -> Enrolment:
    door = HubDoor(claim, time_floor(SystemClock()))
    return enrol(claim, place, setup, door, Wait(1, lambda _: None, lambda _: None))


def decisions(hub: PaperHub, **other: object) -> Decisions:
    claim = claim_text(hub.claim())
    told = {"kind": "mirror", "peripherals": (READER,), "terminal": None, "glass": False}
    return Decisions(**{"claim": claim, **told, **other})  # type: ignore[arg-type]


def set_up(machine: PaperMachine, decided: Decisions) -> list[Told]:
    """What the command does: begin, or go on where it was."""
    state = unfinished(machine)
    if state is None or state.decisions != decided:
        state = Unfinished(decided)
        keep_state(machine, state)
    told: list[Told] = []
    run(Job(machine, state, let_in), told.append)
    return told
