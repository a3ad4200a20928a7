"""A booted machine: a root of its own, systemd as its first process, and hands that reach into it.

It is started by systemd-nspawn inside the story's enclosure, and shares its network with the other machines:
what they say to each other goes nowhere else.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.system import cgroups
from tests.system.debian import Layers
from tests.system.step import FellError
from tests.system.waiting import until

# Half a second where nothing else runs; a small board with a cold disk would take twenty.
_BOOT_S: Final = 60.0
# A unit's own patience is 30 s at most, and there is one behind the other at most twice.
_POWER_OFF_S: Final = 90.0
COMMAND_S: Final = 180.0
"""The longest command is the installation of all packages."""

_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def end(process: subprocess.Popen[str]) -> None:
    """SIGKILL to a command and to all that it has started."""
    family = [process.pid]
    for pid in family:
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)  # what stands still has no more children
            family += [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    for pid in family:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


class Machine:
    """The machine `name`, whose files live in `folder` as long as the story is told."""

    def __init__(self, name: str, layers: Layers, folder: Path) -> None:
        self.name = name
        self.root = folder / name / "root"
        self.console = folder / f"{name}.log"
        self.booted_s = 0.0
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._leader = 0
        self._bound: tuple[str, ...] = ()
        subprocess.run(layers.mount(folder / name / "upper", folder / name / "work", self.root), check=True)

    def start(self, *bound: str) -> None:
        """Switch it on, with these things bound into it; go on as soon as its first process answers."""
        self._bound = bound
        command = (
            "systemd-nspawn", "--quiet", f"--directory={self.root}", f"--machine={self.name}",
            "--register=no", "--keep-unit", "--resolv-conf=off", "--timezone=off", "--link-journal=no",
            *bound, "--boot",
        )  # fmt: skip
        with self.console.open("ab") as console:
            self._nspawn = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                preexec_fn=lambda: cgroups.join(self.name),  # noqa: PLW1509  there are no threads yet
            )  # fmt: skip
        self.booted_s = time.monotonic()
        self._leader = until(self._first_process, f"{self.name} starts its first process", _BOOT_S)
        until(lambda: self._answers() or None, f"systemd of {self.name} answers", _BOOT_S)

    def boot(self, *bound: str) -> None:
        """Switch it on, and wait until everything that starts by itself was started."""
        self.start(*bound)
        self.run("systemctl", "is-system-running", "--wait", may_fail=True)

    def cut_power(self) -> None:
        """End it without a word: nothing in it hears of its end."""
        os.kill(self._leader, signal.SIGKILL)
        self._ended()

    def restarted_by(self, command: str) -> None:
        """Give a command that restarts it: it goes down by itself, and is switched on as a board would."""
        self.ask("sh", "-c", command)
        self._ended()
        self.boot(*self._bound)

    def power_off(self) -> None:
        """Shut it down as a person would."""
        self.run("systemctl", "poweroff")
        self._ended()

    def run(self, *command: str, may_fail: bool = False, said: str = "", user: str = "") -> str:
        """Run a command in it to its end, and return what it printed; raises FellError."""
        done = self.ask(*command, said=said, user=user)
        if done.returncode and not may_fail:
            words = (done.stderr.strip() or done.stdout.strip())[-2000:]
            raise FellError(f"{self.name}: `{' '.join(command)[:200]}` ended with {done.returncode}: {words}")
        return done.stdout

    def ask(self, *command: str, said: str = "", user: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command in it to its end, however it ends."""
        try:
            return subprocess.run(
                self.words(*command, user=user),
                capture_output=True, text=True, check=False, timeout=COMMAND_S, input=said,
            )  # fmt: skip
        except subprocess.TimeoutExpired as late:
            said = (late.stderr or late.stdout or b"").decode(errors="replace")[-2000:]
            raise FellError(f"{self.name}: `{' '.join(command)[:200]}` has no end: {said}") from late

    @contextmanager
    def begun(self, *command: str) -> Iterator[subprocess.Popen[str]]:
        """Begin a command in it, whose output is kept for whoever waits for it; it ends with the block."""
        with subprocess.Popen(
            self.words(*command),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as process:  # fmt: skip
            try:
                yield process
            finally:
                end(process)

    def words(self, *command: str, user: str = "") -> tuple[str, ...]:
        """The command as it is given from outside; it has no terminal and none of our environment."""
        clean = ("env", "-i", f"PATH={_PATH}", "HOME=/root", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")
        as_user = ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups") if user else ()
        return ("nsenter", "--all", "--target", str(self._leader), "--", *clean, *as_user, *command)

    def brought(self, files: Sequence[Path]) -> list[str]:
        """Bring packages into it: where they are there."""
        places = [f"/srv/packages/{file.name}" for file in files]
        for file, place in zip(files, places, strict=True):
            self.path(place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, self.path(place))
        return places

    def install(self, files: Sequence[Path]) -> None:
        """Have apt install packages that are files."""
        self.run("apt-get", "install", "-y", "--no-install-recommends", *self.brought(files))

    def property(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", "--property", name, "--value", unit).strip()

    def signal(self, unit: str, name: str) -> None:
        """Send a signal to the main process of a unit, as the kernel would."""
        self.run("kill", f"-{name}", self.property(unit, "MainPID"))

    def until_replaced(self, unit: str, before: str, patience_s: float) -> None:
        """Wait until another process than `before` is the main one of a unit."""

        def other() -> bool | None:
            return self.property(unit, "MainPID") not in {before, "0"} or None

        until(other, f"{unit} runs again", patience_s)

    def put(self, path: str, text: str | bytes, mode: int = 0o644) -> None:
        """Write a file in it."""
        inside = self.path(path)
        inside.parent.mkdir(parents=True, exist_ok=True)
        inside.write_bytes(text.encode() if isinstance(text, str) else text)
        inside.chmod(mode)

    def path(self, path: str) -> Path:
        """Where a file of its root is, seen from outside."""
        return self.root / path.lstrip("/")

    def journal(self, unit: str, lines: int = 30) -> str:
        """The last words of a unit."""
        return self.run("journalctl", "--unit", unit, "--lines", str(lines), "--no-pager", may_fail=True)

    def last_words(self) -> str:
        """What all of it said last; what was on the console where it is off."""
        if not self._leader:
            return self.console.read_text(errors="replace") if self.console.exists() else ""
        return self.run("journalctl", "--lines", "2000", "--no-pager", "--no-hostname", may_fail=True)

    def _first_process(self) -> int | None:
        assert self._nspawn is not None, "it was started"
        if self._nspawn.poll() is not None:
            raise FellError(f"systemd-nspawn ended: {self.console.read_text(errors='replace')[-500:]}")
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        found = [int(pid) for pid in children if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd"]
        return found[0] if found else None

    def _answers(self) -> bool:
        return bool(self.ask("systemctl", "is-system-running").stdout.strip() not in {"", "offline"})

    def _ended(self) -> None:
        assert self._nspawn is not None, "it was started"
        try:
            self._nspawn.wait(_POWER_OFF_S)
        except subprocess.TimeoutExpired:
            raise FellError(f"{self.name} was not off within {_POWER_OFF_S:.0f} s") from None
        self._nspawn, self._leader = None, 0
