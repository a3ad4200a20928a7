"""Escrow: a slice of a wallet or gift card, lent to one object, which may spend it without asking anybody.

The hub takes the money out of the balance before it signs the slice, so that nobody else can spend it. What
the object spends, its own entries say; the rest goes back by an entry too. A slice that grows keeps its
serial, and says how much it is in all: whoever holds two of one serial goes by the larger.
"""

import hashlib
import re
from typing import Annotated, Final, Literal

import msgspec

from cloud_sync.contract.encoding import Whole, b64
from cloud_sync.contract.facts import Fact, Paid, PaymentClosed, Sale

SLICE_TYPE: Final = "opos-slice"
"""The `typ` of the compact JWS that carries a `Slice`, sealed by the hub's key for receipts."""

WALLET: Final = "wallet"
"""The provider of such payments, as entries name it; `Paid.reference` is the serial of the slice."""

GIVEN_BACK: Final = "slice.given-back"
"""The reason of the `payment.closed` that ends a slice, whose `attempt` and `sale` are its serial."""

CODE_PREFIX: Final = "opos:wallet:"
"""What the code of a wallet or gift card begins with, where it is a QR code or a bar code."""

CODE_BITS: Final = 80
"""Nobody guesses one of a million cards, though whoever has the hub's tables tries without being seen."""

# Crockford's base 32: no letter of it is read for another, and those that would be are read as they look.
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans("OIL", "011", "- ")
_GROUP: Final = 4
_PLAIN: Final = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", re.ASCII | re.IGNORECASE)

_Random = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{16}$")]
_Shown = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
_Epoch = Annotated[str, msgspec.Meta(max_length=64)]
_Amount = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
_Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]


class Slice(msgspec.Struct, frozen=True):
    """`amount_minor` in all, for the object `dev` in its `epoch` alone, until `expires_ms`.

    `wallet` is a pseudonym; `shown` is what `shown_by` makes of the code that a shopper pays by. An
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


def new_code(luck: bytes) -> str:
    """A code of `luck`, which is `CODE_BITS` of it, as it is printed: four groups of four."""
    number = int.from_bytes(luck, "big")
    letters = "".join(_LETTERS[number >> 5 * place & 31] for place in reversed(range(CODE_BITS // 5)))
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def is_code(text: str) -> bool:
    """Whether a text that was scanned or typed is the code of a wallet or gift card."""
    return text[: len(CODE_PREFIX)].lower() == CODE_PREFIX or _PLAIN.fullmatch(text) is not None


def shown_by(code: str) -> str:
    """What hub and objects know a code by: the SHA-256 (base64url) of it, however it was written."""
    written = code.strip().upper().removeprefix(CODE_PREFIX.upper()).translate(_MISREAD)
    return b64(hashlib.sha256(written.encode(errors="surrogatepass")).digest())
