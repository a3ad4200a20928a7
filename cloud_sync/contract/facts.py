"""The facts of a shop: what an entry can say, each kind with all that it needs to be understood alone.

Facts that come by the million are `gc=False`: none of them can stand in a circle, and a hub that reads a
backlog would spend a sixth of its time on looking for one.

What was written stays what the encoder writes (see `entry.check_body`): a field that a fact gets later has
UNSET for a default, which is not written, and no field is ever renamed, moved or dropped.
"""

from typing import Final, Literal

import msgspec

from cloud_sync.contract.encoding import Whole
from cloud_sync.contract.signing import PublicKey, Tier
from retail.custody import Move
from retail.pricing.book import Version
from retail.units import INTEGER_MAX


class UnbalancedError(ValueError):
    """Postings that do not sum to zero, or a move of no units: money or goods would be made or lost."""


class Posting(msgspec.Struct, frozen=True, gc=False):
    """`amount_minor` is added to `account`: debit above zero, credit below."""

    account: str
    amount_minor: Whole
    currency: str


class SaleDiscount(msgspec.Struct, frozen=True, gc=False):
    """A promotion, by its id in the document of promotions, took `amount_minor` off a line."""

    promotion: str
    amount_minor: Whole
    words: str | msgspec.UnsetType = msgspec.UNSET
    """Its words as the shopper saw them; a reason that has words in every language goes without."""


class SaleLine(msgspec.Struct, frozen=True, gc=False):
    """What was sold: names as the shopper saw them, price each and in all, tax code, and the items by EPC.

    `total_minor` is what is paid for all units: that of `price_minor` less the `discounts`.
    """

    gtin: str
    name: str
    units: Whole
    price_minor: Whole
    total_minor: Whole
    tax: str
    epcs: tuple[str, ...] = ()
    discounts: tuple[SaleDiscount, ...] | msgspec.UnsetType = msgspec.UNSET


class TaxLine(msgspec.Struct, frozen=True, gc=False):
    """One row of the tax table: `gross_minor` holds `tax_minor` of tax at `rate_bp` basis points."""

    tax: str
    rate_bp: Whole
    gross_minor: Whole
    tax_minor: Whole


class Genesis(msgspec.Struct, frozen=True, tag_field="kind", tag="genesis"):
    """The first entry of an epoch: whose journal this is, and the key that signs it."""

    key: PublicKey
    tier: Tier


ForkReason = Literal["behind-the-hub", "another-history", "behind-the-witness", "damaged"]
"""The hub, or a witness, knows of later entries; the hub has another one; or a check has failed."""


class HeadOf(msgspec.Struct, frozen=True):
    """Where a journal stands, as somebody knows it: the last seq and its hash (base64url)."""

    seq: Whole
    hash: str


class Fork(msgspec.Struct, frozen=True, tag_field="kind", tag="fork"):
    """An epoch takes the place of another one whose file can no longer be written; both files are kept.

    `was` is where the old file ends, `hub` how far the hub had confirmed it: between the two lies what a
    person imports from the file that was set aside, or what the card has lost.
    """

    epoch: str
    """The old epoch."""
    was: HeadOf
    hub: HeadOf
    reason: ForkReason


class ClosingState(msgspec.Struct, frozen=True):
    """The state of one projection at a checkpoint: the SHA-256 (base64url) of its tables as they are kept."""

    name: str
    version: Whole
    sha256: str


class Checkpoint(msgspec.Struct, frozen=True, tag_field="kind", tag="checkpoint"):
    """All projections as they stand after the entry before this one: state = checkpoint + tail.

    `key` is the key that signs from here on, so that the chain can be verified from a checkpoint when
    everything below it has been pruned.
    """

    key: PublicKey
    states: tuple[ClosingState, ...]


class KeyRotated(msgspec.Struct, frozen=True, tag_field="kind", tag="key.rotated"):
    """The next entry is signed by `key`; this one, by the key before it."""

    key: PublicKey
    tier: Tier


class Boot(msgspec.Struct, frozen=True, tag_field="kind", tag="boot"):
    """The runtime started: which version of it."""

    version: str


class Paid(msgspec.Struct, frozen=True, gc=False):
    """What an attempt brought in: the money, the provider's own number of it, and for a card what to print.

    `stored` says that the object took it while nobody could be asked: whether it is good, comes later.
    """

    attempt: str
    provider: str
    amount_minor: Whole
    reference: str = ""
    stored: bool | msgspec.UnsetType = msgspec.UNSET
    card: str | msgspec.UnsetType = msgspec.UNSET
    """The card as a receipt may show it: its name and its last four digits, never more."""


class PackSold(msgspec.Struct, frozen=True, gc=False):
    """A line (counted from 0) that is one pack, sold by its label: by the weight on it, or else the price."""

    line: Whole
    weight_mg: Whole | msgspec.UnsetType = msgspec.UNSET


class CouponHeld(msgspec.Struct, frozen=True, gc=False):
    """A coupon that this sale held the lease of."""

    id: str
    promotion: str


class LeaseHeld(msgspec.Struct, frozen=True, gc=False):
    """How often a capped promotion might still be used here."""

    promotion: str
    uses: Whole


class Basis(msgspec.Struct, frozen=True, gc=False):
    """What a sale was priced from beside its goods and documents, so that anybody can price it again.

    `at_ms` is the moment whose offers it got: that of "Buy now", which may be minutes before the entry.
    """

    at_ms: Whole
    clock: Literal["untrusted"] | msgspec.UnsetType = msgspec.UNSET
    """Whether the moment could not be believed."""
    level: str | msgspec.UnsetType = msgspec.UNSET
    """The level of the member who bought, and nothing else of them."""
    packs: tuple[PackSold, ...] | msgspec.UnsetType = msgspec.UNSET
    coupons: tuple[CouponHeld, ...] | msgspec.UnsetType = msgspec.UNSET
    leases: tuple[LeaseHeld, ...] | msgspec.UnsetType = msgspec.UNSET


class Sale(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="sale"):
    """Goods changed hands: lines, taxes, the money that was posted and the units that moved, in one fact."""

    sale: str
    number: str
    """Receipt number: gapless on this object, prefixed by its epoch."""
    business_date: str
    language: str
    currency: str
    total_minor: Whole
    tender: str
    prices: Version
    """The price book that it was sold by."""
    lines: tuple[SaleLine, ...]
    taxes: tuple[TaxLine, ...]
    postings: tuple[Posting, ...]
    moves: tuple[Move, ...]
    fiscal: str | None = None
    payments: tuple[Paid, ...] | msgspec.UnsetType = msgspec.UNSET
    """What the attempts of a payment brought in; without them the tender needed none."""
    promotions: Version | msgspec.UnsetType = msgspec.UNSET
    """The promotions that it was priced by, where there were any."""
    basis: Basis | msgspec.UnsetType = msgspec.UNSET
    """What else it was priced from; a sale without it cannot be priced again."""


class PaymentIntent(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="payment.intent"):
    """A sale is about to be paid: durable before the first byte leaves for the provider."""

    sale: str
    attempt: str
    """The attempt's own number, and the idempotency key at the provider."""
    provider: str
    amount_minor: Whole
    currency: str
    fence: str | msgspec.UnsetType = msgspec.UNSET
    """How far a provider that does not know our attempts had counted: only a later number can be this one."""
    draft: Sale | msgspec.UnsetType = msgspec.UNSET
    """The sale as it will be written once it is paid, still without its number: all that a till that comes
    back after a power cut needs to end it. Only the first attempt of a sale carries it."""


Closing = Literal["captured", "declined", "cancelled", "refund-due", "refunded", "person"]
"""A part of a sale was paid; nothing was; nothing will be; money must go back; it went; a person looks."""

SILENT: Final = "silent"
"""Why a person has to look after money that was due: its provider has not said whether it went back."""


class PaymentClosed(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="payment.closed"):
    """What an attempt came to, where it was not simply the sale: `amount_minor` is the money in question.

    An attempt that was closed without money and is found to have been paid is closed again, as `refund-due`.
    """

    sale: str
    attempt: str
    provider: str
    outcome: Closing
    amount_minor: Whole
    currency: str
    reference: str = ""
    reason: str = ""
    """A stable code, for programs and for the words on the glass."""
    postings: tuple[Posting, ...] = ()
    refund: str | msgspec.UnsetType = msgspec.UNSET
    """The refund that this is about; without it, money of the attempt itself."""


class Refund(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="refund"):
    """Goods came back, or their price is given back: what is owed to the shopper from here on.

    The money itself goes back by the attempt `attempt` of the sale that was paid; `payment.closed` says when.
    """

    refund: str
    sale: str
    attempt: str
    provider: str
    number: str
    """Receipt number: gapless in a row of its own."""
    business_date: str
    language: str
    currency: str
    total_minor: Whole
    lines: tuple[SaleLine, ...]
    taxes: tuple[TaxLine, ...]
    postings: tuple[Posting, ...]
    moves: tuple[Move, ...]
    reason: str = ""


class Operator(msgspec.Struct, frozen=True, tag_field="kind", tag="operator"):
    """A person of the shop did something at the object: `staff` is a pseudonym, `about` a sale or ''."""

    staff: str
    act: str
    about: str = ""


class Arrived(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="stock.move"):
    """Units reached this object under a transfer of the hub's: counted once, however often it is told."""

    transfer: str
    moves: tuple[Move, ...]
    epcs: tuple[str, ...] = ()


class Handed(msgspec.Struct, frozen=True, gc=False):
    """So many payments and their sum."""

    count: Whole
    amount_minor: Whole


class DayClosed(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="close"):
    """A way to pay has handed in its day: what it says of it, beside what it has paid for here since then.

    Nothing is posted: the money stands where its payments put it. `open` says that the day could not be
    closed for hours, and is tried on; `reason` is a stable code.
    """

    provider: str
    business_date: str
    outcome: Literal["closed", "open"]
    currency: str
    own: Handed
    """The payments since the last close that were not taken back, by our own books."""
    told: Handed | msgspec.UnsetType = msgspec.UNSET
    """The same by its word, where it gave one."""
    reason: str = ""

    @property
    def differs(self) -> bool:
        """Whether a person has to find out which of the two is wrong."""
        return isinstance(self.told, Handed) and self.told != self.own


class DocumentApplied(msgspec.Struct, frozen=True, tag_field="kind", tag="document.applied"):
    """From here on this object works by this version of a signed document."""

    name: str
    version: Version
    sha256: str


Fact = (
    Genesis
    | Boot
    | Checkpoint
    | PaymentIntent
    | PaymentClosed
    | Sale
    | Refund
    | Operator
    | Arrived
    | DocumentApplied
    | KeyRotated
    | Fork
    | DayClosed
)


def kind_of(fact: Fact) -> str:
    """The kind of a fact, as the journal's column and the type's tag have it."""
    tag = type(fact).__struct_config__.tag
    assert isinstance(tag, str)
    return tag


def check_balance(fact: Fact) -> None:
    """Raise UnbalancedError if `fact` would make or lose money or goods."""
    sums: dict[str, int] = {}
    for posting in getattr(fact, "postings", ()):
        sums[posting.currency] = sums.get(posting.currency, 0) + posting.amount_minor
    for currency, total in sums.items():
        if total:
            raise UnbalancedError(f"{kind_of(fact)}: postings in {currency} sum to {total}, expected 0")
    draft = getattr(fact, "draft", msgspec.UNSET)
    if isinstance(draft, Sale):
        check_balance(draft)
    for move in getattr(fact, "moves", ()):
        if not 0 < move.units <= INTEGER_MAX or move.giver == move.taker:
            raise UnbalancedError(f"{kind_of(fact)}: {move} moves nothing, or more than can be counted")
