"""The watch at a glass: what a person buys with a finger on the glass is noted in the world's books too."""

from simulators.demo.asking import Dark
from simulators.demo.glass import Amount, Status
from simulators.demo.shopper import Shopper
from simulators.demo.world import World


class Watch:
    """Watches one glass; `status` is the last one seen, or Dark.

    A few looks a second miss no sale: the count stays, even when the receipt was put away at once.
    """

    def __init__(self, world: World, shopper: Shopper) -> None:
        self.status: Status | Dark = Dark.DARK
        self._world = world
        self._shopper = shopper
        # What was sold while nobody watched is noted too, as long as the glass still says what it cost.
        self._counted = sum(each.object == shopper.plan.id for each in world.purchases)
        self._price: Amount | None = None

    async def look(self) -> None:
        """Look once: remember the price that is offered, and note a purchase when a sale is counted."""
        # In this order: a sale that is counted is on the glass by now, or its price was seen before.
        self.status, look = await self._shopper.glass.status(), await self._shopper.glass.look()
        if isinstance(look, Dark) or isinstance(self.status, Dark):
            return
        self._price = look.paid or look.offer or self._price
        if self.status.sales > self._counted and self._price is not None:
            self._world.bought(self._shopper.plan.id, self._price.amount_minor, self._price.currency)
        self._counted = self.status.sales
