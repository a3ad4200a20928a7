"""What every script works with: setup, books, answers that were given, hands' settings and the clock."""

from datetime import UTC, datetime
from typing import Final

from simulators.devices.device import RefusedError
from simulators.terminals.nexo.books import Books, Names
from simulators.terminals.nexo.hand import Decline, Host, Mischief, Trouble
from simulators.terminals.nexo.setup import UNIQUE_S, Setup, Told, World

SECOND_NS: Final = 1_000_000_000
# A busy till asks for the last few; a status for one before these is NotFound.
TOLD_MAX: Final = 500
# Two days of a till that asks every ten seconds; older ones make room.
USED_MAX: Final = 20_000


class Desk:
    """All that outlives a script; `now_ns` is kept by the terminal, `began_ns` is the time of its zero."""

    def __init__(self, setup: Setup, began_ns: int) -> None:
        self.setup = setup
        self.world = World()
        self.now_ns = 0
        self._began_ns = began_ns

    @property
    def books(self) -> Books:
        """The terminal's own."""
        return self.world.books

    @property
    def now_s(self) -> int:
        """Seconds since 1970, by its clock."""
        return (self._began_ns + self.now_ns) // SECOND_NS

    def at(self) -> str:
        """The time that its clock shows, as the messages have it."""
        return datetime.fromtimestamp(self.now_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def names(self) -> Names:
        """Call a transaction as no other was called."""
        self.books.count += 1
        tender = f"s1m0{self.now_s:010d}{self.books.count:06d}"
        psp = f"88{self.now_s:010d}{self.books.count % 10_000:04d}"
        return Names(f"{tender}.{psp}", psp, self.at())

    def takes(self, mischief: Mischief) -> bool:
        """Whether this goes wrong now; it is used up."""
        left = self.world.troubles.get(mischief, 0)
        if left > 1:
            self.world.troubles[mischief] = left - 1
        elif left:
            del self.world.troubles[mischief]
        return left > 0

    def arrange(self, order: Decline | Host | Trouble) -> None:
        """Set what stays as it is set."""
        match order:
            case Decline(times=times, reason=reason):
                self.world.declines, self.world.decline_reason = times, reason
            case Host():
                self.world.host = order
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

    # What tills have asked.

    def uses(self, sale_id: str, service_id: str) -> bool:
        """Whether this ServiceID is new; it is used up for two days, by this till."""
        used = self.world.used_s
        name = f"{sale_id} {service_id}"
        fresh = self.now_s - used.get(name, self.now_s - UNIQUE_S) >= UNIQUE_S
        used.pop(name, None)
        used[name] = self.now_s
        while len(used) > USED_MAX:
            del used[next(iter(used))]
        return fresh

    def keep(self, told: Told) -> None:
        """Remember an answer that may be asked for again."""
        self.world.told = [*self.world.told[1 - TOLD_MAX :], told]

    def told(self, category: str, sale_id: str, service_id: str) -> Told | None:
        """The newest answer to this question."""
        about = (category, sale_id, service_id)
        return next((each for each in reversed(self.world.told) if _about(each) == about), None)

    def told_before(self, told: Told | None) -> Told | None:
        """The answer that was given before this one; the newest one when this is none."""
        row = self.world.told
        at = row.index(told) if told in row else len(row)
        return row[at - 1] if at else None


def _about(told: Told) -> tuple[str, str, str]:
    return told.category, told.sale_id, told.service_id
