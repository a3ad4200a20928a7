"""Hands at a machine: a person at its terminal, who types what is asked for, and a program that is told."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from tests.system.machine import Machine
from tests.system.step import FellError
from tests.system.waiting import LOOK_EVERY_S

Said = dict[str, Any]
"""One line of JSON."""

_COMMAND_S: Final = 180
_COLUMNS: Final = 80
_ROWS: Final = 24
# Colours, the cursor's ways and titles: what a terminal does not show as letters.
_UNSEEN: Final = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[@-_])")
_CHUNK_BYTES: Final = 64 * 1024


class Terminal:
    """A terminal of 80 columns in which one command runs; used as a context, it is closed at its end."""

    def __init__(self, command: Sequence[str], patience_s: float) -> None:
        self._patience_s = patience_s
        self._seen = ""
        self._read = 0
        self._ours, theirs = pty.openpty()
        os.set_blocking(self._ours, False)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_own,  # noqa: PLW1509  there are no threads yet
        )
        os.close(theirs)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    @property
    def seen(self) -> str:
        """All that it has said so far."""
        return self._seen

    def until(self, *patterns: str) -> re.Match[str]:
        """Read on until it says one of these; raises FellError."""
        either = re.compile("|".join(patterns))
        ends_s = time.monotonic() + self._patience_s
        while (found := either.search(self._seen, self._read)) is None:
            if not self._hear() or time.monotonic() > ends_s:
                raise FellError(f"waited for {' or '.join(patterns)}; said: {self._seen[-2000:]}")
        self._read = found.end()
        return found

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._ours, f"{line}\n".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self._ours, b"\x03")

    def ended(self) -> int:
        """Read to its end: its exit code."""
        ends_s = time.monotonic() + self._patience_s
        while self._hear():
            if time.monotonic() > ends_s:
                raise FellError(f"it has no end; said: {self._seen[-2000:]}")
        return self._process.wait(self._patience_s)

    def _hear(self) -> bool:
        """Listen for a moment; False once nobody is there any more."""
        ready, _, _ = select.select([self._ours], [], [], LOOK_EVERY_S)
        if not ready:
            return True
        try:
            heard = os.read(self._ours, _CHUNK_BYTES)
        except OSError:  # EIO: the last one who had it open is gone
            return False
        self._seen += _UNSEEN.sub("", heard.decode(errors="replace")).replace("\r\n", "\n")
        return bool(heard)


def _own() -> None:
    """In the new process: its terminal is the one that it was given, so that Ctrl-C reaches it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def told(machine: Machine, *command: str, hand: Callable[[Said], object]) -> list[Said]:
    """What a command says line by line, as a program reads it; `hand` hears each. Raises FellError."""
    words = machine.words("timeout", f"{_COMMAND_S}", *command)
    said: list[Said] = []
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None, "it is a pipe"
        for line in running.stdout:
            said.append(json.loads(line))
            hand(said[-1])
    if running.returncode:
        raise FellError(f"{machine.name}: `{' '.join(command)}` ended with {running.returncode}: {said[-3:]}")
    return said
