"""The crowd: all objects of a fleet at their lines, and who of them sells when."""

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import Any, Final

import msgspec

from simulators.fleet.contract import BadWordError, Checker, Key, encode, read_receipt, root_of
from simulators.fleet.line import Line
from simulators.fleet.shift import Shift, Where
from simulators.fleet.trader import Believed, Trader

TENANT: Final = "fleet"
SITE: Final = "harbour"

# How often everybody is asked whether a receipt is overdue or a state is to be told.
_ROUND_S: Final = 0.1
_MISC_EVERY: Final = 10
# A console needs no more.
_STATE_EVERY_NS: Final = 1_000_000_000


class Tally(msgspec.Struct):
    """What was counted about all lines."""

    refused: int = 0
    taken_ns: list[int] = []  # how long the broker took for each message
    lost_lines: int = 0
    false_receipts: int = 0


class Member:
    """An object of the crowd: a trader at its line."""

    def __init__(self, name: str, where: Where, trusted: Sequence[Checker], tally: Tally, seed: int) -> None:
        self.trader: Final = Trader(name, seed)
        self._trusted, self._tally = trusted, tally
        self._line = Line(where, root_of(TENANT, SITE, name), self)
        self._told = b""
        self._state_due_ns = 0
        self.is_linked = False

    @property
    def key(self) -> Key:
        """What it signs with."""
        return self.trader.book.key

    def open(self) -> None:
        """Begin its journal."""
        self.trader.open(time.monotonic_ns(), _wall_ms())

    def connect(self) -> None:
        """Open its line."""
        self._line.connect()

    def sell(self) -> None:
        """Sell one basket, and say so at once if there is a line."""
        wall_ms = _wall_ms()
        date = datetime.fromtimestamp(wall_ms / 1000, UTC).date().isoformat()
        self.trader.sell(time.monotonic_ns(), wall_ms, date)
        self._pump()

    def round(self, *, misc: bool) -> None:
        """What time alone brings."""
        if misc:
            self._line.tick()
        if self.is_linked:
            self.trader.tick(time.monotonic_ns())
            self._pump()
            self._tell()

    def leave(self) -> None:
        """Close its line."""
        self._line.close()

    def linked(self) -> None:
        """The line holds."""
        self.is_linked, self._told = True, b""
        self.trader.linked(time.monotonic_ns())
        self._pump()
        self._tell()

    def unlinked(self) -> None:
        """The line is gone."""
        self.is_linked = False
        self._tally.lost_lines += 1
        self.trader.unlinked()

    def heard(self, payload: bytes) -> None:
        """A receipt came."""
        try:
            believed = self.trader.heard(read_receipt(payload, self._trusted), time.monotonic_ns())
        except BadWordError:
            believed = Believed.FALSE
        self._tally.false_receipts += believed is Believed.FALSE
        self._pump()

    def taken(self, wait_ns: int) -> None:
        """The broker has taken a message."""
        self._tally.taken_ns.append(wait_ns)

    def refused(self) -> None:
        """The broker did not take something."""
        self._tally.refused += 1

    def _pump(self) -> None:
        while self.is_linked and (frame := self.trader.frame(time.monotonic_ns())) is not None:
            if not self._line.say("journal", frame):
                break  # it counts as out, and goes again when nobody answers

    def _tell(self) -> None:
        """Say how it stands, as objects do: when something changed, and not too often."""
        book = self.trader.book
        state = encode({"epoch": book.epoch, "head": book.head, "acked": self.trader.acked})
        now_ns = time.monotonic_ns()
        if state == self._told or now_ns < self._state_due_ns:
            return
        whole = {"online": True, **msgspec.json.decode(state), "at_ms": _wall_ms()}
        if self._line.say("state", encode(whole), retain=True):
            self._told, self._state_due_ns = state, now_ns + _STATE_EVERY_NS


class Crowd:
    """All members; `work` runs beside whatever else is done with them."""

    def __init__(self, shift: Shift, tag: str, where: Where, trusted: Sequence[Checker]) -> None:
        self.tally: Final = Tally()
        names = [f"fleet-{tag}-{number:04d}" for number in range(shift.objects)]
        self.members: Final = [Member(name, where, trusted, self.tally, shift.seed) for name in names]
        self._shift = shift
        for member in self.members:
            member.open()
            for _ in range(shift.offline):
                member.sell()

    @property
    def is_linked(self) -> bool:
        """Whether every object has its line."""
        return all(member.is_linked for member in self.members)

    @property
    def is_confirmed(self) -> bool:
        """Whether every object has a receipt for everything."""
        return all(member.trader.is_confirmed for member in self.members)

    @property
    def acked(self) -> int:
        """How many entries are confirmed."""
        return sum(member.trader.acked for member in self.members)

    @property
    def total_minor(self) -> int:
        """What was taken."""
        return sum(member.trader.total_minor for member in self.members)

    def addresses(self) -> list[dict[str, Any]]:
        """Who they are, as a hub admits them."""
        where = {"tenant": TENANT, "site": SITE}
        return [{"object": each.trader.book.dev, **where, "key": each.key.public} for each in self.members]

    async def connect(self) -> None:
        """Open all lines, one right after the other."""
        for member in self.members:
            member.connect()
            await asyncio.sleep(0)  # whoever was first hears its answers meanwhile

    async def work(self) -> None:
        """Look after everybody, for ever."""
        rounds = 0
        while True:
            await asyncio.sleep(_ROUND_S)
            rounds += 1
            for member in self.members:
                member.round(misc=rounds % _MISC_EVERY == 0)

    async def sell(self) -> None:
        """Sell through the shift, each object as often as the others and at its own moments."""
        luck = random.Random(self._shift.seed)  # noqa: S311 - a shopper's whim, not a secret
        seconds = self._shift.minutes * 60
        sellers = islice(cycle(self.members), self._shift.live)
        moments = [(luck.uniform(0, seconds), member) for member in sellers]
        began_s = time.monotonic()
        for moment_s, member in sorted(moments, key=lambda each: each[0]):
            if (ahead_s := began_s + moment_s - time.monotonic()) > 0:
                await asyncio.sleep(ahead_s)
            member.sell()

    def leave(self) -> None:
        """Close all lines."""
        for member in self.members:
            member.leave()


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
