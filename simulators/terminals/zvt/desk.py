"""What every script of the terminal works with: setup, books, hands' settings, registration and the clock."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from simulators.devices.device import RefusedError
from simulators.terminals.zvt.books import Books, Entry
from simulators.terminals.zvt.conversation import Reply, Script, Step, say, until
from simulators.terminals.zvt.fields import TLV, fields, tlvs
from simulators.terminals.zvt.hand import Decline, Fail, Host, Mischief, Paper, Remove, Trouble
from simulators.terminals.zvt.paper import Line
from simulators.terminals.zvt.sayings import (
    BLOCK,
    REMOVE_CARD,
    Persona,
    abort,
    intermediate,
    print_block,
    print_lines,
)
from simulators.terminals.zvt.setup import Setup, World

SECOND_NS: Final = 1_000_000_000
# Receipts of its own that a terminal remembers.
PRINTED_MAX: Final = 5
MINUTE_MS: Final = 60_000
# The config byte of a registration.
PAYMENT_RECEIPTS, ADMIN_RECEIPTS, INTERMEDIATES, AS_LINES = 0x02, 0x04, 0x08, 0x80
# TLV: commands that the till permits, and one of them.
PERMITTED, COMMAND = 0x26, 0x0A


class Registration(msgspec.Struct, frozen=True):
    """What the till has asked for; without one it gets nothing that it did not ask for."""

    config: int = 0
    blocks: bool = False

    def wants(self, bit: int) -> bool:
        """Whether this bit of the config byte is set."""
        return bool(self.config & bit)


def registration(config: int, rest: bytes) -> Registration:
    """Read what follows the currency; UnreadableError when it is no body."""
    permitted = [
        command
        for bmp, inside in fields(rest)
        if bmp == TLV
        for tag, commands in tlvs(inside)
        if tag == PERMITTED
        for kind, command in tlvs(commands)
        if kind == COMMAND
    ]
    return Registration(config, BLOCK.to_bytes(2) in permitted)


class Desk:
    """All that outlives a script; `now_ns` is kept by the terminal, `began_ns` is the time of its zero."""

    def __init__(self, setup: Setup, began_ns: int) -> None:
        self.setup = setup
        self.world = World()
        self.persona = Persona(setup.terminal_id, setup.currency, setup.contract, setup.details, setup.shows)
        self.now_ns = 0
        self._began_ns = began_ns
        self._unsteady_until_ns = 0
        self.registration: Registration | None = None

    @property
    def books(self) -> Books:
        """The terminal's own."""
        return self.world.books

    @property
    def unsteady(self) -> bool:
        """Whether cards cannot be read now."""
        return self.now_ns < self._unsteady_until_ns

    def shake(self, until_ns: int) -> None:
        """Read no card until then."""
        self._unsteady_until_ns = until_ns

    def at(self) -> str:
        """The time that its clock shows, to the second."""
        seconds = (self._began_ns + self.now_ns) // SECOND_NS
        shown = datetime.fromtimestamp(seconds, UTC) + timedelta(minutes=self.setup.utc_offset_minutes)
        return shown.strftime("%Y-%m-%dT%H:%M:%S")

    def takes(self, mischief: Mischief) -> bool:
        """Whether this goes wrong now; it is used up."""
        left = self.world.troubles.get(mischief, 0)
        if left > 1:
            self.world.troubles[mischief] = left - 1
        elif left:
            del self.world.troubles[mischief]
        return left > 0

    def arrange(self, order: Decline | Fail | Host | Paper | Trouble) -> None:
        """Set what stays as it is set."""
        match order:
            case Decline(times=times, result=result):
                self.world.declines, self.world.decline_result = times, result
            case Fail(times=times, result=result):
                self.world.failures, self.world.failure_result = times, result
            case Host():
                self.world.host = order
            case Paper(state=state):
                self.world.paper = state
            case Trouble(what=what, times=times):
                self.world.troubles.pop(what, None)
                if times:
                    self.world.troubles[what] = times

    def put_in(self, card: str) -> None:
        """A card goes into the slot."""
        if self.world.slot:
            raise RefusedError(f"a card is in the slot: {self.world.slot}; remove it first")
        self.world.slot = card

    def take_out(self) -> None:
        """The card leaves the slot."""
        if not self.world.slot:
            raise RefusedError("no card is in the slot")
        self.world.slot = ""

    def settle_pending(self) -> None:
        """After a power cut: what the till has not acknowledged goes back, or stands, as it is set up."""
        for entry in self.books.pending():
            if self.setup.auto_reversal:
                self.books.reverse(entry, self.at(), auto=True)
            else:
                entry.state = "done"

    # What a registration asked for.

    def wants(self, bit: int) -> bool:
        """Whether the till has asked for this."""
        return self.registration is not None and self.registration.wants(bit)

    def prints_itself(self, bit: int) -> bool:
        """Whether receipts of this kind come out of the terminal's own roll."""
        return not self.wants(bit)


# Pieces of scripts.


def tell(desk: Desk, status: int, patience_ms: int | None = None) -> Script:
    """Say an intermediate status, if the till wants them."""
    if desk.wants(INTERMEDIATES):
        minutes = None if patience_ms is None else min(99, max(1, patience_ms // MINUTE_MS))
        yield from say(intermediate(status, minutes))


def print_out(desk: Desk, bit: int, kind: str, lines: list[Line]) -> Script:
    """Print on the own roll, or let the till print: as lines or as a block."""
    if desk.prints_itself(bit):
        kept = [*desk.world.printed, [line.text for line in lines]]
        desk.world.printed = kept[-PRINTED_MAX:]
        return
    if not desk.wants(AS_LINES) or desk.setup.receipts == "none":
        return
    registered = desk.registration is not None and desk.registration.blocks
    blocks = {"blocks": True, "lines": False}.get(desk.setup.receipts, registered)
    for apdu in [print_block(kind, lines)] if blocks else print_lines(lines):
        yield from say(apdu)


def card_out(desk: Desk) -> Script:
    """Wait until the card has left the slot; one that stays ends nothing."""
    if desk.world.slot:
        yield from tell(desk, REMOVE_CARD, desk.setup.remove_ms)
        yield from until(desk.setup.remove_ms, Remove)


def end(desk: Desk, error: int, currency: int | None = None) -> Script:
    """End a command that led to nothing."""
    yield from card_out(desk)
    yield from say(abort(error, currency))


def ask_host(desk: Desk) -> Generator[Step, Reply, bool]:
    """Let the host have its time; whether it can be reached at all."""
    yield from until(desk.world.host.delay_ms)
    return desk.world.host.reachable


def booked(desk: Desk, entry: Entry) -> Entry:
    """Write a transaction that the host has approved."""
    entry.trace, entry.receipt = desk.books.number()
    return desk.books.write(entry)
