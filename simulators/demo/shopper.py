"""A shopper at one object: hands that move goods, eyes on the glass, and a finger that taps.

A glass may go dark at any moment, since its process was killed. The shopper then looks again when it is back,
and taps a second time only if the goods are still offered and no sale is counted: one wish, one sale at most.
"""

from collections.abc import Callable
from typing import Final

from simulators.demo.asking import Dark
from simulators.demo.bench import Bench, BenchGoneError
from simulators.demo.glass import Amount, Glass, Look
from simulators.demo.shop_files import ObjectPlan
from simulators.demo.waiting import looks
from simulators.demo.world import CannotMoveError, Move, World

# A process that was killed is back in a second or two; on a small board with a cold disk it may take ten.
PATIENCE_S: Final = 30.0


class NotSeenError(Exception):
    """What a shopper waited for, and what the glass showed instead."""


class Shopper:
    """One shopper at one object."""

    def __init__(self, plan: ObjectPlan, world: World, bench: Bench, glass: Glass) -> None:
        self.plan = plan
        self.glass = glass
        self.plugged = True
        self._world = world
        self._bench = bench

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
        except BenchGoneError:
            return False
        return True

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
