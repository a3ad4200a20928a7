"""Payments, refunds and reversals: the card, the PIN, the host; what the host said is in the books."""

from collections.abc import Generator
from typing import Final

import msgspec

from simulators.terminals.nexo.answers import (
    Failed,
    paid,
    payment_failed,
    poi_data,
    reversal_failed,
    reversed_,
    sale_data,
)
from simulators.terminals.nexo.asks import Header, PaymentRequest, ReversalRequest
from simulators.terminals.nexo.books import Entry, left_minor
from simulators.terminals.nexo.cards import CARDS
from simulators.terminals.nexo.desk import Desk
from simulators.terminals.nexo.hand import Abort, CancelKey, Event, Insert, Mischief, Pin, Remove, Tap
from simulators.terminals.nexo.money import minor
from simulators.terminals.nexo.script import Await, Script, until

PIN_TRIES: Final = 3
# PaymentType -> the way of the money, as far as this terminal goes.
KINDS: Final = {"Normal": "payment", "Refund": "refund"}
CANCELLED = Failed("Cancel", "Cancelled on the terminal")
ABORTED = Failed("Aborted", "Aborted by the till")
NO_HOST = Failed("UnreachableHost", "The acquirer cannot be reached")

# How a card is read, as EntryMode has it.
TAPPED, INSERTED = "Contactless", "ICC"


class Shown(msgspec.Struct, frozen=True):
    """A card that has been read, and how."""

    card: str
    mode: str


Read = Generator[Await, Event | None, Shown | Failed]


def pay(desk: Desk, header: Header, request: PaymentRequest) -> Script:
    """Take or give back money."""
    sale = request.sale_data.sale_transaction_id
    told = sale_data(sale.transaction_id, sale.time_stamp)
    outcome = refusal(desk, request) or (yield from _approved(desk, header, request))
    if isinstance(outcome, Failed):
        names = desk.names()
        return payment_failed(outcome, told, poi_data(desk.setup, names.transaction, names.at))
    amounts = request.payment_transaction.amounts_req
    asked_minor = minor(amounts.requested_amount, amounts.currency)
    assert asked_minor is not None, "an amount that is none was refused"
    return paid(desk.setup, outcome, asked_minor=asked_minor)


def refusal(desk: Desk, request: PaymentRequest) -> Failed | None:
    """Why nothing can be paid at all."""
    amounts = request.payment_transaction.amounts_req
    asked_minor = minor(amounts.requested_amount, amounts.currency)
    if asked_minor is None or asked_minor <= 0:
        return Failed("MessageFormat", f"RequestedAmount is no amount of {amounts.currency}")
    if request.payment_data.payment_type not in KINDS:
        return Failed("NotAllowed", f"PaymentType {request.payment_data.payment_type} is not done here")
    if amounts.currency != desk.setup.currency:
        return Failed("NotAllowed", f"The terminal takes {desk.setup.currency} only")
    if asked_minor > desk.setup.limit_minor:
        return Failed("PaymentRestriction", "The amount is too high")
    return None


def _approved(
    desk: Desk, header: Header, request: PaymentRequest
) -> Generator[Await, Event | None, Entry | Failed]:
    amounts = request.payment_transaction.amounts_req
    asked_minor = minor(amounts.requested_amount, amounts.currency) or 0
    shown = yield from _card(desk, asked_minor)
    if isinstance(shown, Failed):
        return shown
    yield from until(desk.world.host.delay_ms)
    if not desk.world.host.reachable:
        return NO_HOST
    kind = KINDS[request.payment_data.payment_type]
    if kind == "payment" and desk.world.declines:
        desk.world.declines -= 1
        desk.books.declined += 1
        return Failed("Refusal", desk.world.decline_reason)
    entry = desk.books.write(_entry(desk, header, request, shown, asked_minor))
    if desk.takes(Mischief.LOSE_HOST_REPLY):
        desk.books.reverse(entry, entry.amount_minor, desk.names(), auto=True)
        return NO_HOST
    return entry


def _entry(desk: Desk, header: Header, request: PaymentRequest, shown: Shown, asked_minor: int) -> Entry:
    sale, names = request.sale_data.sale_transaction_id, desk.names()
    payment = request.payment_data.payment_type == "Normal"
    return Entry(
        kind="payment" if payment else "refund",
        sign=1 if payment else -1,
        amount_minor=min(desk.world.host.approve_minor or asked_minor, asked_minor),
        currency=desk.setup.currency,
        transaction=names.transaction,
        psp=names.psp,
        at=names.at,
        card=shown.card,
        mode=shown.mode,
        last4=CARDS[shown.card].last4,
        code=f"{(desk.books.count * 7919 + 611_804) % 1_000_000:06d}",
        sale=sale.transaction_id,
        sale_at=sale.time_stamp,
        sale_id=header.sale_id,
        service_id=header.pair,
    )


# The card and its PIN: a name, or why there is none.


def _card(desk: Desk, asked_minor: int) -> Read:
    setup = desk.setup
    if desk.world.slot:
        # It is somebody's who has gone: it is not read again.
        event = yield from until(setup.remove_ms, Remove, CancelKey, Abort)
        if not isinstance(event, Remove):
            return _stopped(event, Failed("InsertedCard", "A card is in the slot"))
    patience_ms = min(setup.taps_after_ms, setup.card_ms) if setup.taps else setup.card_ms
    event = yield from until(patience_ms, Tap, Insert, CancelKey, Abort)
    if event is None and setup.taps:
        return Shown(setup.taps, TAPPED)
    if not isinstance(event, Tap | Insert):
        return _stopped(event, CANCELLED)
    if not event.readable:
        return Failed("InvalidCard", "The card cannot be read")
    shown = Shown(event.card, INSERTED if isinstance(event, Insert) else TAPPED)
    if isinstance(event, Insert) or asked_minor > setup.pin_above_minor:
        return (yield from _pin(desk, shown))
    return shown


def _pin(desk: Desk, shown: Shown) -> Read:
    for _ in range(PIN_TRIES):
        event = yield from until(desk.setup.card_ms, Pin, Remove, CancelKey, Abort)
        if not isinstance(event, Pin):
            return _stopped(event, CANCELLED)
        if event.right:
            return shown
    return Failed("WrongPIN", "PIN tries exceeded")


def _stopped(event: Event | None, otherwise: Failed) -> Failed:
    match event:
        case Abort():
            return ABORTED
        case CancelKey() | Remove():
            return CANCELLED
        case _:
            return otherwise


# Reversals: of what is named, and of nothing else unless a hand has made mischief.


def reverse(desk: Desk, request: ReversalRequest) -> Script:
    """Take a transaction back, as a whole or in part."""
    yield from until(desk.world.host.delay_ms)
    if not desk.world.host.reachable:
        return reversal_failed(NO_HOST)
    entry = desk.books.find(request.original_poi_transaction.poi_transaction_id.transaction_id)
    if desk.takes(Mischief.WRONG_REVERSAL):
        entry = desk.books.last_payment()
    if entry is None:
        return reversal_failed(Failed("NotFound", "No such transaction"))
    left = left_minor(entry)
    told = request.reversed_amount
    amount = left if told is None else minor(told, entry.currency)
    if amount is None or (told is not None and amount <= 0):
        return reversal_failed(Failed("MessageFormat", "ReversedAmount is no amount"))
    if not 0 < amount <= left:
        return reversal_failed(Failed("NotAllowed", "Nothing of it is left to take back"))
    reversal = desk.books.reverse(entry, amount, desk.names(), auto=False)
    return reversed_(desk.setup, reversal, entry)
