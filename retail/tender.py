"""A payment attempt: what a provider can say of it, and the table of what follows from each word.

Shared by the till and by the hub's gateway. A provider that does not answer, or not so that it can be
understood, has said `unknown`: that is no yes, and it is no decline either.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final, Literal

PaymentOutcome = Literal[
    "captured", "authorised", "declined", "cancelled", "in-progress", "not-found", "refunded", "unknown"
]
"""What a provider can say of an attempt."""

Outcome = PaymentOutcome | Literal["stored-offline"]
"""The same, and what an object may decide by itself while no provider can be asked."""

MONEY: Final[frozenset[Outcome]] = frozenset({"captured", "authorised", "refunded"})
"""Outcomes that speak of money: they need evidence of its amount."""

Verb = Literal["start", "query", "cancel", "capture", "push"]
"""What an outcome is the answer to; a push is told without being asked."""


class Phase(Enum):
    """Where an attempt stands on its way to an end."""

    ASKED = "asked"  # its provider may have heard of it; nobody has asked to end it
    STOPPING = "stopping"  # its provider was asked to end it, and has not confirmed that
    STOPPED = "stopped"  # its provider confirmed that: from here on "not found" can be believed


class Then(Enum):
    """What follows; the last five are ends."""

    WAIT = "wait"  # ask again, later
    CAPTURE = "capture"  # the money is held for us: take it, under the same key
    STOP = "stop"  # ask the provider to end it
    PAID = "paid"
    STORED = "stored"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    GIVEN_BACK = "given-back"  # it was paid, and all of it is with the shopper again


ENDS: Final = frozenset({Then.PAID, Then.STORED, Then.DECLINED, Then.CANCELLED, Then.GIVEN_BACK})

# "Not found" proves nothing at first, since a query may overtake the start that it asks about. Only after the
# provider has confirmed to have ended whatever might still come, a second "not found" is final.
# Money that comes after we asked to stop is money all the same: the goods are still in the shopper's hands.
NEXT: Final[Mapping[tuple[Phase, Outcome], Then]] = {
    (Phase.ASKED, "captured"): Then.PAID,
    (Phase.ASKED, "authorised"): Then.CAPTURE,
    (Phase.ASKED, "stored-offline"): Then.STORED,
    (Phase.ASKED, "declined"): Then.DECLINED,
    (Phase.ASKED, "cancelled"): Then.CANCELLED,
    (Phase.ASKED, "refunded"): Then.GIVEN_BACK,
    (Phase.ASKED, "in-progress"): Then.WAIT,
    (Phase.ASKED, "not-found"): Then.STOP,
    (Phase.ASKED, "unknown"): Then.WAIT,
    (Phase.STOPPING, "captured"): Then.PAID,
    (Phase.STOPPING, "authorised"): Then.STOP,
    (Phase.STOPPING, "stored-offline"): Then.STORED,
    (Phase.STOPPING, "declined"): Then.DECLINED,
    (Phase.STOPPING, "cancelled"): Then.CANCELLED,
    (Phase.STOPPING, "refunded"): Then.GIVEN_BACK,
    (Phase.STOPPING, "in-progress"): Then.STOP,
    (Phase.STOPPING, "not-found"): Then.STOP,
    (Phase.STOPPING, "unknown"): Then.STOP,
    (Phase.STOPPED, "captured"): Then.PAID,
    (Phase.STOPPED, "authorised"): Then.STOP,
    (Phase.STOPPED, "stored-offline"): Then.STORED,
    (Phase.STOPPED, "declined"): Then.DECLINED,
    (Phase.STOPPED, "cancelled"): Then.CANCELLED,
    (Phase.STOPPED, "refunded"): Then.GIVEN_BACK,
    (Phase.STOPPED, "in-progress"): Then.WAIT,
    (Phase.STOPPED, "not-found"): Then.CANCELLED,
    (Phase.STOPPED, "unknown"): Then.WAIT,
}

# What a provider says to "end it" that confirms that nothing more can come of it.
_CONFIRMED: Final[frozenset[Outcome]] = frozenset({"not-found", "cancelled"})


def after(phase: Phase, verb: Verb, outcome: Outcome) -> tuple[Phase, Then]:
    """The phase that `outcome`, the answer to `verb`, leads to, and what follows."""
    if verb == "cancel" and outcome in _CONFIRMED and phase is not Phase.STOPPED:
        # The confirmation is not the second "not found": that one has to be asked for.
        return Phase.STOPPED, Then.CANCELLED if outcome == "cancelled" else Then.WAIT
    then = NEXT[phase, outcome]
    if then is Then.STOP:
        return Phase.STOPPING, then
    return phase, then
