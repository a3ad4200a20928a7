"""A shopper at one object: hands that move goods, eyes on the glass, and a finger that taps.

A glass may go dark at any moment, since its process was killed. The shopper then looks again when it is back,
and taps a second time only if the goods are still offered and no sale is counted: one wish, one sale at most.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from simulators.demo.asking import Dark
from simulators.demo.bench import Bench, BenchGoneError
from simulators.demo.glass import Amount, Glass, Look
from simulators.demo.shop_files import ObjectPlan
from simulators.demo.waiting import looks
from simulators.demo.world import CannotMoveError, Item, Move, World

# A scanner may send a code several times while it is in view: who shows a second pack of the same kind turns
# to it first.
_NEXT_PACK_S: Final = 1.2
_EAN: Final = "]E0"
"""The identifier of an EAN-13 (ISO/IEC 15424)."""

# A process that was killed is back in a second or two; on a small board with a cold disk it may take ten.
PATIENCE_S: Final = 30.0


class NotSeenError(Exception):
    """What a shopper waited for, and what the glass showed instead."""


class Shopper:
    """One shopper at one object; `lives` counts how often the object's process was started again.

    What was scanned a process may remember from the life before, or not: the shopper looks, and shows again
    only what is not on the bill.
    """

    def __init__(
        self, plan: ObjectPlan, world: World, bench: Bench, glass: Glass, lives: Callable[[], int]
    ) -> None:
        self.plan = plan
        self.glass = glass
        self.plugged = True
        self._world = world
        self._bench = bench
        self._lives = lives
        self._scanning = asyncio.Lock()
        self._scanned: dict[str, int] = {}
        """EPC -> the life of the process that has its code on the bill, in the order of the bag."""
        self._shown_s: dict[str, float] = {}
        """When each code was last shown."""

    async def agree(self) -> None:
        """Make the bench agree with the world, as soon as it answers."""
        async for _ in looks(PATIENCE_S):
            if await self.agrees():
                return
        raise NotSeenError(f"the devices of {self.plan.id} did not answer for {PATIENCE_S:.0f} s")

    async def agrees(self) -> bool:
        """Make the bench agree with the world; return whether it was there to do so."""
        try:
            await self._bench.agree(lambda: self._world.in_field(self.plan.id), plugged=self.plugged)
            return await self._scan()
        except BenchGoneError:
            return False

    async def _scan(self) -> bool:
        """Show every code that the object has not heard in this life; return whether it was there to hear."""
        async with self._scanning:
            fresh = self._world.scanned(self.plan.id)
            self._scanned = {each.epc: self._scanned[each.epc] for each in fresh if each.epc in self._scanned}
            while todo := [each for each in fresh if self._scanned.get(each.epc) != self._lives()]:
                life, item = self._lives(), todo[0]
                look = await self.glass.look()
                if isinstance(look, Dark) or not look.open:
                    return False
                if not self._is_remembered(item, look, life):
                    await self._show(item.gtin[1:])
                self._scanned[item.epc] = life
            return True

    def _is_remembered(self, item: Item, look: Look, life: int) -> bool:
        """Whether what an earlier life was shown is on the bill of this one, which has all before it, too.

        It takes such a pack for one that is still in view.
        """
        on_the_bill = look.units if look.offer is not None else 0
        before = list(self._scanned)
        found = item.epc in before[:on_the_bill] and self._scanned[item.epc] != life
        if found:
            self._shown_s[item.gtin[1:]] = asyncio.get_running_loop().time()
        return found

    async def _show(self, text: str) -> None:
        """Show one code, not too soon after the same one."""
        loop = asyncio.get_running_loop()
        again_s = self._shown_s.get(text, loop.time() - _NEXT_PACK_S) + _NEXT_PACK_S
        await asyncio.sleep(max(again_s - loop.time(), 0))
        await self._bench.scan(text, _EAN)
        self._shown_s[text] = loop.time()

    async def hold(self, name: str) -> None:
        """Hold one item of that name up, and see its price."""
        await self.move(Move.HOLD, name)
        await self._see_offer()

    async def away(self) -> None:
        """Take everything away from the mirror: back to the rail, or out of the shop if it was bought."""
        await self._move_all(Move.AWAY)
        await self._see_offer()

    async def take(self, name: str, count: int) -> None:
        """Take `count` packs from the shelf, one after the other, and see their price."""
        for _ in range(count):
            await self.move(Move.TAKE, name)
        await self._see_offer()

    async def put_back(self, name: str, count: int) -> None:
        """Put `count` packs back on the shelf, and see the price of what is left in the hand."""
        for _ in range(count):
            await self.move(Move.PUT_BACK, name)
        await self._see_offer()

    async def lay(self, name: str, count: int) -> None:
        """Lay `count` items into the tray, and see their price."""
        for _ in range(count):
            await self.move(Move.LAY, name)
        await self._see_offer()

    async def take_out(self, name: str, count: int) -> None:
        """Take `count` items out of the tray, and see the price of what is left in it."""
        for _ in range(count):
            await self.move(Move.TAKE_OUT, name)
        await self._see_offer()

    async def scan(self, name: str, count: int) -> None:
        """Show the codes of `count` items to the panel, and see their price."""
        for _ in range(count):
            await self.move(Move.SCAN, name)
        await self._see_offer()

    async def carry_out(self) -> None:
        """Leave the shop with all that was bought here."""
        await self._move_all(Move.CARRY_OUT)
        await self._see_offer()

    async def buy(self) -> None:
        """Buy what is in the hand: tap once, and again only when the glass shows that nothing was sold."""
        wanted = len(self._world.in_hand(self.plan.id))
        counted: int | None = None
        price: Amount | None = None
        async for _ in looks(PATIENCE_S):
            # In this order: a receipt that is seen before its sale is counted is the one of an earlier sale.
            look, status = await self.glass.look(), await self.glass.status()
            if isinstance(status, Dark) or isinstance(look, Dark):
                continue
            counted = status.sales if counted is None else counted
            if status.sales > counted and price is not None and look.paid == price:
                self._world.bought(self.plan.id, price.amount_minor, price.currency)
                return
            if status.sales == counted and look.offer is not None and look.units == wanted:
                price = look.offer
                await self.glass.tap("buy", look.number)
            elif status.sales == counted:
                await self._put_receipt_away(look)
        raise NotSeenError(f"{self.plan.id} did not say that it is mine; {await self._shown()}")

    async def move(self, move: Move, name: str) -> None:
        """Move one item of that name, without a look at the glass."""
        found = [item for item in self._world.within_reach(move, self.plan.id) if item.name == name]
        if not found:
            raise CannotMoveError(f"{self.plan.id}: there is no {name} to {move.value}")
        self._world.move(move, found[0].epc, self.plan.id)
        await self.agree()

    async def connect(self, *, plugged: bool) -> None:
        """Pull the network cable, or plug it in; how soon the object notices is its own business."""
        self.plugged = plugged
        await self.agree()

    async def _move_all(self, move: Move) -> None:
        for item in self._world.within_reach(move, self.plan.id):
            self._world.move(move, item.epc, self.plan.id)
        await self.agree()

    async def _see_offer(self) -> None:
        """See that the glass offers exactly what is in the hand: nothing, if there is nothing."""
        wanted = len(self._world.in_hand(self.plan.id))
        if wanted:
            await self._see(f"an offer of {wanted}", lambda look: look.units == wanted and bool(look.offer))
        else:
            await self._see("that nothing is in the hand", lambda look: look.screen == "attract")

    async def _see(self, what: str, holds: Callable[[Look], bool]) -> None:
        async for _ in looks(PATIENCE_S):
            look = await self.glass.look()
            if isinstance(look, Look):
                if holds(look):
                    return
                await self._put_receipt_away(look)
        raise NotSeenError(f"{self.plan.id} did not show {what}; {await self._shown()}")

    async def _put_receipt_away(self, look: Look) -> None:
        """Tap "Done" if the last receipt is shown: a glass that was started again shows it once more."""
        if look.paid is not None:
            await self.glass.tap("done", look.number)

    async def _shown(self) -> str:
        look = await self.glass.look()
        return "its glass is dark" if isinstance(look, Dark) else f"it shows {look.screen!r}"
