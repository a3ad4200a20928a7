"""The patient: one object and its machine, as the doctor comes to see them."""

import errno
import http.client
import os
import shlex
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.agent.desk import SOCKET, AgentStatus, ask
from edge.clock import Clock, SystemClock
from edge.config import ConfigError, ObjectConfig, load, without_trust
from edge.provision.doctor.sysroot import Sysroot

OBJECT_FILE: Final = Path("/etc/opos/object.toml")
"""Where the packages and `opos setup` put the object of a machine."""

# A runtime that works answers within milliseconds, and within a second where the board does something else.
_STATUS_S: Final = 1.0
_STATUS_BYTES_MAX: Final = 64 * 1024

# What is asked of systemd is answered within milliseconds; a bus that hangs must not hold up the rest.
_TOOL_S: Final = 4.0


class Device(msgspec.Struct, frozen=True):
    """A device as the runtime's roll has it: see `edge.runtime.roll.Called`."""

    stands: str
    code: str = ""
    sentence: str = ""


class Status(msgspec.Struct, frozen=True):
    """What a runtime says at /status, as far as the doctor asks."""

    stage: str
    program: str = ""
    training: str = "off"
    watchers: int = 0
    devices: dict[str, Device] = {}


class Tool(msgspec.Struct, frozen=True):
    """What came of a command: its exit code (None if it was not run to its end), and its words."""

    code: int | None
    said: str = ""


Run = Callable[[Sequence[str]], Tool]


class Patient(msgspec.Struct, frozen=True):
    """One object and its machine.

    `config` is None where the file cannot be read, `trouble` says why; a `stranger` has not met its hub, for
    the reason given. `card` has the disk written full, and `on_block` hears how much of that is done.
    """

    file: Path
    config: ObjectConfig | None = None
    trouble: str = ""
    stranger: str = ""
    status: Status | None = None
    agent: AgentStatus | None = None
    root: Sysroot = Sysroot()
    clock: Clock = msgspec.field(default_factory=SystemClock)
    run: Run = lambda _words: Tool(None)
    card: bool = False
    on_block: Callable[[int, int], object] = lambda _done, _all: None


def patient_of(file: Path, root: Sysroot, *, card: bool = False) -> Patient:
    """The object that `file` describes, on this machine. Raises PermissionError where nothing may be read."""
    blank = Patient(file, root=root, run=run_tool, card=card)
    try:
        config, stranger = _config(file)
    except ConfigError as error:
        return msgspec.structs.replace(blank, trouble=str(error))
    status = status_of(config)
    agent = ask(config.data_dir / SOCKET)
    return msgspec.structs.replace(blank, config=config, stranger=stranger, status=status, agent=agent)


def _config(file: Path) -> tuple[ObjectConfig, str]:
    """The configuration, and why it knows no hub; raises ConfigError, PermissionError."""
    if file.exists() and not os.access(file, os.R_OK):
        raise _closed(file)
    config = without_trust(file)
    if config.data_dir.exists() and not os.access(config.data_dir, os.R_OK | os.X_OK):
        raise _closed(config.data_dir)
    try:
        return load(file), ""
    except ConfigError as error:
        return config, str(error)


def _closed(path: Path) -> PermissionError:
    return PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def status_of(config: ObjectConfig) -> Status | None:
    """What the runtime of the object says; None if none answers."""
    line = http.client.HTTPConnection(config.display.host, config.display.port, timeout=_STATUS_S)
    try:
        line.request("GET", "/status")
        with line.getresponse() as answer:
            return msgspec.json.decode(answer.read(_STATUS_BYTES_MAX), type=Status)
    except (OSError, http.client.HTTPException, ValueError, RecursionError):
        return None
    finally:
        line.close()


def run_tool(words: Sequence[str], patience_s: float = _TOOL_S) -> Tool:
    """Run a command of the machine's to its end."""
    environment = {**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0"}
    try:
        done = subprocess.run(  # noqa: S603 - no shell; the words are the doctor's own
            list(words), capture_output=True, env=environment, timeout=patience_s, check=False
        )
    except subprocess.TimeoutExpired:
        return Tool(None, f"{shlex.join(words)}: no end in {patience_s:g} s")
    except OSError as error:
        return Tool(None, f"{words[0]}: {error.strerror}")
    return Tool(done.returncode, (done.stdout or done.stderr).decode("utf-8", "replace").strip())
