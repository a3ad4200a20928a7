"""What an entry means, or why its meaning is not taken: it stays in its journal and a person looks at it."""

import re
from functools import lru_cache
from typing import Final

import msgspec

from cloud_sync.contract.entry import Body, decode_body
from cloud_sync.contract.facts import (
    Arrived,
    DayClosed,
    Fact,
    Handed,
    Operator,
    PaymentClosed,
    PaymentIntent,
    Posting,
    Refund,
    Sale,
    SaleLine,
    UnbalancedError,
    check_balance,
)
from cloud_sync.contract.topics import Address
from retail.custody import Move
from retail.locale import is_currency
from retail.units import INTEGER_MAX

# No basket costs this much in any currency, and 9 million of them still sum up in 64 bits.
AMOUNT_MINOR_MAX: Final = 10**12
# No van brings more at once.
UNITS_MAX: Final = 10**6
# What names a thing is an index's key, and PostgreSQL's take 2,704 bytes at most: four names of so many
# letters of any script fit.
NAME_CHARS_MAX: Final = 128
# The letter NUL, which no text of PostgreSQL can hold: an escape behind an even number of backslashes.
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


# All currencies of the world are 300; the rest of the room is for what is none.
_is_currency: Final = lru_cache(maxsize=512)(is_currency)


class Told(msgspec.Struct, frozen=True, gc=False):
    """An entry as it was kept: its number at the hub, who told it from where, its place, hash and bytes."""

    id: int
    address: Address
    epoch: str
    seq: int
    hash: bytes
    body: bytes
    received_ms: int


class Doubt(msgspec.Struct, frozen=True, gc=False):
    """Why the meaning of an entry is not taken: `reason` is for programs, `sentence` for a person."""

    told: Told
    reason: str
    sentence: str


class Trust(msgspec.Struct, frozen=True):
    """How far a revoked object is believed: epochs before its last good one, and that one up to `seq`."""

    before: frozenset[str]
    epoch: str
    seq: int

    def covers(self, told: Told) -> bool:
        """Whether an entry was written before the object could no longer be believed."""
        return told.epoch in self.before or (told.epoch == self.epoch and told.seq <= self.seq)


def believe(told: Told, body: Body | Doubt, trust: Trust | None) -> Body | Doubt:
    """What was understood of an entry, if its object is still believed there; `trust` is in a revoked one."""
    if trust is None or trust.covers(told):
        return body
    last = f"{trust.epoch or 'none'}:{trust.seq}"
    return Doubt(told, "revoked", f"its object is revoked: nothing is counted after {last}")


def understand(told: Told) -> Body | Doubt:
    """The body of an entry, if it is one that may be counted."""
    try:
        body = decode_body(told.body)
        check_balance(body.fact)
    except UnbalancedError as error:
        return Doubt(told, "unbalanced", str(error))
    except ValueError as error:
        return Doubt(told, "poison", f"expected a body that we know, got something else: {error}")
    wrong = _wrong(told, body)
    return Doubt(told, *wrong) if wrong else body


Wrong = tuple[str, str]
"""A reason and a sentence."""


def _wrong(told: Told, body: Body) -> Wrong | None:
    """Why a body that can be read may not be counted."""
    if b"\\u0000" in told.body and _NUL.search(told.body):
        return "poison", "expected text, got some with the letter NUL in it"
    if body.seq != told.seq or body.epoch != told.epoch or body.dev != told.address.object:
        place = f"{body.dev} {body.epoch} {body.seq}"
        return "misplaced", f"expected the body of this entry, got that of {place[:200]}"
    return _over(body.wall_ms) if not 0 <= body.wall_ms <= INTEGER_MAX else _wrong_fact(body, body.fact)


def _wrong_fact(body: Body, fact: Fact) -> Wrong | None:
    match fact:
        case Sale() as sale:
            return _wrong_sale(sale) or _wrong_moves(sale.moves)
        case Arrived() as arrived:
            return _wrong_name(arrived.transfer) or _wrong_moves(arrived.moves)
        case PaymentIntent() as intent:
            return _wrong_name(intent.attempt) or _wrong_money(intent.amount_minor, intent.currency)
        case _:
            return _wrong_afterwards(body, fact)


def _wrong_afterwards(body: Body, fact: Fact) -> Wrong | None:
    """The facts that are told after a sale, or instead of one."""
    match fact:
        case PaymentClosed() as closed:
            return _wrong_name(body.idem) or _wrong_end(closed)
        case Refund() as refund:
            return _wrong_refund(refund) or _wrong_moves(refund.moves)
        case Operator() as deed:
            return _wrong_names(deed.staff, deed.act, deed.about)
        case DayClosed() as day:
            return _wrong_name(body.idem) or _wrong_day(day)
        case _:
            return None


# Every sale of every object comes through here: what is right is seen by comparisons, and without a call.


def _wrong_sale(sale: Sale) -> Wrong | None:
    if (wrong := _wrong_name(sale.sale) or _wrong_money(sale.total_minor, sale.currency)) is not None:
        return wrong
    for line in sale.lines:
        if not (
            len(line.gtin) <= NAME_CHARS_MAX
            and -UNITS_MAX <= line.units <= UNITS_MAX
            and -AMOUNT_MINOR_MAX <= line.price_minor <= AMOUNT_MINOR_MAX
            and -AMOUNT_MINOR_MAX <= line.total_minor <= AMOUNT_MINOR_MAX
        ):
            return _wrong_line(line)
    for posting in sale.postings:
        if (
            posting.currency != sale.currency
            or len(posting.account) > NAME_CHARS_MAX
            or not -AMOUNT_MINOR_MAX <= posting.amount_minor <= AMOUNT_MINOR_MAX
        ):
            wrong = _wrong_name(posting.account) or _wrong_money(posting.amount_minor, posting.currency)
            if wrong is not None:
                return wrong
    return None


def _wrong_end(closed: PaymentClosed) -> Wrong | None:
    refund = closed.refund if isinstance(closed.refund, str) else ""
    return (
        _wrong_names(closed.attempt, closed.sale, closed.provider, closed.reason, refund)
        or _wrong_money(closed.amount_minor, closed.currency)
        or _wrong_postings(closed.postings)
    )


def _wrong_refund(refund: Refund) -> Wrong | None:
    wrong = (
        _wrong_names(refund.refund, refund.sale, refund.attempt, refund.provider)
        or _wrong_money(refund.total_minor, refund.currency)
        or _wrong_postings(refund.postings)
    )
    lines = (_wrong_line(line) for line in refund.lines)
    return wrong or next((each for each in lines if each is not None), None)


def _wrong_day(day: DayClosed) -> Wrong | None:
    wrong = _wrong_names(day.provider, day.business_date, day.reason)
    sums = (each for each in (day.own, day.told) if isinstance(each, Handed))
    money = (_wrong_money(each.amount_minor, day.currency) for each in sums)
    return wrong or next((each for each in money if each is not None), None)


def _wrong_postings(postings: tuple[Posting, ...]) -> Wrong | None:
    for posting in postings:
        wrong = _wrong_name(posting.account) or _wrong_money(posting.amount_minor, posting.currency)
        if wrong is not None:
            return wrong
    return None


def _wrong_names(*names: str) -> Wrong | None:
    return next((wrong for name in names if (wrong := _wrong_name(name)) is not None), None)


def _wrong_line(line: SaleLine) -> Wrong | None:
    over = (line.units, UNITS_MAX), (line.price_minor, AMOUNT_MINOR_MAX), (line.total_minor, AMOUNT_MINOR_MAX)
    wrong = (_over(number) for number, most in over if not -most <= number <= most)
    return _wrong_name(line.gtin) or next(wrong, None)


def _wrong_moves(moves: tuple[Move, ...]) -> Wrong | None:
    for move in moves:
        if not -UNITS_MAX <= move.units <= UNITS_MAX:
            return _over(move.units)
        if max(len(move.gtin), len(move.giver), len(move.taker)) > NAME_CHARS_MAX:
            return _wrong_name(max(move.gtin, move.giver, move.taker, key=len))
    return None


def _wrong_name(name: str) -> Wrong | None:
    if len(name) <= NAME_CHARS_MAX:
        return None
    return "limit", f"expected names of at most {NAME_CHARS_MAX} letters, got {name[:80]!r}.."


def _wrong_money(amount_minor: int, currency: str) -> Wrong | None:
    if not _is_currency(currency):
        return "currency", f"expected the letters of ISO 4217 such as EUR, got {currency[:40]!r}"
    return None if -AMOUNT_MINOR_MAX <= amount_minor <= AMOUNT_MINOR_MAX else _over(amount_minor)


def _over(number: int) -> Wrong:
    return "limit", f"expected amounts and counts that a shop can have, got {number}"
