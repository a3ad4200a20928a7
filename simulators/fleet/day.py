"""A day of a fleet: it is admitted, it sells, and what the hub has counted is held against its books."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import httpx

from simulators.demo.bad_days import BadDayError
from simulators.fleet.crowd import Crowd
from simulators.fleet.place import HubFigures, admit, cpu_s, figures, troubles, trusted
from simulators.fleet.report import Report, Took, report_of
from simulators.fleet.sales import CURRENCY
from simulators.fleet.shift import Place, Shift

# Nothing new for so long, neither a line nor a receipt nor a figure: nothing more will come.
PATIENCE_S: Final = 60.0

Progress = Callable[[Crowd], None]

# How often a person is shown how far it is, and how often the hub is asked whether it has counted all.
_SHOW_S: Final = 0.2
_ASK_S: Final = 0.05
# How soon it is seen that a whole fleet is through.
_LOOK_S: Final = 0.01

FLEET: Final = "fleet"


async def spend(shift: Shift, place: Place, progress: Progress) -> Report:
    """Be the fleet through one shift. Raises BadDayError when nobody lets it begin."""
    crowd = Crowd(shift, secrets.token_hex(3), place.broker, await trusted(place))
    await admit(place, crowd.addresses())
    refused_before = await troubles(place)
    async with httpx.AsyncClient() as client, _at_work(crowd, progress):
        before = await figures(client, place)
        if before is None:
            raise BadDayError(f"No hub answers at {place.hub_url}.")
        clock = _Clock(place)
        await crowd.connect()
        await _see(lambda: crowd.is_linked, lambda: sum(member.is_linked for member in crowd.members))
        linked_s = clock.seconds()
        if not crowd.is_linked:
            raise BadDayError(f"The broker gave no line to every object within {PATIENCE_S:.0f} s.")
        await _see(lambda: crowd.is_confirmed, lambda: crowd.acked)
        confirmed_s, last_s = clock.seconds(), 0.0
        if shift.live:
            await crowd.sell()
            last_s = clock.seconds()
            await _see(lambda: crowd.is_confirmed, lambda: crowd.acked)
        counted = await _counted(client, place, crowd, before)
        took = Took(linked_s, confirmed_s, clock.seconds() - last_s, clock.cpu_s())
    refused = crowd.tally.refused + await troubles(place) - refused_before
    return report_of(crowd, counted, refused, took)


class _Clock:
    """Time and CPU since the lines were opened."""

    def __init__(self, place: Place) -> None:
        self._pids = {FLEET: os.getpid(), **place.pids}
        self._began_s = time.monotonic()
        self._before_s = self._now()

    def seconds(self) -> float:
        """How long ago that was."""
        return time.monotonic() - self._began_s

    def cpu_s(self) -> dict[str, float]:
        """What each process has used since."""
        return {name: round(now - self._before_s[name], 2) for name, now in self._now().items()}

    def _now(self) -> dict[str, float]:
        """The CPU time of those who still live: one that was started again is another process."""
        known = {name: cpu_s(pid) for name, pid in self._pids.items()}
        return {name: seconds for name, seconds in known.items() if seconds is not None}


@asynccontextmanager
async def _at_work(crowd: Crowd, progress: Progress) -> AsyncIterator[None]:
    """The crowd at work while the block lasts; a room that fails ends the day."""
    work = [asyncio.create_task(crowd.work()), asyncio.create_task(_show(crowd, progress))]
    try:
        yield
    finally:
        crowd.leave()
        for task in work:
            task.cancel()
        await asyncio.wait(work)
    for task in work:
        if not task.cancelled():
            task.result()


async def _show(crowd: Crowd, progress: Progress) -> None:
    while True:
        progress(crowd)
        await asyncio.sleep(_SHOW_S)


class _Patience:
    """Patience that begins anew with everything that is new."""

    def __init__(self) -> None:
        self._seen: int | None = None
        self._until_s = 0.0

    def lasts(self, seen: int) -> bool:
        """Whether to wait on, as this much is seen now."""
        now_s = time.monotonic()
        if seen != self._seen:
            self._seen, self._until_s = seen, now_s + PATIENCE_S
        return now_s < self._until_s


async def _see(true: Callable[[], bool], so_far: Callable[[], int]) -> None:
    """Wait until it is so, or the patience is over: what is missing then is said by the report."""
    patience = _Patience()
    while not true() and patience.lasts(so_far()):
        await asyncio.sleep(_LOOK_S)


async def _counted(client: httpx.AsyncClient, place: Place, crowd: Crowd, before: HubFigures) -> HubFigures:
    """What the hub has counted of this crowd, once that is all of it or the patience is over."""
    patience = _Patience()
    while True:
        now = await figures(client, place) or HubFigures({}, before.money)
        money = now.money.get(CURRENCY, 0) - before.money.get(CURRENCY, 0)
        if money == crowd.total_minor or not patience.lasts(money):
            return HubFigures(now.sales, {CURRENCY: money})
        await asyncio.sleep(_ASK_S)
