"""One day of a shop with one provider, and hands that meddle with it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from edge.checkout.payments.provider import Said
from proofs.loop import SimulatedLoop
from tests.payments.bank import Behaviour, Kind
from tests.payments.life import LIFE_S, SHOP, Life, quiet
from tests.payments.oracle import Ledger, check
from tests.payments.scene import Part, Scene, Shopper
from tests.payments.worlds import bank

ONCE: Final = Shopper("sale-1", (Part("psp", tries=1),))
AGAIN: Final = Shopper("sale-1", (Part("psp", tries=2),))


class Day:
    """One provider, some shoppers, and what came of it; everything that we promise holds at its end."""

    def __init__(self, kind: Kind, *behaviours: Behaviour, shoppers: Sequence[Shopper] = (ONCE,)) -> None:
        self.scene = Scene([bank("psp", kind, *behaviours)])
        self.bank = self.scene.banks["psp"]
        self.shop = SHOP
        self._shoppers = shoppers
        self._meant: list[tuple[float, Callable[[Life], object]]] = []

    def pushed(self, after_s: float, attempt: str, said: Said) -> "Day":
        """A word of the provider's that comes after so many seconds."""
        return self.then(after_s, lambda life: life.cashier.told(attempt, said))

    def then(self, after_s: float, deed: Callable[[Life], object]) -> "Day":
        """Something that somebody does after so many seconds."""
        self._meant.append((after_s, deed))
        return self

    def ended(self) -> Ledger:
        """The journal in the evening."""
        loop, seen = SimulatedLoop(), []

        async def day() -> None:
            life = Life(self.scene, loop, lambda _step, _name: None, shop=self.shop)
            for after_s, deed in self._meant:
                loop.call_later(after_s, _do, deed, life)
            try:
                await life.run(self._shoppers, LIFE_S)
                seen.append(check(self.scene, life))
            finally:
                life.pen.close()

        with quiet():
            loop.live(day())
        self.scene.over()
        return seen[0]

    @property
    def told(self) -> list[str]:
        """What shoppers were shown."""
        return [told.result for told in self.scene.told]

    @property
    def captures(self) -> int:
        """How often money was taken."""
        return sum(money.captures for money in self.bank.books.values() if money.attempt)


def _do(deed: Callable[[Life], object], life: Life) -> None:
    done = deed(life)
    if isinstance(done, Awaitable):
        life.also(done)
