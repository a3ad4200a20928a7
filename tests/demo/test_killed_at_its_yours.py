"""The worst moment: without a network, the ledger's owner is killed as the glass shows "It's yours"."""

import asyncio
from pathlib import Path
from typing import Final

import httpx
import pytest

from simulators.demo.asking import Dark
from simulators.demo.errands import opos, run
from simulators.demo.figures import Day
from simulators.demo.glass import Look
from simulators.demo.play import day_of, wait_until_level
from simulators.demo.ports import free
from simulators.demo.programs import runtime_of
from simulators.demo.shop import OpenShop, open_shop
from simulators.demo.world import Move
from tests.demo.made_shop import MIRROR, NAME, PRICE_MINOR, make_long_rail

SALES: Final = 50


async def _until_done(opened: OpenShop) -> None:
    """Return at the moment in which the stream to the glass brings "It's yours"."""
    url = opened.shoppers[MIRROR].glass.url + "/events"
    async with httpx.AsyncClient(timeout=30) as client, client.stream("GET", url) as stream:
        async for line in stream.aiter_lines():
            if 'data-screen="done"' in line:
                return
    raise AssertionError("the glass went away before the sale was done")


async def _buy_and_kill(opened: OpenShop) -> None:
    """One shopper: tap once, and never again; the runtime dies as soon as the receipt is on the glass."""
    shopper = opened.shoppers[MIRROR]
    await shopper.hold(NAME)
    offered = await shopper.glass.look()
    assert isinstance(offered, Look)
    assert offered.offer is not None
    done = asyncio.create_task(_until_done(opened))
    tapped = asyncio.create_task(shopper.glass.tap("buy", offered.number))
    await done
    opened.supervisor.kill(runtime_of(MIRROR))
    assert await tapped in {"accepted", Dark.DARK}
    opened.world.bought(MIRROR, offered.offer.amount_minor, offered.offer.currency)
    await shopper.move(Move.AWAY, NAME)


async def _day(directory: Path) -> Day:
    shop_dir = make_long_rail(directory / "files", SALES)
    async with open_shop(directory / "shop", shop_dir, free([MIRROR])) as opened:
        shopper = opened.shoppers[MIRROR]
        await shopper.connect(plugged=False)
        for _ in range(SALES):
            await _buy_and_kill(opened)
        await shopper.connect(plugged=True)
        await wait_until_level(opened)
        assert opened.supervisor.children[runtime_of(MIRROR)].restarts == SALES
        day = await day_of(opened)
        await run(opos("ledger", "verify", opened.layout.ledger(MIRROR)))
    assert isinstance(day, Day)
    return day


@pytest.mark.timeout(240)
def test_fifty_sales_survive_fifty_kills_at_its_yours(tmp_path: Path) -> None:
    day = asyncio.run(_day(tmp_path))
    assert day.shoppers.sales == day.objects.sales == day.hub.sales == {MIRROR: SALES}
    assert day.shoppers.money == day.objects.money == day.hub.money == {"EUR": SALES * PRICE_MINOR}
    assert set(day.shoppers.stock.values()) == set(day.hub.stock.values()) == {0}
    assert day.objects.entries == day.hub.entries
