"""What the cashier asks of a way to pay: the least that charges an attempt once, and never twice."""

from typing import Literal, Protocol

import msgspec

from edge.readings import Nanoseconds
from retail.tender import Outcome


class Attempt(msgspec.Struct, frozen=True):
    """One attempt to have a sale, or a part of it, paid; `id` is the idempotency key at its provider."""

    id: str
    sale: str
    provider: str
    amount_minor: int
    currency: str
    fence: str = ""
    """How far a provider without our reference had counted before: only a later number can be this one."""
    code: str = ""
    """What the shopper showed to pay by, where that is needed. A secret: not in an entry, not in a log."""
    until: str = ""
    """The fence of the next attempt at the same provider: a number past it belongs to that one, not to us."""

    def __repr__(self) -> str:
        """Without the code."""
        return f"Attempt({self.id}: {self.amount_minor} {self.currency} at {self.provider} for {self.sale})"


class Said(msgspec.Struct, frozen=True):
    """What a provider says of an attempt: the outcome, the money in question, its own number, a reason.

    `reason` is a stable code (`card.expired`), not a sentence; `card` is what a receipt may show of a card.
    """

    outcome: Outcome
    amount_minor: int = 0
    currency: str = ""
    reference: str = ""
    reason: str = ""
    card: str = ""


UNKNOWN = Said("unknown")
"""No answer, or none that could be understood."""

Shows = Literal["terminal", "scan", "code", "desk", "nothing"]
"""What the shopper does: look at the card terminal, show us a code, scan ours, go to the desk, or nothing."""


class Capabilities(msgspec.Struct, frozen=True):
    """What a way to pay can do, and how patient one must be with it."""

    shows: Shows
    needs_network: bool
    patience_ns: Nanoseconds
    """So long nobody ends an attempt that is under way: the shopper looks for the card."""
    ladder_ns: tuple[Nanoseconds, ...]
    """The pauses between one question and the next; the last one repeats."""
    currencies: frozenset[str] = frozenset()
    """Those that it takes; empty means whichever it is asked for."""
    least_minor: int = 1


class Taken(msgspec.Struct, frozen=True):
    """Money that a provider's own books say it took for us: one line of a settlement."""

    attempt: str
    """Our attempt, where the provider knows it; '' where it does not."""
    reference: str
    amount_minor: int
    currency: str


class Provider(Protocol):
    """One way to pay. An OSError means that there was no answer; a provider raises nothing else."""

    @property
    def name(self) -> str:
        """Its code, as entries have it."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    async def fence(self) -> str:
        """How far it has counted, for a provider that does not know our attempts; '' for others."""
        ...

    async def start(self, attempt: Attempt) -> Said:
        """Begin to charge: called once an attempt, whatever happens."""
        ...

    async def query(self, attempt: Attempt) -> Said:
        """How the attempt stands; `not-found` if the provider has never heard of it."""
        ...

    async def cancel(self, attempt: Attempt) -> Said:
        """End it if nothing was charged yet; `not-found` and `cancelled` confirm that nothing will be."""
        ...

    async def capture(self, attempt: Attempt) -> Said:
        """Take what is held for us, or hand in what was stored: once however often it is asked."""
        ...

    async def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        """Pay `amount_minor` back under the key `refund`, once however often it is asked.

        `refunded` needs the amount and the currency that went back; `cancelled` without an amount says that
        nothing was taken, and confirms that nothing will be.
        """
        ...

    async def taken(self) -> tuple[Taken, ...]:
        """What its own books say it took since they were closed last."""
        ...
