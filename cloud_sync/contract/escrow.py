"""Escrow: a slice of a wallet or gift card, lent to one object, which may spend it without asking anybody.

The hub takes the money out of the balance before it signs the slice, so that nobody else can spend it. What
the object spends, its own entries say; the rest goes back by an entry too. A slice that grows keeps its
serial, and says how much it is in all: whoever holds two of one serial goes by the larger.
"""

from typing import Annotated, Final, Literal

import msgspec

from cloud_sync.contract.encoding import Whole
from cloud_sync.contract.facts import Fact, Paid, PaymentClosed, Sale

SLICE_TYPE: Final = "opos-slice"
"""The `typ` of the compact JWS that carries a `Slice`, sealed by the hub's key for receipts."""

WALLET: Final = "wallet"
"""The provider of such payments, as entries name it; `Paid.reference` is the serial of the slice."""

GIVEN_BACK: Final = "slice.given-back"
"""The reason of the `payment.closed` that ends a slice, whose `attempt` and `sale` are its serial."""

_Random = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{16}$")]
_Shown = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
_Epoch = Annotated[str, msgspec.Meta(max_length=64)]
_Amount = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
_Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]


class Slice(msgspec.Struct, frozen=True):
    """`amount_minor` in all, for the object `dev` in its `epoch` alone, until `expires_ms`.

    `wallet` is a pseudonym; `shown` is the SHA-256 (base64url) of what a shopper shows to pay by it. An
    object whose clock nobody has set counts `expires_ms - at_ms` from the moment when it heard of it.
    """

    serial: _Random
    wallet: str
    shown: _Shown
    dev: str
    epoch: _Epoch
    amount_minor: Whole
    currency: _Currency
    at_ms: Whole
    """When this was signed, by the hub's clock."""
    expires_ms: Whole


class SliceAsked(msgspec.Struct, frozen=True, tag_field="what", tag="slice"):
    """A question on the request lane: lend me so much more of the wallet that was shown.

    `serial` is the slice that the object works by, of which `out_minor` is spent; '' is none. What is asked
    for is an amount in all, so that a question that comes twice, or late, asks for nothing more.
    """

    shown: _Shown
    epoch: _Epoch
    currency: _Currency
    need_minor: _Amount
    serial: Annotated[str, msgspec.Meta(max_length=16)] = ""
    out_minor: _Amount = 0


class SliceGiven(msgspec.Struct, frozen=True, tag_field="what", tag="slice"):
    """The slice as a compact JWS; it may be less than what was asked for: all that the wallet had."""

    slice: Annotated[str, msgspec.Meta(max_length=2 * 1024)]


WhyNoSlice = Literal["wallet.unknown", "wallet.blocked", "wallet.currency", "wallet.empty", "wallet.epoch"]
"""Nobody's, or not any more; put aside; of another currency; nothing on it; of a journal that is over."""


class SliceRefused(msgspec.Struct, frozen=True, tag_field="what", tag="slice.refused"):
    """It was not lent, and why: a stable code."""

    reason: WhyNoSlice


def taken_out(fact: Fact) -> tuple[Paid, ...]:
    """What an entry says that attempts took out of slices: each attempt counts once.

    What came for a sale that was given up meanwhile is out as well, until it has gone back.
    """
    match fact:
        case Sale(payments=tuple() as payments):
            found = payments
        case PaymentClosed(outcome="captured" | "refund-due") as closed:
            found = (Paid(closed.attempt, closed.provider, closed.amount_minor, closed.reference),)
        case _:
            return ()
    return tuple(paid for paid in found if paid.provider == WALLET and paid.reference)


class PutBack(msgspec.Struct, frozen=True):
    """Money of an attempt that went back to where it was taken out: each `refund` counts once."""

    attempt: str
    refund: str
    amount_minor: int


def put_back(fact: Fact) -> PutBack | None:
    """What an entry says that went back."""
    if not isinstance(fact, PaymentClosed) or (fact.provider, fact.outcome) != (WALLET, "refunded"):
        return None
    refund = fact.refund if isinstance(fact.refund, str) else fact.attempt
    return PutBack(fact.attempt, refund, fact.amount_minor)


def given_back(fact: Fact) -> str | None:
    """The serial of the slice that an entry ends."""
    if isinstance(fact, PaymentClosed) and (fact.provider, fact.reason) == (WALLET, GIVEN_BACK):
        return fact.attempt
    return None
