"""What the checkout asks of the rooms below it: a journal that writes, and time."""

from typing import Protocol

from cloud_sync.contract.entry import Fact
from edge.offline_queue.outcomes import Appended


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
