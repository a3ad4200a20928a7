"""A receipt printer that takes ESC/POS: it prints at the speed of its paper, and waits while it is offline.

Sources: Epson TM-T88 and TM-U220 manuals, Bixolon SRP-350 command manual, Citizen iDP-3221 and CBM-1000
manuals. What is asked by DLE EOT, DLE ENQ and DLE DC4 is done when it comes in, all else in its turn.
"""

import random
from collections import deque
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import SAID_FRAMES_MAX, RefusedError, read_order, understood
from simulators.devices.outputs.escpos_language import Command, Reader, RealTime
from simulators.devices.outputs.escpos_paper import Roll, State, World
from simulators.devices.outputs.escpos_press import Press
from simulators.devices.outputs.escpos_status import (
    Condition,
    automatic,
    identity,
    in_turn,
    real_time,
    watched,
)

SECOND_NS: Final = 1_000_000_000
MS: Final = 1_000_000
XON, XOFF = b"\x11", b"\x13"
# The host is stopped with so much room left in the buffer, and goes on with so much.
XOFF_BYTES, XON_BYTES = 128, 256
# What a printer watches by itself when its switch for that is on.
WATCHED_AT_START: Final = 2


class ChangePaper(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="paper"):
    """A hand puts a roll in, nearly empties it, or takes it out; `lines` is how much is on it."""

    state: State = "ok"
    lines: Annotated[int, Meta(ge=1, le=100_000)] | None = None


class MoveCover(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="cover"):
    """A hand opens or closes the cover."""

    open: bool


class MoveDrawer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="drawer"):
    """A hand opens the cash drawer with its key, or closes it."""

    open: bool


class Jam(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="jam"):
    """The knife of the cutter is stuck."""


class Mend(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="mend"):
    """A hand sets the knife free."""


class Tear(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="tear"):
    """A hand takes what was cut off, and tears off what hangs out."""


Hand = ChangePaper | MoveCover | MoveDrawer | Jam | Mend | Tear
VERBS: Final[tuple[str, ...]] = ("paper", "cover", "drawer", "jam", "mend", "tear")


class EscPos:
    """The printer: commands wait in its buffer until the paper has moved, and while it is offline."""

    kind = "esc-pos"
    terminator = b""
    verbs: tuple[str, ...] = VERBS

    def __init__(self, _luck: random.Random, setup: "Part") -> None:
        self.baud = setup.baud
        self._setup = setup
        self._roll = Roll(setup.roll_lines, setup.near_end_lines, setup.cutter_lines)
        self.power_on(0)

    def power_on(self, now_ns: int, /) -> None:
        """Start over: what was received and not yet printed is lost."""
        self._reader, self._real_time = Reader(), RealTime()
        self._press = Press(self._roll, self._setup.columns, SECOND_NS // self._setup.lines_a_second)
        self._waiting: deque[Command] = deque()
        self._waiting_bytes = 0
        self._held_back = False
        self._free_ns = now_ns
        boot_ns = MS * self._setup.boot_ms
        self._boots_until_ns = now_ns + boot_ns if boot_ns else None
        self._hot_until_ns: int | None = None
        self._said: list[bytes] = []
        self._watch(WATCHED_AT_START if self._setup.watches_at_start else 0)

    # The hand.

    def shake(self, until_ns: int, /) -> None:
        """Let the head be too hot to print until then."""
        self._hot_until_ns = until_ns or None

    def obey(self, order: Mapping[str, Any], now_ns: int, /) -> None:
        """Do what a hand asks."""
        hand: Hand = read_order(order, VERBS, Hand)
        self._work(now_ns)
        self._move(hand)
        self._go_on(now_ns)

    def world(self) -> dict[str, Any]:
        """Say what is on the paper, and what a hand moved."""
        told: dict[str, Any] = msgspec.to_builtins(self._roll.world)
        return told

    def restore(self, world: Mapping[str, Any], _now_ns: int, /) -> None:
        """Put everything back as `world` had it."""
        self._roll.world = understood(world, World, "the printer")

    def _move(self, hand: Hand) -> None:
        world = self._roll.world
        match hand:
            case ChangePaper(state=state, lines=lines):
                if state == "out" and lines:
                    raise RefusedError("no roll has no lines: leave them out, or put a roll in")
                self._roll.put_in(state, lines)
            case MoveCover(open=is_open):
                world.cover_open = is_open
            case MoveDrawer(open=is_open):
                world.drawer_open = is_open
            case Jam():
                world.jammed = True
            case Mend():
                world.jammed = False
            case Tear():
                self._roll.tear()

    # The cable.

    @property
    def wakes_ns(self) -> int | None:
        """When the paper stands still and something waits to be printed, or the head is cool again."""
        if self._boots_until_ns is not None:
            return self._boots_until_ns
        wakes = [] if self._hot_until_ns is None else [self._hot_until_ns]
        if self._waiting and self._condition.online:
            wakes.append(self._free_ns)
        return min(wakes, default=None)

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take bytes from the host; what the buffer has no room for is lost, and all while it starts."""
        self._work(now_ns)
        if self._boots_until_ns is not None:
            return
        start = 0
        for request, end in self._real_time.find(data):
            self._receive(data[start:end])
            self._do_at_once(request)
            start = end
        self._receive(data[start:])
        self._go_on(now_ns)

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give what is to be said by now."""
        self._work(now_ns)
        self._go_on(now_ns)
        said, self._said = self._said, []
        return said

    def _receive(self, data: bytes) -> None:
        # A long command counts from its last byte on, and may fill the buffer beyond its brim.
        room = max(0, self._setup.buffer_bytes - self._waiting_bytes)
        self._roll.world.lost_bytes += max(0, len(data) - room)
        for command in self._reader.take(data[:room]):
            self._waiting.append(command)
            self._waiting_bytes += command.size

    def _say(self, data: bytes) -> None:
        if data and self._setup.answers and len(self._said) < SAID_FRAMES_MAX:
            self._said.append(data)

    def _go_on(self, now_ns: int) -> None:
        """Print from now on, if it can, and say what has changed."""
        if self._boots_until_ns is not None:
            return
        self._free_ns = max(self._free_ns, now_ns)
        self._work(now_ns)
        self._report()
        self._hold_back()

    def _work(self, now_ns: int) -> None:
        """Do all that its time has come for."""
        if self._boots_until_ns is not None and now_ns >= self._boots_until_ns:
            self._boots_until_ns = None
        if self._hot_until_ns is not None and now_ns >= self._hot_until_ns:
            self._free_ns = max(self._free_ns, self._hot_until_ns)
            self._hot_until_ns = None
        while self._waiting and self._free_ns <= now_ns and self._condition.online:
            command = self._waiting.popleft()
            self._waiting_bytes -= command.size
            self._do(command)

    def _hold_back(self) -> None:
        """Stop the host before the buffer is full, where the line has a way to say that."""
        if self._setup.flow == "none":
            return
        room = self._setup.buffer_bytes - self._waiting_bytes
        if self._held_back and room >= XON_BYTES:
            self._held_back = False
            self._say(XON)
        elif not self._held_back and room <= XOFF_BYTES:
            self._held_back = True
            self._say(XOFF)

    # What it says of itself.

    @property
    def _condition(self) -> Condition:
        world = self._roll.world
        return Condition(
            pin_high=world.drawer_open == (self._setup.drawer_open_is == "high"),
            cover_open=world.cover_open,
            jammed=world.jammed,
            hot=self._hot_until_ns is not None,
            near_end=self._roll.near_end,
            out=self._roll.out,
        )

    def _watch(self, watch: int) -> None:
        self._watched = watch & 0x0F
        self._told: tuple[int, ...] = ()

    def _report(self) -> None:
        """Say the status by itself, if anything that is watched is not as it was told."""
        condition = self._condition
        if self._watched and (news := watched(condition, self._watched)) != self._told:
            self._told = news
            self._say(automatic(condition))

    def _do_at_once(self, request: bytes) -> None:
        match request[1]:
            case 0x04:
                self._say(real_time(self._condition, request[2]))
            case 0x05:
                if request[2] == 2 and self._condition.error:
                    self._clear_buffers()
            case _:
                if request[3] == 0 and not self._condition.error:
                    self._press.kick()

    def _clear_buffers(self) -> None:
        self._reader.forget()
        self._waiting.clear()
        self._waiting_bytes = 0
        self._press.drop_line()

    # What it does in its turn.

    def _do(self, command: Command) -> None:
        """What concerns the line is done here, all else by the press."""
        match command.name:
            case b"\x1b@":
                self._press.initialise()
                if self._setup.reset_stops_watching:
                    self._watch(WATCHED_AT_START if self._setup.watches_at_start else 0)
            case b"\x1da":
                self._watch(command.rest[0])
                self._report()
            case b"\x1dr":
                self._say(in_turn(self._condition, command.rest[0]))
            case b"\x1dI":
                self._say(identity(command.rest[0]))
            case _:
                self._free_ns += self._press.do(command)


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such a printer on a bench.

    `near_end_lines` is how much is left when the near-end sensor sees it, 0 a printer without one;
    `cutter_lines` is how far above the head the knife is; `boot_ms` is for how long it is deaf when its power
    comes. `answers` false is a clone that never says anything. `reset_stops_watching`: whether ESC @ ends
    what GS a began. `drawer_open_is` is the level of pin 3 when the drawer is open: it depends on the drawer.
    """

    baud: Literal[2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200] = 9600
    columns: Annotated[int, Meta(ge=16, le=80)] = 42
    lines_a_second: Annotated[int, Meta(ge=1, le=1000)] = 40
    roll_lines: Annotated[int, Meta(ge=1, le=100_000)] = 20_000
    near_end_lines: Annotated[int, Meta(ge=0, le=5000)] = 300
    cutter_lines: Annotated[int, Meta(ge=0, le=10)] = 4
    buffer_bytes: Annotated[int, Meta(ge=512, le=1_048_576)] = 65_536
    flow: Literal["none", "xon-xoff"] = "none"
    boot_ms: Annotated[int, Meta(ge=0, le=60_000)] = 1000
    answers: bool = True
    watches_at_start: bool = False
    reset_stops_watching: bool = True
    drawer_open_is: Literal["high", "low"] = "high"

    def device(self, luck: random.Random) -> EscPos:
        """Make the printer."""
        return EscPos(luck, self)
