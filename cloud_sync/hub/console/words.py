"""Amounts, ages and kinds of trouble, as the console says them."""

from typing import Final

from retail import locale
from retail.units import Money

LANGUAGE: Final = "en"

_SECOND_MS: Final = 1_000
_MINUTE_MS: Final = 60 * _SECOND_MS
_HOUR_MS: Final = 60 * _MINUTE_MS
_DAY_MS: Final = 24 * _HOUR_MS

# Reading down: from this age on it is said in this unit.
_AGES: Final = (
    (_DAY_MS, _DAY_MS, "d"),
    (_HOUR_MS, _HOUR_MS, "h"),
    (_MINUTE_MS, _MINUTE_MS, "min"),
    (2 * _SECOND_MS, _SECOND_MS, "s"),
)

_TROUBLES: Final = {
    "fork": "Two journals of one object",
    "stale-key": "A key of before",
    "revoked": "After the object was put out",
    "enrolment": "A claim that was not honoured",
    "request": "Not a question of an object",
    "telemetry": "Not telemetry",
    "payment": "A payment to look into",
    "payment.person": "Money that a person must look after",
    "payment.day": "A terminal's day that is not as the sales are",
    "price": "A sale that costs something else",
    "price.unknown": "Sold by a document that this hub does not have",
    "settlement": "The provider's books differ from ours",
    "signature": "Wrong signature",
    "garbage": "Not a batch",
    "place": "Somebody else's place",
    "topic": "Not a topic of an object",
    "unknown": "Unknown object",
    "state": "Not a state",
    "poison": "An entry that nobody understands",
    "misplaced": "An entry of another place",
    "unbalanced": "An entry that does not balance",
    "currency": "An unknown currency",
    "limit": "A number that no shop has",
    "doubled": "Counted before",
    "transfer": "Not what was sent",
}


def amount(minor: int, currency: str) -> str:
    """An amount as people read it."""
    return locale.amount(Money(minor, currency), LANGUAGE)


def amount_parts(minor: int, currency: str) -> locale.AmountParts:
    """An amount taken apart, to raise its cents."""
    return locale.amount_parts(Money(minor, currency), LANGUAGE)


def age(at_ms: int, now_ms: int) -> str:
    """How long ago something was; 0 is never."""
    if not at_ms:
        return "never"
    for least, unit_ms, unit in _AGES:
        if now_ms - at_ms >= least:
            return f"{(now_ms - at_ms) // unit_ms} {unit} ago"
    return "just now"


def kind_of_trouble(kind: str) -> str:
    """What an alarm or a case is about, in a few words."""
    return _TROUBLES.get(kind, kind)
