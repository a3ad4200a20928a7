"""How far a setup has come: one file beside the ledger, there as long as the setup is not finished."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from edge.identity import keep_file
from edge.provision.lone import alone_with
from edge.provision.setup.answers import Decisions
from edge.provision.setup.machine import Machine, below

DATA: Final = "/var/lib/opos"
"""Where the ledger and the keys of an object are."""
DIRECTORY: Final = "/etc/opos"
"""Where its configuration is."""

_FILE: Final = f"{DATA}/setup.json"
_LOCK: Final = f"{DATA}/setup.lock"


class SetUpAlreadyError(Exception):
    """Somebody else sets this machine up at the same time."""


class Unfinished(msgspec.Struct, frozen=True):
    """A setup that was begun: what is set up, which steps are done, whether services must start anew.

    It holds the claim: nobody but root reads the file, and it is gone when the setup is finished.
    """

    decisions: Decisions
    done: tuple[str, ...] = ()
    changed: bool = False


def state_file(machine: Machine) -> Path:
    """Where it lies."""
    return below(machine, _FILE)


@contextmanager
def alone(machine: Machine) -> Iterator[None]:
    """Be the only one who sets this machine up: another's answers would take the place of ours.

    Raises SetUpAlreadyError, OSError.
    """
    file = below(machine, _LOCK)
    taken = SetUpAlreadyError(
        f"{file.parent}: another `opos setup` is at work here: wait until it has ended, or end it"
    )
    with alone_with(file, taken):
        yield


def unfinished(machine: Machine) -> Unfinished | None:
    """The setup that was begun on this machine and did not come to its end; None if there is none."""
    try:
        return msgspec.json.decode(state_file(machine).read_bytes(), type=Unfinished)
    except (FileNotFoundError, ValueError):  # it is written whole: what another version wrote says nothing
        return None


def begun(earlier: Unfinished | None, decisions: Decisions) -> Unfinished:
    """The setup for these decisions: one that was begun for the same goes on, with others it begins anew.

    Services that still run by an older configuration do so whatever is decided now.
    """
    if earlier is None:
        return Unfinished(decisions)
    return earlier if earlier.decisions == decisions else Unfinished(decisions, changed=earlier.changed)


def keep_state(machine: Machine, state: Unfinished) -> None:
    """Write it down before anything of it is done."""
    file = state_file(machine)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    keep_file(file, msgspec.json.encode(state), mode=0o600)


def forget_state(machine: Machine) -> None:
    """The setup is finished."""
    state_file(machine).unlink(missing_ok=True)
