"""Payments and refunds: the card, the PIN, the host, then the till, which must say that it has heard."""

from collections.abc import Generator
from typing import Final, Literal

import msgspec

from simulators.terminals.zvt.apdu import Apdu
from simulators.terminals.zvt.books import TURNOVER_MAX, Entry
from simulators.terminals.zvt.cards import CARDS
from simulators.terminals.zvt.conversation import Reply, Script, Step, say, until
from simulators.terminals.zvt.desk import (
    PAYMENT_RECEIPTS,
    Desk,
    ask_host,
    booked,
    card_out,
    end,
    print_out,
    tell,
)
from simulators.terminals.zvt.fields import UnreadableError, fields, number
from simulators.terminals.zvt.hand import Abort, CancelKey, CardName, Insert, Mischief, Pin, Remove, Tap
from simulators.terminals.zvt.paper import receipt
from simulators.terminals.zvt.sayings import (
    AND_REMOVE,
    APPROVED,
    ASKING_HOST,
    AUTO_REVERSAL,
    CANCELLED,
    COMPLETION,
    DAY_END_OPEN,
    DECLINED,
    FULL,
    HOST_SILENT,
    INSERT_CARD,
    NO_HOST,
    NO_PAPER,
    NOT_ISSUED,
    OK,
    PIN_REFUSED,
    REMOVE_CARD,
    TOO_HIGH,
    TOO_LOW,
    UNREADABLE,
    WATCH_PIN_PAD,
    WRONG_CURRENCY,
    WRONG_PIN,
    not_approved,
    status,
)

PIN_TRIES: Final = 3
DONE: Final = Apdu(COMPLETION)
# What the till may answer to a 04 0F.
ACCEPTED, DISPENSING, OTHER_AMOUNT, NO_GOODS = 0x8000, 0x849C, 0x849D, 0x8466
AMOUNT: Final = 0x04


class Wanted(msgspec.Struct, frozen=True):
    """What the till has asked for; `repeats` is how often it may say that goods are still being issued."""

    kind: Literal["payment", "refund"]
    amount_minor: int
    currency: int
    repeats: int = 0


def pay(desk: Desk, wanted: Wanted) -> Script:
    """Take or give back money."""
    if error := _refusal(desk, wanted):
        yield from end(desk, error, desk.setup.currency if error == WRONG_CURRENCY else None)
        return
    card = yield from _card(desk, wanted)
    if isinstance(card, int):
        yield from end(desk, card)
        return
    yield from tell(desk, ASKING_HOST)
    reachable = yield from ask_host(desk)
    if not reachable:
        yield from end(desk, NO_HOST)
    elif wanted.kind == "payment" and desk.world.declines:
        yield from _declined(desk, wanted)
    else:
        yield from _approved(desk, wanted, card)


def _refusal(desk: Desk, wanted: Wanted) -> int:
    """Why nothing can be paid at all; OK when it can."""
    troubles = {
        WRONG_CURRENCY: wanted.currency != desk.setup.currency,
        TOO_LOW: wanted.amount_minor == 0,
        TOO_HIGH: wanted.amount_minor > desk.setup.limit_minor,
        DAY_END_OPEN: desk.books.day_end_open,
        FULL: len(desk.books.today()) >= TURNOVER_MAX,
        NO_PAPER: desk.world.paper == "out" and desk.prints_itself(PAYMENT_RECEIPTS),
    }
    return next((error for error, so in troubles.items() if so), OK)


# The card and its PIN: a name, or the error that ends the command.


def _card(desk: Desk, wanted: Wanted) -> Generator[Step, Reply, str | int]:
    setup = desk.setup
    if desk.world.slot:
        # It is somebody's who has gone: it is not read again.
        yield from tell(desk, REMOVE_CARD, setup.remove_ms)
        if not isinstance((yield from until(setup.card_ms, Remove, CancelKey, Abort)), Remove):
            return CANCELLED
    yield from tell(desk, INSERT_CARD, setup.card_ms)
    patience_ms = min(setup.taps_after_ms, setup.card_ms) if setup.taps else setup.card_ms
    event = yield from until(patience_ms, Tap, Insert, CancelKey, Abort)
    if event is None and setup.taps:
        return setup.taps
    if not isinstance(event, Tap | Insert):
        return CANCELLED
    if desk.unsteady:
        return UNREADABLE
    if isinstance(event, Insert) or wanted.amount_minor > setup.pin_above_minor:
        return (yield from _pin(desk, event.card))
    return event.card


def _pin(desk: Desk, card: CardName) -> Generator[Step, Reply, str | int]:
    yield from tell(desk, WATCH_PIN_PAD, desk.setup.card_ms)
    for _ in range(PIN_TRIES):
        event = yield from until(desk.setup.card_ms, Pin, Remove, CancelKey, Abort)
        if not isinstance(event, Pin):
            return CANCELLED
        if event.right:
            return card
        yield from tell(desk, WRONG_PIN)
    return PIN_REFUSED


# The host has answered.


def _declined(desk: Desk, wanted: Wanted) -> Script:
    desk.world.declines -= 1
    desk.books.declined += 1
    result = desk.world.decline_result
    yield from _show(desk, DECLINED)
    yield from say(not_approved(desk.persona, wanted.amount_minor, result))
    yield from end(desk, result)


def _approved(desk: Desk, wanted: Wanted, card: str) -> Script:
    entry = booked(desk, _entry(desk, wanted, card))
    if desk.takes(Mischief.LOSE_HOST_REPLY):
        yield from _take_back(desk, entry, HOST_SILENT)
        return
    yield from _show(desk, APPROVED)
    if desk.takes(Mischief.END_FIRST):
        yield from say(DONE)
    error = yield from _deliver(desk, entry, wanted.repeats)
    if error:
        yield from _take_back(desk, entry, error)
        return
    entry.state = "done"
    if desk.takes(Mischief.DOUBLE_STATUS):
        yield from say(status(desk.persona, entry))
    yield from print_receipts(desk, entry)
    yield from card_out(desk)
    yield from say(DONE)


def _entry(desk: Desk, wanted: Wanted, card: str) -> Entry:
    most = desk.world.host.approve_minor or wanted.amount_minor
    amount = min(most, wanted.amount_minor)
    return Entry(
        kind=wanted.kind,
        state="pending",
        sign=1 if wanted.kind == "payment" else -1,
        amount_minor=amount,
        authorised_minor=amount,
        currency=wanted.currency,
        trace=0,
        receipt=0,
        at=desk.at(),
        card=card,
        last4=CARDS[card].last4,
        code=f"{(desk.books.trace * 7919 + 611_804) % 1_000_000:06d}",
        day=desk.books.day,
    )


def _show(desk: Desk, shown: int) -> Script:
    yield from tell(desk, shown | (AND_REMOVE if desk.world.slot else 0))


# The till must say that it has heard; with goods to issue it says how that goes.


def _deliver(desk: Desk, entry: Entry, repeats: int) -> Generator[Step, Reply, int]:
    """Say the status until the till has done its part; OK, or the error that takes the payment back."""
    for turn in range(repeats + 1):
        answer = yield from say(status(desk.persona, entry))
        if answer is None:
            return CANCELLED if desk.setup.auto_reversal else OK
        if answer.control == NO_GOODS:
            return NOT_ISSUED
        if answer.control == OTHER_AMOUNT:
            return _other_amount(entry, answer.data)
        if answer.control != DISPENSING:
            return OK
        if turn < repeats:
            yield from until(desk.setup.goods_ms)
    return CANCELLED


def _other_amount(entry: Entry, body: bytes) -> int:
    """Charge less than was authorised; more is not to be had."""
    try:
        amount = number(dict(fields(body))[AMOUNT])
    except (UnreadableError, KeyError):
        return NOT_ISSUED
    if amount > entry.authorised_minor:
        return TOO_HIGH
    entry.amount_minor = amount
    return OK if amount else NOT_ISSUED


def _take_back(desk: Desk, entry: Entry, error: int) -> Script:
    desk.books.reverse(entry, desk.at(), auto=True)
    yield from tell(desk, AUTO_REVERSAL)
    yield from end(desk, error)


def print_receipts(desk: Desk, entry: Entry) -> Script:
    """The merchant's receipt and the shopper's."""
    for kind in ("merchant", "customer"):
        lines = receipt(entry, kind, desk.setup.merchant, desk.setup.terminal_id, desk.setup.shows)
        yield from print_out(desk, PAYMENT_RECEIPTS, kind, lines)
