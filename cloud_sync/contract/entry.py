"""One entry of a journal: a business fact, its place in the chain, and its signature.

An entry is an RFC 7515 JWS. Its protected header is exactly `{"alg":"ES256","kid":K,"prev":H}`, its payload
the body, and its hash the SHA-256 of its signing input; `prev` is the hash of the entry before, and the
SHA-256 of the epoch for the first. Bodies are signed and stored as the bytes that the encoder made: nobody
encodes them again.

Facts that come by the million are `gc=False`: none of them can stand in a circle, and a hub that reads a
backlog would spend a sixth of its time on looking for one.

What was written stays what the encoder writes (see `check_body`): a field that a fact gets later has UNSET
for a default, which is not written, and no field is ever renamed, moved or dropped.
"""

import re
from binascii import b2a_base64
from collections.abc import Iterable
from hashlib import sha256
from typing import Final, Literal

import msgspec

from cloud_sync.contract.encoding import Whole, b64, encode, unb64
from cloud_sync.contract.signing import BadSignatureError, PublicKey, Signer, Tier, Verifier
from retail.custody import Move
from retail.pricing.book import Version
from retail.units import INTEGER_MAX

BODY_BYTES_MAX: Final = 32 * 1024
"""The longest body: 250 lines of a sale; more is not one basket."""


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
)


class Body(msgspec.Struct, frozen=True, gc=False):
    """What is signed: whose entry it is, where it stands, when it was written, and the fact.

    `wall_ms` never goes back from one entry to the next; `clock` says whether it can be believed. `mono_us`
    counts from the start of the machine and orders nothing across boots; only `seq` does.
    """

    dev: str
    epoch: str
    seq: Whole
    idem: str
    boot: str
    mono_us: Whole
    wall_ms: Whole
    clock: Literal["trusted", "untrusted"]
    fact: Fact


_BODY: Final = msgspec.json.Decoder(Body)


def kind_of(fact: Fact) -> str:
    """The kind of a fact, as the journal's column and the type's tag have it."""
    tag = type(fact).__struct_config__.tag
    assert isinstance(tag, str)
    return tag


def decode_body(data: bytes) -> Body:
    """The body in `data`; raises ValueError (a msgspec.DecodeError is one) on bytes that are none of ours."""
    if len(data) > BODY_BYTES_MAX:
        raise ValueError(
            f"expected a body of at most {BODY_BYTES_MAX} bytes, got {len(data)}: split the sale"
        )
    try:
        return _BODY.decode(data)
    except RecursionError as error:
        raise ValueError("expected the body of an entry, got brackets without end") from error


def encode_body(body: Body) -> bytes:
    """The bytes of a body; raises ValueError if it is not balanced, too long, or could not be read again."""
    data = encode(body)
    check_body(data)  # a struct takes whatever it is made with: a float, None, a number past `Whole`
    return data


def check_body(data: bytes) -> Body:
    """The body in `data`, if it is balanced and to the byte what our encoder writes.

    Nobody can read two things into such bytes: no name stands in them twice, and none that we do not know.
    Raises ValueError.
    """
    body = decode_body(data)
    check_balance(body.fact)
    _check_version(body.fact)
    if (written := encode(body)) != data:
        at = _first_difference(written, data)
        raise ValueError(
            f"expected the bytes of our encoder, got others from byte {at} on: {data[at : at + 40]!r}"
        )
    return body


def _first_difference(one: bytes, other: bytes) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


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


def _check_version(fact: Fact) -> None:
    """Keep the numbers of a version to those of `Whole`: its type is the shop's, which knows no wire."""
    version = fact.prices if isinstance(fact, Sale) else getattr(fact, "version", None)
    if isinstance(version, Version) and max(abs(version.generation), abs(version.n)) > INTEGER_MAX:
        raise ValueError(f"expected numbers of at most {INTEGER_MAX}, got {version}")


class SignedEntry(msgspec.Struct, frozen=True):
    """An entry as it is stored: the body's bytes, the hash before it, its own, and the signature r || s."""

    seq: int
    kid: str
    prev: bytes
    body: bytes
    hash: bytes
    sig: bytes

    def jws(self) -> str:
        """The entry as a compact JWS, which any JOSE library verifies with the object's public key."""
        return f"{signing_input(self.kid, self.prev, self.body).decode('ascii')}.{b64(self.sig)}"


_HEADER: Final = re.compile(rb'\{"alg":"ES256","kid":"([\w-]{8})","prev":"([\w-]{43})"\}')


def first_prev(epoch: str) -> bytes:
    """What stands before the first entry of an epoch."""
    return sha256(epoch.encode()).digest()


def signing_input(kid: str, prev: bytes, body: bytes) -> bytes:
    """What an entry's signature and hash are made over."""
    header = f'{{"alg":"ES256","kid":"{kid}","prev":"{b64(prev)}"}}'
    return f"{b64(header.encode())}.{b64(body)}".encode("ascii")


def entry_hash(kid: str, prev: bytes, body: bytes) -> bytes:
    """The hash of an entry: the SHA-256 of its signing input."""
    return sha256(signing_input(kid, prev, body)).digest()


def entry_hashes(kid: str, prev: bytes, bodies: Iterable[bytes]) -> list[bytes]:
    """The hash of each of `bodies`, which follow one another after `prev`: `entry_hash` in a row, and faster.

    A hub spends most of its time here, so what stands in every header is written once: its first 39 bytes
    are 52 characters of base64, whatever follows.
    """
    begin = f'{{"alg":"ES256","kid":"{kid}","prev":"'.encode()
    whole = len(begin) // 3 * 3
    head, tail = _b64(begin[:whole]), begin[whole:]
    found = []
    for body in bodies:
        after = b2a_base64(prev, newline=False).translate(_TO_URL, b"=")
        prev = sha256(b"%b%b.%b" % (head, _b64(b'%b%b"}' % (tail, after)), _b64(body))).digest()
        found.append(prev)
    return found


_TO_URL: Final = bytes.maketrans(b"+/", b"-_")


def _b64(data: bytes) -> bytes:
    """In the base64 of JSON a plus or a slash is rare: to look for them is faster than to map every byte."""
    return b2a_base64(data, newline=False).rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_")


def sign_entry(signer: Signer, seq: int, prev: bytes, body: bytes) -> SignedEntry:
    """`body` (from `encode_body`) as the entry after the one with hash `prev`."""
    kid = signer.public.kid
    data = signing_input(kid, prev, body)
    return SignedEntry(seq, kid, prev, body, sha256(data).digest(), signer.sign(data))


def read_entry(jws: str) -> SignedEntry:
    """The entry in a compact JWS, not verified; raises ValueError unless its header is exactly an entry's."""
    parts = [unb64(part) for part in jws.split(".")]
    if len(parts) != 3 or not (header := _HEADER.fullmatch(parts[0])):
        raise ValueError(
            f"expected the compact JWS of an entry, got {len(parts)} parts from {parts[0][:120]!r} on"
        )
    kid, prev = header[1].decode(), unb64(header[2].decode())
    body, sig = parts[1:]
    return SignedEntry(decode_body(body).seq, kid, prev, body, entry_hash(kid, prev, body), sig)


def check_entry(entry: SignedEntry, verifier: Verifier) -> None:
    """Raise BadSignatureError or ValueError if the entry's key, hash or signature does not fit its bytes."""
    if entry.kid != verifier.kid:
        raise BadSignatureError(f"entry {entry.seq}: expected key {verifier.kid}, got {entry.kid}")
    data = signing_input(entry.kid, entry.prev, entry.body)
    if sha256(data).digest() != entry.hash:
        raise ValueError(f"entry {entry.seq}: its hash is not that of its bytes")
    verifier.check(data, entry.sig)
