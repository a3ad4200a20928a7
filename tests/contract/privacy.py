"""What every text in a body holds, and what no text in a body may hold: names, addresses, numbers of people.

An entry is signed, chained and kept for ever, so nothing may stand in one that somebody has a right to have
forgotten. What belongs to a person stands there as a pseudonym, whose meaning the hub can delete.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, get_args

import msgspec

from cloud_sync.contract.entry import Body


class Text(msgspec.Struct, frozen=True):
    """What a text holds, and how it may look."""

    holds: str
    looks: str
    """A regular expression that all of it fits."""


_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
_B64: Final = r"[A-Za-z0-9_-]"
_PROMOTION: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_HASH: Final = Text("a SHA-256, base64url", _B64 + "{43}")
_NO_HASH: Final = Text("a SHA-256, base64url, or nothing where there is no entry", f"({_B64}{{43}})?")
_EPOCH: Final = Text("16 random bytes, base64url", _B64 + "{22}")
_EPC: Final = Text("an item's EPC, hexadecimal", r"[0-9A-F]{24,62}")
_GTIN: Final = Text("a product, as a GTIN-14", r"[0-9]{14}")
_VERSION: Final = Text("a version of OPOS", r"[0-9A-Za-z.+-]{1,40}")
_COORDINATE: Final = Text("a coordinate of a public key, base64url", _B64 + "{43}")
_TAX: Final = Text("a tax code of the price book", r"[a-z][a-z0-9-]{0,31}")
_CURRENCY: Final = Text("the letters of ISO 4217", r"[A-Z]{3}")
_TRANSFER: Final = Text("the hub's number of a transfer", _NAME)
_SALE: Final = Text("12 random bytes, base64url", _B64 + "{16}")
_ATTEMPT: Final = Text("the attempt's own random number", _B64 + "{16,64}")
_PROVIDER: Final = Text("the provider's short name", r"[a-z][a-z0-9.-]{0,31}")
_REFERENCE: Final = Text("the provider's own number of a payment", r"[A-Za-z0-9._:/-]{0,64}")
_REASON: Final = Text("a stable code", r"([a-z][a-z0-9.-]{0,63})?")
_DAY: Final = Text("a day", r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LANGUAGE: Final = Text("the language on the glass (BCP 47)", r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_HOLDER: Final = Text("a place of the shop or an edge of its world", _NAME)

TEXTS: Final = {
    "Body.dev": Text("the object's name, as it was admitted", _NAME),
    "Body.epoch": _EPOCH,
    "Body.idem": Text(
        "what the fact is about: its kind and a number of ours", r"[a-z]+(/[A-Za-z0-9._-]{1,63}){0,3}"
    ),
    "Body.boot": Text("6 random bytes, base64url", _B64 + "{8}"),
    "PublicKey.x": _COORDINATE,
    "PublicKey.y": _COORDINATE,
    "Boot.version": _VERSION,
    "ClosingState.name": Text("the name of a projection", r"[a-z][a-z_]{0,31}"),
    "ClosingState.sha256": _HASH,
    "Fork.epoch": Text("the epoch before, or nothing where its file cannot be read", f"({_B64}{{22}})?"),
    "HeadOf.hash": _NO_HASH,
    "PaymentIntent.sale": _SALE,
    "PaymentIntent.attempt": _ATTEMPT,
    "PaymentIntent.provider": _PROVIDER,
    "PaymentIntent.currency": _CURRENCY,
    "PaymentIntent.fence": Text("how far a terminal had counted", r"[A-Za-z0-9._:-]{0,64}"),
    "Paid.attempt": _ATTEMPT,
    "Paid.provider": _PROVIDER,
    "Paid.reference": _REFERENCE,
    "Paid.card": Text("a card's name and its last four digits", r"[^\x00-\x1f0-9]{1,40}( [0-9]{4})?"),
    "PaymentClosed.sale": _SALE,
    "PaymentClosed.attempt": _ATTEMPT,
    "PaymentClosed.provider": _PROVIDER,
    "PaymentClosed.currency": _CURRENCY,
    "PaymentClosed.reference": _REFERENCE,
    "PaymentClosed.reason": _REASON,
    "PaymentClosed.refund": _ATTEMPT,
    "Refund.refund": _ATTEMPT,
    "Refund.sale": _SALE,
    "Refund.attempt": _ATTEMPT,
    "Refund.provider": _PROVIDER,
    "Refund.number": Text("a credit note's number", r"[A-Z2-7]{4}-R[0-9]{4,}"),
    "Refund.business_date": _DAY,
    "Refund.language": _LANGUAGE,
    "Refund.currency": _CURRENCY,
    "Refund.reason": _REASON,
    "DayClosed.provider": _PROVIDER,
    "DayClosed.business_date": _DAY,
    "DayClosed.currency": _CURRENCY,
    "DayClosed.reason": _REASON,
    "Operator.staff": Text("a pseudonym of somebody of the shop", r"\w{12,32}"),
    "Operator.act": _REASON,
    "Operator.about": Text("a sale, an attempt, a refund, or nothing", f"({_B64}{{16,64}})?"),
    "Sale.sale": _SALE,
    "Sale.number": Text("a receipt's number; a draft has none yet", r"([A-Z2-7]{4}-[0-9]{4,})?"),
    "Sale.business_date": _DAY,
    "Sale.language": _LANGUAGE,
    "Sale.currency": _CURRENCY,
    "Sale.tender": _PROVIDER,
    "Sale.fiscal": Text("a signing device's own signature", r"[!-~]{1,1024}"),
    "SaleLine.gtin": _GTIN,
    "SaleLine.name": Text("the product's name in the signed price book", r"[^\x00-\x1f]{1,200}"),
    "SaleLine.tax": _TAX,
    "SaleLine.epcs": _EPC,
    "SaleDiscount.promotion": Text("the id of a promotion in the signed document", _PROMOTION),
    "SaleDiscount.words": Text("its words in the signed document", r"[^\x00-\x1f]{1,80}"),
    "TaxLine.tax": _TAX,
    "Basis.level": Text("a level of membership, which many have", r"[^\x00-\x1f]{0,64}"),
    "CouponHeld.id": Text("the random number of a coupon", _B64 + "{1,64}"),
    "CouponHeld.promotion": Text("the id of a promotion in the signed document", _PROMOTION),
    "LeaseHeld.promotion": Text("the id of a promotion in the signed document", _PROMOTION),
    "Posting.account": Text(
        "an account of the shop, of a tax code, or of a pseudonym",
        r"revenue|tendered|refund-due|rounding|tax/[a-z][a-z0-9-]{0,31}|receivable/\w{12,32}"
        r"|(settlement|stored)/[a-z][a-z0-9.-]{0,31}|(wallet|giftcard)/\w{12,32}",
    ),
    "Posting.currency": _CURRENCY,
    "Move.gtin": _GTIN,
    "Move.giver": _HOLDER,
    "Move.taker": _HOLDER,
    "Arrived.transfer": _TRANSFER,
    "Arrived.epcs": _EPC,
    "DocumentApplied.name": Text("the name of a signed document", r"[a-z][a-z0-9-]{0,31}"),
    "DocumentApplied.sha256": Text("a SHA-256, hexadecimal", r"[0-9a-f]{64}"),
}
"""Every text of every body."""

# These are numbers and hashes through and through: what looks like a telephone's number in them is none.
_CODES: Final = frozenset(
    {
        _HASH,
        _NO_HASH,
        _EPOCH,
        _EPC,
        _GTIN,
        _COORDINATE,
        _DAY,
        _ATTEMPT,
        _REFERENCE,
        TEXTS["DocumentApplied.sha256"],
    }
)

EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+\.\w")
PHONE: Final = re.compile(r"(?:\+|\b00?)[1-9][0-9](?:[ /().-]?[0-9]){5,}")
CARD: Final = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")


def text_fields(type_: Any = Body) -> Iterator[str]:
    """Every field that holds texts, of `type_` and of all that it is made of, as `Type.field`."""
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        for field in msgspec.structs.fields(type_):
            if str in (field.type, *get_args(field.type)):
                yield f"{type_.__name__}.{field.name}"
            yield from text_fields(field.type)
    for part in get_args(type_):
        yield from text_fields(part)


def texts_in(value: Any) -> Iterator[tuple[str, str]]:
    """Every text in a body: its field, and what stands there."""
    if isinstance(value, tuple):
        for part in value:
            yield from texts_in(part)
    if isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            held = getattr(value, field.name)
            for each in held if isinstance(held, tuple) else (held,):
                if isinstance(each, str) and (name := f"{type(value).__name__}.{field.name}") in TEXTS:
                    yield name, each
            yield from texts_in(held)


def personal(body: Body) -> Iterator[str]:
    """Whatever in a body looks like something of a person, or like nothing that belongs there."""
    for field, text in texts_in(body):
        if not re.fullmatch(TEXTS[field].looks, text):
            yield f"{field}: {text!r} is not {TEXTS[field].holds}"
        if TEXTS[field] not in _CODES:
            yield from (f"{field}: {what} in {text!r}" for what in _signs(text))


def _signs(text: str) -> Iterator[str]:
    if EMAIL.search(text):
        yield "an e-mail address"
    if PHONE.search(text):
        yield "a telephone's number"
    if any(_luhn(re.sub("[ -]", "", found[0])) for found in CARD.finditer(text)):
        yield "a card's number"


def _luhn(digits: str) -> bool:
    """Whether the last of `digits` checks the others as that of a card does (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0
