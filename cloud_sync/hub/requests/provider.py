"""What the hub asks of a payment provider: the least that charges an attempt once, and never twice."""

from typing import Protocol

import msgspec

from retail.tender import PaymentOutcome


class UnreachableError(OSError):
    """The provider did not answer, or not so that it could be understood: nothing is known of the attempt."""


class Attempt(msgspec.Struct, frozen=True):
    """A payment attempt of an object; `id` is the idempotency key at the provider."""

    id: str
    dev: str
    provider: str
    amount_minor: int
    currency: str


class Said(msgspec.Struct, frozen=True):
    """What a provider says of an attempt: its outcome, the money in question, and its own number for it."""

    outcome: PaymentOutcome
    amount_minor: int
    currency: str
    reference: str = ""


class Provider(Protocol):
    """One provider with its secrets. Each verb may take seconds, and raises OSError when it has no answer.

    A provider raises nothing else: an answer that it cannot read is an UnreachableError.
    """

    def start(self, attempt: Attempt) -> Said:
        """Begin to charge. The hub calls this once an attempt, whatever happens."""
        ...

    def query(self, attempt: Attempt) -> Said:
        """How the attempt stands; `not-found` if the provider has never heard of it."""
        ...

    def cancel(self, attempt: Attempt) -> Said:
        """End the attempt if nothing was charged yet; how it stands then."""
        ...

    def refund(self, attempt: Attempt) -> Said:
        """Pay all of it back, once however often it is asked under the attempt's id; how it stands then."""
        ...
