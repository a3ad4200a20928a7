"""The counter: the ways to pay of one object, as its till asks for them; the till knows no provider."""

from collections.abc import Callable, Sequence
from typing import Final

from cloud_sync.contract.facts import Sale
from edge.checkout.payments.cashier import Cashier, Ended, Result
from edge.checkout.payments.desk import code_of
from edge.checkout.payments.house import DESK
from edge.checkout.payments.pursuit import SECOND_NS
from edge.checkout.state import Way
from retail.units import Money

# So that the till says "not any more" instead of paying by nothing.
CODE_GONE: Final = "code.gone"

Reveal = Callable[[int], str | None]
"""What the code of a ticket holds; None once it is forgotten."""


class Counter:
    """The payments of a till. `methods` are the ways that are offered; `reveal` opens what was shown."""

    def __init__(self, cashier: Cashier, methods: Sequence[str], reveal: Reveal) -> None:
        self._cashier = cashier
        self._methods = methods
        self._reveal = reveal

    def ways(self, left: Money, *, online: bool) -> tuple[Way, ...]:
        """How so much could be paid now."""
        return tuple(
            self._way(name, left) for name in self._methods if self._takes(name, left, online=online)
        )

    async def pay(self, draft: Sale, way: Way, ticket: int | None) -> Ended:
        """Have what `way` takes of `draft` paid, by the code of `ticket` where it needs one."""
        code = "" if ticket is None else self._reveal(ticket)
        if code is None:
            return Ended(Result.UNAVAILABLE, draft.sale, way.name, CODE_GONE)
        return await self._cashier.pay(draft, way.name, way.amount.amount_minor, code)

    def stop(self, sale: str) -> None:
        """End the attempt that is under way, unless it is paid already."""
        self._cashier.stop(sale)

    async def give_up(self, sale: str) -> None:
        """The sale will not be done: what is paid of it goes back."""
        await self._cashier.give_up(sale, "shopper")

    def paid_minor(self, draft: Sale) -> int:
        """What of a sale is paid already."""
        return draft.total_minor - self._cashier.left_minor(draft)

    def code(self, sale: str) -> str:
        """What the shopper says at the desk; '' where nothing waits there."""
        lines = self._cashier.book.of_sale(sale)
        waits = (line.attempt for line in lines if line.standing == "open")
        return next((code_of(attempt.id) for attempt in waits if attempt.provider == DESK), "")

    def _takes(self, name: str, left: Money, *, online: bool) -> bool:
        way = self._cashier.providers[name].capabilities
        if way.needs_network and not online:
            return False
        return (
            not way.currencies or left.currency in way.currencies
        ) and left.amount_minor >= way.least_minor

    def _way(self, name: str, left: Money) -> Way:
        way = self._cashier.providers[name].capabilities
        return Way(name, way.shows, left, way.patience_ns // SECOND_NS)
