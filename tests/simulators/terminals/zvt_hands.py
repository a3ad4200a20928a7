"""A till that knows nothing but bytes, and a terminal to try it on."""

import json
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from simulators.devices.catalogue import part
from simulators.devices.device import Device
from simulators.terminals.zvt.apdu import first
from simulators.terminals.zvt.fields import fields, number

DATA = Path(os.environ.get("OPOS_DATA", Path(__file__).parents[4] / "shared" / "data")) / "payments" / "zvt"
SECOND_NS = 1_000_000_000
YES = "800000"
# 2026-11-22, 14:30:15 UTC.
NOON_NS = 1_795_357_815 * SECOND_NS
REGISTER_QUIET = "06000600000000" + "0978"
REGISTER_TALKING = "06000600000008" + "0978"
REGISTER_PRINTING = "060006000000" + "8E" + "0978"
REGISTER_BLOCKS = "060010000000BA09780301060626040A0206D3"
PAY_1995 = "06010C040000000019954909781940"
REPEAT = "062003000000"
CLOSE_DAY = "065003000000"
STATUS, COMPLETION, ABORT = "040F", "060F", "061E"


def rows(file: str) -> list[dict[str, Any]]:
    """A file of public vectors; the test is skipped where it is not at hand."""
    if not DATA.is_dir():
        pytest.skip(f"the public vectors are not at {DATA}: set OPOS_DATA")
    told: list[dict[str, Any]] = json.loads((DATA / file).read_text(encoding="utf-8"))
    return told


def terminal(at: str = "tcp:127.0.0.1:0", **options: Any) -> Device:
    """A terminal that is on, at half past two; a card taps itself unless the options say otherwise."""
    quick = {"taps": "visa", "taps_after_ms": 0, "type": "zvt", "name": "terminal", "at": at}
    device = part({**quick, **options}).device(random.Random(1))
    device._desk._began_ns = NOON_NS  # type: ignore[attr-defined]
    device.power_on(0)
    return device


def reversal(receipt: int) -> str:
    """06 30."""
    return "063006000000" + f"87{receipt:04d}"


class Till:
    """Sends commands and answers whatever is said; time passes only where somebody has to wait."""

    def __init__(self, device: Device, now_ns: int = 0) -> None:
        self.device = device
        self.now_ns = now_ns
        self.heard: list[str] = []

    def send(self, command: str) -> list[str]:
        """Say something; what comes back at once."""
        self.device.hear(bytes.fromhex(command), self.now_ns)
        return self.listen()

    def listen(self) -> list[str]:
        """What the terminal says now, message by message."""
        said = b"".join(self.device.speak(self.now_ns))
        heard = []
        while found := first(said):
            heard.append(said[: found[1]].hex().upper())
            said = said[found[1] :]
        assert not said, "a message is cut"
        self.heard += heard
        return heard

    def wait(self, seconds: float) -> list[str]:
        """Let time pass, and hear what is said by then."""
        end_ns = self.now_ns + int(seconds * SECOND_NS)
        heard = []
        while (wakes_ns := self.device.wakes_ns) is not None and wakes_ns <= end_ns:
            self.now_ns = max(self.now_ns, wakes_ns)
            heard += self.listen()
        self.now_ns = end_ns
        return heard

    def do(self, command: str, answers: Sequence[str] = ()) -> list[str]:
        """A whole command, `answers` to the first statuses, yes to all else; what the terminal said."""
        left = list(answers)
        told = self.send(command)
        row = told[1:]
        for _ in range(2000):
            if not row:
                wakes_ns = self.device.wakes_ns
                if wakes_ns is None:
                    return told
                self.now_ns = max(self.now_ns, wakes_ns)
                row = self.listen()
                told += row
                continue
            message = row.pop(0)
            more = self.send(left.pop(0) if message.startswith(STATUS) and left else YES)
            told += more
            row += more
        raise AssertionError(f"the terminal never ends: {told[-5:]}")

    def hand(self, verb: str, **order: Any) -> None:
        """Let a hand do something."""
        self.device.obey({"verb": verb, **order}, self.now_ns)

    @property
    def books(self) -> dict[str, Any]:
        """What the terminal has written."""
        books: dict[str, Any] = self.device.world()["books"]
        return books

    @property
    def held(self) -> int:
        """The money that the acquirer owes the merchant."""
        held: int = self.device.world()["held_minor"]
        return held


def bmps(message: str) -> dict[int, bytes]:
    """The fields of a message."""
    found = first(bytes.fromhex(message))
    assert found
    return dict(fields(found[0].data))


def told_number(message: str, tag: int) -> int:
    """One BCD field of a message."""
    return number(bmps(message)[tag])


def ends(told: list[str]) -> str:
    """The last message."""
    return told[-1]


def statuses(told: list[str]) -> list[str]:
    """All 04 0F."""
    return [message for message in told if message.startswith(STATUS)]
