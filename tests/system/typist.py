"""A person who follows a page of docs/ at a machine of their own: types its lines, reads what is said."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from tests.docs.blocks import typed
from tests.system.hands import Terminal
from tests.system.machine import Machine
from tests.system.packages import Packages
from tests.system.step import FellError

READER: Final = "installer"
HOME: Final = f"/home/{READER}"
# The longest is the installation of the camera's libraries; a busy machine takes three times as long.
_LINE_S: Final = 180.0


def lines(page: str) -> list[str]:
    """What a page has somebody type, without what is explained beside it: behind a # or four spaces."""
    return [re.split(r"\s+#\s|\s{4,}(?=[^\s-])", each.text)[0] for each in typed() if each.page == page]


def same(page: Sequence[str], hands: Mapping[str, Callable[..., object]]) -> None:
    """Raise FellError where a page and those who type its lines differ."""
    if page != [*hands]:
        raise FellError(
            f"the page and what is done here differ in {sorted(set(page) ^ set(hands))}, or in order"
        )


def of_today(line: str, packages: Packages) -> str:
    """The line with our packages: the version and the architecture of the page's are those of its day."""
    return re.sub(r"\./([a-z-]+)_\S+\.deb", lambda found: f"./{packages.files[found[1]].name}", line)


class Typist:
    """Somebody at the machine `at`, who may use sudo there."""

    def __init__(self, at: Machine) -> None:
        self.at = at
        self.folder = HOME
        """Where they are while they type."""

    def moves_in(self, packages: Packages) -> None:
        """Make them known to the machine that they are at, and give them the packages."""
        self.at.run("useradd", "--create-home", "--shell", "/bin/bash", READER)
        self.at.put("/etc/sudoers.d/reader", f"{READER} ALL=(ALL) NOPASSWD: ALL\n", mode=0o440)
        self.at.put("/etc/hosts", self.at.path("/etc/hosts").read_text() + "127.0.1.1 opos\n")
        for file in packages.files.values():
            shutil.copyfile(file, self.at.path(f"{HOME}/{file.name}"))

    def type(self, line: str) -> str:
        """Type a line, read to its end what it says; it has to end well."""
        with self.begin(line) as terminal:
            if code := terminal.ended():
                raise FellError(f"`{line}` ended with {code}: {terminal.seen[-2000:]}")
        return terminal.seen

    def begin(self, line: str) -> Terminal:
        """The same, and somebody is going to answer."""
        return Terminal(self.at.words(*self._typed(line)), _LINE_S)

    @contextmanager
    def runs(self, line: str) -> Iterator[Terminal]:
        """Type a line that runs until Ctrl-C, which comes at the end; it has to end well then."""
        with Terminal(self.at.words(*self._typed(line, "--pty")), _LINE_S) as terminal:
            yield terminal
            terminal.interrupt()
            if code := terminal.ended():
                raise FellError(f"`{line}` ended with {code} at Ctrl-C: {terminal.seen[-2000:]}")

    def _typed(self, line: str, *options: str) -> tuple[str, ...]:
        return ("runuser", *options, "--login", READER, "--command", f"cd {self.folder} && {line}")
