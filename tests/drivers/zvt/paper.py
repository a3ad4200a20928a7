"""A terminal on paper: the bytes that it says, written down in the test that needs them."""

import functools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.commands import Command
from edge.drivers.driver import Driver
from edge.drivers.profiles import Profile, load
from edge.drivers.registry import driver_for
from edge.readings import Nanoseconds, Reading, TerminalReady, TerminalResult
from tests.drivers.talk import Talk

DATA = Path(__file__).parents[3] / os.environ.get("OPOS_DATA", "../shared/data") / "payments" / "zvt"

YES = "800000"
REGISTERED = "060F0A19002912345678490978"
APPROVED = (
    "040F342700040000000019954909780B0000420C1430150D1122870017291234567822F0F8476173EEEEEE01198A0A8BF0F5"
    "5649534100"
)
DECLINED = "040F112721040000000019954909782912345678"


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of a public file; without it the test is skipped."""
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"no public captures at {path}: set OPOS_DATA")
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def messages() -> Iterator[tuple[str, bytes]]:
    """Every whole message of the public files, by the row it is from."""
    for row in rows("captures.json") + rows("status_information.json"):
        yield row["id"], bytes.fromhex(row["hex"])
    for row in rows("dialogues.json"):
        yield from ((row["id"], bytes.fromhex(each)) for _, each in row["steps"] if each != "<silence>")
    for row in rows("tcp_fragments.json"):
        yield row["id"], bytes.fromhex("".join(row["tcp_segments"]))


@functools.cache
def _known(profile: str) -> Profile:
    """Profiles are looked for in every package that is installed: once is enough."""
    return load(profile)


def fresh(profile: str = "zvt-tcp", **settings: Any) -> Driver:
    known = _known(profile)
    return driver_for(msgspec.structs.replace(known, settings=known.settings | settings))


class Desk(Talk):
    """A driver before a terminal that a test plays: hexadecimal in, hexadecimal out."""

    def __init__(self, profile: str = "zvt-tcp", **settings: Any) -> None:
        super().__init__(fresh(profile, **settings))

    def order(self, command: Command) -> list[Reading]:
        """What a runtime does with a command: hand it over, and take a turn."""
        self.driver.command(command)  # type: ignore[attr-defined]
        return [*self.driver.tick(self.now)]

    def terminal(self, *said: str) -> list[Reading]:
        """What the driver makes of it; a result is told before its answer leaves."""
        return [reading for each in said for reading in self.hear(bytes.fromhex(each))]

    def sent(self) -> str:
        return self.said().hex().upper()

    def registered(self) -> "Desk":
        assert self.sent().startswith("0600")
        readings = self.terminal(YES, REGISTERED)
        assert TerminalReady("12345678", "EUR") in readings
        assert self.sent() == YES
        return self

    def lost(self) -> list[Reading]:
        """The port is lost, and opened again."""
        self.now = Nanoseconds(self.now + 1_000_000_000)
        self.driver.opened(self.now)
        return [*self.driver.tick(self.now)]


def results(readings: list[Reading]) -> list[TerminalResult]:
    return [each for each in readings if isinstance(each, TerminalResult)]
