"""What the hub asks of a payment provider: the least that charges an attempt once, and never twice."""

from typing import Protocol

import msgspec

from retail.tender import PaymentOutcome


class UnreachableError(OSError):
    """The provider did not answer, or not so that it could be understood: nothing is known of the attempt."""


class Attempt(msgspec.Struct, frozen=True):
    """A payment attempt of an object; `id` is the idempotency key at the provider.

    The last two are what the hub's books know of it by now.
    """

    id: str
    dev: str
    provider: str
    amount_minor: int
    currency: str
    reference: str = ""
    """The provider's own number of it, once it was told."""
    asked_ms: int = 0
    """When it was written down, before the provider heard of it."""

    def is_same(self, other: "Attempt") -> bool:
        """Whether both are of the same money, whatever is known of it."""
        return msgspec.structs.astuple(self)[:5] == msgspec.structs.astuple(other)[:5]


class Said(msgspec.Struct, frozen=True):
    """What a provider says of an attempt: its outcome, the money in question, and its own number for it.

    `reason` is a stable code for why not; `card` is what a receipt may show of a card.
    """

    outcome: PaymentOutcome
    amount_minor: int
    currency: str
    reference: str = ""
    reason: str = ""
    card: str = ""


class Provider(Protocol):
    """One provider with its secrets. Each verb may take seconds, and raises OSError when it has no answer.

    A provider raises nothing else: an answer that it cannot read is an UnreachableError.
    """

    def start(self, attempt: Attempt, code: str) -> Said:
        """Begin to charge. The hub calls this once an attempt, whatever happens.

        `code` is what the shopper showed to pay by, or '': a secret, which is not kept and not logged.
        """
        ...

    def query(self, attempt: Attempt) -> Said:
        """How the attempt stands; `not-found` if the provider has never heard of it."""
        ...

    def cancel(self, attempt: Attempt) -> Said:
        """End the attempt if nothing was charged yet; how it stands then."""
        ...

    def capture(self, attempt: Attempt) -> Said:
        """Take what is held for us, once however often it is asked; how it stands then."""
        ...

    def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        """Pay `amount_minor` of it back, once however often it is asked under the key `refund`.

        `refunded` with that amount when it went, `declined` if it never will.
        """
        ...
