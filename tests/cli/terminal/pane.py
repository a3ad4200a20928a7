"""A real terminal: a pane of tmux, 80 columns wide, what it shows, and what is typed into it."""

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final

import pytest

from tests.agent.line_world import until

COLUMNS: Final = 80
_ROWS: Final = 250
_TMUX: Final = shutil.which("tmux")
# A machine under load may be slow; what is not there after so long never will be.
_PATIENCE_S: Final = 60.0
_PAUSE: Final = threading.Event()  # nobody sets it


class Pane:
    """One pane; without a shell what is written to `terminal` is shown as it comes."""

    def __init__(self, place: Path, shell: str = "exec sleep infinity") -> None:
        self._shell = shell
        if _TMUX is None:
            pytest.skip("tmux is not installed here")
        self._tmux = [_TMUX, "-u", "-f", "/dev/null", "-S", str(place / "tmux.sock")]

    def __enter__(self) -> "Pane":
        size = ("-x", str(COLUMNS), "-y", str(_ROWS))
        self._do("new-session", "-d", *size, self._shell)
        self._do("set", "-g", "status", "off")
        self._do("resize-window", *size)
        self.terminal = os.open(self._do("display", "-p", "#{pane_tty}").strip(), os.O_RDWR | os.O_NOCTTY)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.terminal)
        self._do("kill-server")

    def clear(self) -> None:
        """A new page."""
        os.write(self.terminal, b"\x1bc")
        until(lambda: not self._do("capture-pane", "-p").strip(), "an empty page")
        self._do("clear-history")

    def shown(self) -> str:
        """What stands there, with the escape codes of its colours; a line that was too long is one again."""
        os.write(self.terminal, f"\r\n{_END}".encode())
        until(lambda: _END in self._do("capture-pane", "-p", "-S", "-"), "the end of the page")
        return self._do("capture-pane", "-p", "-e", "-J", "-S", "-").rsplit(_END, 1)[0].rstrip()

    def keys(self, *keys: str) -> None:
        """Type these, named as tmux names keys."""
        self._do("send-keys", *keys)

    def typed(self, text: str) -> None:
        """Type this as it stands, without Enter."""
        self._do("send-keys", "-l", text)

    def page(self) -> str:
        """What stands there now, without colours."""
        return self._do("capture-pane", "-p", "-J", "-S", "-")

    def until(self, text: str) -> None:
        """Wait until it is there."""
        self.until_seen(text, 1)

    def until_seen(self, text: str, times: int) -> None:
        """Wait until it is there so many times."""
        ends = time.monotonic() + _PATIENCE_S
        while (page := self.page()).count(text) < times:
            assert time.monotonic() < ends, f"{text!r} is not on the page {times} times:\n{page.rstrip()}"
            _PAUSE.wait(0.02)

    def _do(self, *words: str) -> str:
        return subprocess.run([*self._tmux, *words], check=True, capture_output=True, text=True).stdout


_END: Final = "~~ the end ~~"
