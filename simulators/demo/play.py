"""A script played in an open shop: each step until its effect is seen, and the books compared at the end."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from simulators.demo.asking import Dark
from simulators.demo.bad_days import BadDayError
from simulators.demo.bench import BenchRefusedError
from simulators.demo.chaos import Chaos
from simulators.demo.errands import opos, run
from simulators.demo.figures import (
    Books,
    Day,
    LedgerFigures,
    books_of_hub,
    books_of_objects,
    books_of_shoppers,
    report,
)
from simulators.demo.script import ALL, Step, Verb
from simulators.demo.shop import OpenShop
from simulators.demo.shopper import NotSeenError, Shopper
from simulators.demo.waiting import looks
from simulators.demo.world import CannotMoveError

# Receipts wait for an agent that backs off, after all its processes were killed one by one.
_LEVEL_PATIENCE_S: Final = 60.0


async def play(
    opened: OpenShop, steps: tuple[Step, ...], chaos: Chaos, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Play `steps` and report the day; raises BadDayError at a step whose effect is never seen."""
    began_s = time.monotonic()
    start = await _first_day(opened)
    for step in steps:
        if (name := chaos.strike(opened.supervisor)) is not None:
            tell(f"kill -9 {name}")
        tell(f"{time.monotonic() - began_s:5.1f} s  {step}")
        try:
            await _do(opened, step)
        except (NotSeenError, CannotMoveError, BenchRefusedError) as error:
            raise BadDayError(
                f"line {step.line} ({step}): {error}; see `tail {opened.layout.logs}/*.log`."
            ) from error
    end = await _level_day(opened)
    seconds = round(time.monotonic() - began_s, 1)
    return {**report(start, end), "seconds": seconds, "killed": chaos.killed}


async def _do(opened: OpenShop, step: Step) -> None:
    match step.verb:
        case Verb.WAIT:
            await wait_until_level(opened)
        case Verb.CUT | Verb.PLUG:
            chosen = opened.shoppers if step.object == ALL else [step.object]
            plugged = step.verb is Verb.PLUG
            await asyncio.gather(*(opened.shoppers[name].connect(plugged=plugged) for name in chosen))
        case _:
            await _shop(opened.shoppers[step.object], step)


async def _shop(shopper: Shopper, step: Step) -> None:
    match step.verb:
        case Verb.HOLD:
            await shopper.hold(step.item)
        case Verb.AWAY:
            await shopper.away()
        case Verb.TAKE:
            await shopper.take(step.item, step.count)
        case Verb.PUT_BACK:
            await shopper.put_back(step.item, step.count)
        case Verb.LAY:
            await shopper.lay(step.item, step.count)
        case Verb.TAKE_OUT:
            await shopper.take_out(step.item, step.count)
        case Verb.SCAN:
            await shopper.scan(step.item, step.count)
        case Verb.CARRY_OUT:
            await shopper.carry_out()
        case Verb.BUY:
            await shopper.buy()
        case _:
            raise AssertionError(f"{step.verb} needs no shopper")


async def wait_until_level(opened: OpenShop) -> None:
    """Wait until the hub has confirmed all that the objects wrote; raises NotSeenError."""
    async for _ in looks(_LEVEL_PATIENCE_S):
        if await _is_level(opened):
            return
    raise NotSeenError(f"the hub did not confirm everything within {_LEVEL_PATIENCE_S:.0f} s")


async def _is_level(opened: OpenShop) -> bool:
    figures = await opened.hub.figures()
    if isinstance(figures, Dark):
        return False
    for name, shopper in opened.shoppers.items():
        status = await shopper.glass.status()
        if isinstance(status, Dark) or status.unsynced or figures.acked.get(name) != status.head:
            return False
    return True


async def _first_day(opened: OpenShop) -> Day:
    """The books before the first step; the entries with which a new shop opened belong to its first day."""
    day = await _level_day(opened)
    if not opened.fresh:
        return day
    return msgspec.structs.replace(day, objects=_no_entries(day.objects), hub=_no_entries(day.hub))


def _no_entries(books: Books) -> Books:
    return msgspec.structs.replace(books, entries=0)


async def _level_day(opened: OpenShop) -> Day:
    """The three books once hub and objects are level: a process that starts just now writes too."""
    async for _ in looks(_LEVEL_PATIENCE_S):
        await wait_until_level(opened)
        day = await day_of(opened)
        if day is not None and day.objects.entries == day.hub.entries:
            return day
    raise BadDayError(f"Hub and objects never came level: see `tail {opened.layout.logs}/*.log`.")


async def day_of(opened: OpenShop) -> Day | None:
    """The three books now; None while the hub does not answer."""
    files = [opened.layout.ledger(name) for name in opened.shoppers]
    outputs = await asyncio.gather(*(run(opos("ledger", "figures", file, "--json")) for file in files))
    ledgers = [msgspec.json.decode(output, type=LedgerFigures) for output in outputs]
    figures = await opened.hub.figures()
    if isinstance(figures, Dark):
        return None
    return Day(
        books_of_objects(ledgers, opened.shop.units_delivered()),
        books_of_hub(figures, opened.shoppers),
        books_of_shoppers(opened.world.purchases, opened.world.units_left(), opened.shoppers),
    )
