"""What the till asks of the rooms around it: a journal that writes, time, and ways to pay."""

from typing import Literal, Protocol

from cloud_sync.contract.facts import Fact, Sale
from edge.checkout.payments.cashier import Ended
from edge.checkout.state import Way
from edge.offline_queue.outcomes import Appended
from retail.units import Money


class Ledger(Protocol):
    """All that the till asks of a journal."""

    @property
    def epoch(self) -> str:
        """The epoch that receipts are numbered in."""
        ...

    @property
    def head(self) -> int:
        """The last seq: it grows with every start."""
        ...

    async def append(self, fact: Fact, idem: str) -> Appended:
        """Write `fact`; return once it is on the disk."""
        ...


class Clock(Protocol):
    """All that the till asks of time."""

    def now_ns(self) -> int:
        """Monotonic time."""
        ...

    def wall_ms(self) -> int:
        """Milliseconds since 1970."""
        ...

    def quality(self) -> Literal["trusted", "untrusted"]:
        """Whether `wall_ms` can be believed."""
        ...


class Payments(Protocol):
    """All that the till asks of payments: see `edge.checkout.payments.counter`."""

    def ways(self, left: Money, *, online: bool) -> tuple[Way, ...]:
        """How so much could be paid now."""
        ...

    async def pay(self, draft: Sale, way: Way, ticket: int | None) -> Ended:
        """Have what `way` takes of `draft` paid, by the code of `ticket` where it needs one.

        Raises JournalClosedError, and ValueError for a sale that no entry can hold.
        """
        ...

    def stop(self, sale: str) -> None:
        """End the attempt that is under way, unless it is paid already."""
        ...

    async def give_up(self, sale: str) -> None:
        """The sale will not be done: what is paid of it goes back. Raises JournalClosedError."""
        ...

    def paid_minor(self, draft: Sale) -> int:
        """What of a sale is paid already."""
        ...

    def code(self, sale: str) -> str:
        """What the shopper says at the desk; '' where nothing waits there."""
        ...
