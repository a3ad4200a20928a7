"""A pair of eyes and a finger before a glass: what it shows, what it counts, and a tap on it."""

from typing import Final, Literal

import httpx
import msgspec

from simulators.demo.asking import Dark, Line

_OFFERING: Final = frozenset({"product", "basket"})
_CLOSED: Final = frozenset({"unpaired", "out-of-service"})


class Amount(msgspec.Struct, frozen=True):
    """A price as the glass says it."""

    amount_minor: int
    currency: str


class _Charge(msgspec.Struct, frozen=True):
    total: Amount


class Look(msgspec.Struct, frozen=True):
    """What a glass shows, as far as a shopper cares; a tap must name its `number`."""

    screen: str
    number: int
    offline: bool = False
    units: int = 1
    charge: _Charge | None = None
    charged: _Charge | None = None

    @property
    def offer(self) -> Amount | None:
        """What "Buy now" would cost; None where there is no such button."""
        return self.charge.total if self.charge is not None and self.screen in _OFFERING else None

    @property
    def paid(self) -> Amount | None:
        """What "It's yours" says was charged; None on any other screen."""
        return self.charged.total if self.charged is not None and self.screen == "done" else None

    @property
    def open(self) -> bool:
        """Whether goods can be bought here, once there are some."""
        return self.screen not in _CLOSED


class Status(msgspec.Struct, frozen=True):
    """What an object tells of its books and its line."""

    head: int
    acked: int
    unsynced: int
    online: bool
    sales: int


class _Answer(msgspec.Struct, frozen=True):
    answer: Literal["accepted", "stale", "refused"]


class Glass:
    """The glass at `url`."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self.url = url
        self._line = Line(client, url)

    async def look(self) -> Look | Dark:
        """What it shows."""
        return await self._line.get("/state", Look)

    async def status(self) -> Status | Dark:
        """What it counts."""
        return await self._line.get("/status", Status)

    async def tap(self, action: Literal["buy", "done"], number: int) -> str | Dark:
        """Tap on what was painted as `number`; the answer says whether it counted."""
        body = {"action": action, "screen": number, "value": None}
        answer = await self._line.post("/tap", _Answer, body)
        return answer if isinstance(answer, Dark) else answer.answer
