"""The request lane: what an object asks of its hub, one question and one answer, outside of the journal.

A question is sealed by the object's key and told on `up/request`; its `id` is the correlation. Whoever gets
no answer asks again with the same id, and the hub answers the same again: it never does a thing twice.
"""

from typing import Annotated, Final, Literal

import msgspec

from cloud_sync.contract.encoding import Whole
from cloud_sync.contract.escrow import SliceAsked, SliceGiven, SliceRefused
from cloud_sync.contract.members import MemberAsked, MemberKnown, MemberUnknown
from cloud_sync.contract.stock import StockAsked, StockTold
from retail.tender import PaymentOutcome

REQUEST_TYPE: Final = "opos-request"
"""The `typ` of the compact JWS that carries a `Request`, sealed by the object's key."""
REPLY_TYPE: Final = "opos-reply"
"""The `typ` of the compact JWS that carries a `Reply`, sealed by the hub's key for receipts."""

REQUEST_EXPIRY_S: Final = 30
"""A question that waited this long for its hub is forgotten by the broker: whoever asked it asks again."""
REQUEST_BYTES_MAX: Final = 8 * 1024
"""The longest question or answer: a chain of two certificates and a certified key are 3 KiB."""

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
"""A random number of the asker's, base64url: at least 96 bits."""
_Pem = Annotated[str, msgspec.Meta(max_length=6 * 1024)]
_Jws = Annotated[str, msgspec.Meta(max_length=2 * 1024)]
_Sentence = Annotated[str, msgspec.Meta(max_length=400)]
_Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9.-]{0,31}$")]
_Key = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{0,64}$")]
# The codes of wallets have 16 to 24 digits; those of EMVCo's consumer-presented mode, up to 512 characters.
_Shown = Annotated[str, msgspec.Meta(max_length=512)]

Verb = Literal["start", "query", "cancel", "capture", "refund"]
"""What may be asked of one payment attempt at a provider."""


class TimeAsked(msgspec.Struct, frozen=True, tag_field="what", tag="time"):
    """What time is it? The answer's `at_ms` says."""


class CertificateAsked(msgspec.Struct, frozen=True, tag_field="what", tag="certificate"):
    """Another certificate for the line, before the present one ends: `csr` is PEM (RFC 2986)."""

    csr: _Pem


class CommandDone(msgspec.Struct, frozen=True, tag_field="what", tag="command.done"):
    """What became of the hub's order `command`: done, or why not."""

    command: Id
    ok: bool
    sentence: _Sentence = ""


class PaymentAsked(msgspec.Struct, frozen=True, tag_field="what", tag="payment"):
    """One attempt at a provider whose secrets only the hub has; the hub starts one only for its intent."""

    verb: Verb
    attempt: Id
    provider: _Code
    amount_minor: Whole
    currency: str
    code: _Shown = ""
    """What the shopper showed to pay by: only with a start. Whoever has it can take the shopper's money, so
    it is passed on to the provider once, and is in no entry, table, log or message but this one."""
    refund: _Key = ""
    """The key of a refund; without one, all that the attempt brought in goes back."""
    refund_minor: Whole = 0
    """How much goes back under the key `refund`."""

    def __repr__(self) -> str:
        """Without the code."""
        refund = f", {self.refund_minor} back under {self.refund}" if self.refund else ""
        money = f"{self.amount_minor} {self.currency} at {self.provider}"
        return f"PaymentAsked({self.verb} {self.attempt}: {money}{refund})"


Ask = TimeAsked | CertificateAsked | CommandDone | PaymentAsked | SliceAsked | MemberAsked | StockAsked


class Request(msgspec.Struct, frozen=True):
    """A question of the object `dev`, `at_ms` by its own clock (milliseconds since 1970, UTC)."""

    dev: str
    id: Id
    at_ms: Whole
    ask: Ask


class TimeTold(msgspec.Struct, frozen=True, tag_field="what", tag="time"):
    """It is the reply's `at_ms`."""


class CertificateIssued(msgspec.Struct, frozen=True, tag_field="what", tag="certificate"):
    """The certificate and what leads to the hub's root, PEM one after another."""

    chain: _Pem
    certificate: _Jws = ""
    """A root's word for the key that the object signs with now (`CertifiedKey`); '' if no root is at hand."""


class Noted(msgspec.Struct, frozen=True, tag_field="what", tag="noted"):
    """The hub has it."""


class PaymentSaid(msgspec.Struct, frozen=True, tag_field="what", tag="payment"):
    """What a provider says of an attempt; `unknown` is neither a yes nor a no: ask again.

    To a refund the answer is about that one: `refunded` with its amount, or how far it is.
    """

    attempt: Id
    outcome: PaymentOutcome
    amount_minor: Whole
    currency: str
    reference: str = ""
    """The provider's own number of it."""
    reason: str = ""
    """A stable code for why not: for programs, and for the words on the glass."""
    card: str = ""
    """The card as a receipt may show it: its name and its last four digits, never more."""


class Refused(msgspec.Struct, frozen=True, tag_field="what", tag="refused"):
    """It was not done, for good: why, and what to do."""

    sentence: _Sentence


Answer = (
    TimeTold
    | CertificateIssued
    | Noted
    | PaymentSaid
    | SliceGiven
    | SliceRefused
    | Refused
    | MemberKnown
    | MemberUnknown
    | StockTold
)


class Reply(msgspec.Struct, frozen=True):
    """The answer to question `id` of the object `dev`; `at_ms` is the hub's time when it was given."""

    dev: str
    id: Id
    at_ms: Whole
    answer: Answer
