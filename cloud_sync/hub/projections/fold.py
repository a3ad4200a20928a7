"""Entries in, sums and rows out: what a stretch of all journals adds to sales, stock and money. No I/O."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from cloud_sync.contract.documents import Delivery
from cloud_sync.contract.entry import Body
from cloud_sync.contract.facts import (
    SILENT,
    Arrived,
    DayClosed,
    Handed,
    Operator,
    PaymentClosed,
    PaymentIntent,
    Posting,
    Refund,
    Sale,
    SaleLine,
)
from cloud_sync.contract.topics import Address
from cloud_sync.hub.projections.meaning import Doubt, Told
from retail.custody import TRANSIT, Move

Transfer = tuple[str, str, str]
"""Tenant, site and the transfer's own id."""
Row = tuple[Any, ...]
"""A row in the order of its table's columns."""


PERSON: Final = "payment.person"
"""The kind of alarm that calls a person to money that nobody can account for."""
DAY: Final = "payment.day"
"""The kind of alarm for a terminal's day that is not as our books have it, or cannot be closed."""

PIN_LOCKED: Final = "pin.locked"
"""What an `operator` entry says when a badge is locked after wrong PINs."""
LOCKED: Final = "staff.locked"
"""The kind of the alarm about it."""
ELSEWHERE: Final = "sold-elsewhere"
"""Why a person gives money back: the object that took the goods has not taken it."""


class Before(msgspec.Struct):
    """What was counted before, of the things that may count only once; folding adds to it."""

    deliveries: Mapping[Transfer, Delivery]
    arrived: set[Transfer]
    sales: set[tuple[str, str]]
    """(object, sale)."""
    attempts: set[tuple[str, str]] = msgspec.field(default_factory=set)
    """(object, attempt)."""
    ends: set[tuple[str, str]] = msgspec.field(default_factory=set)
    """(object, the entry's own idempotency key), of payments that ended."""
    refunds: set[tuple[str, str]] = msgspec.field(default_factory=set)
    """(object, refund)."""


class Call(msgspec.Struct, frozen=True, gc=False):
    """A person of the shop has to look: at what (one row in the list of alarms), and why."""

    subject: str
    sentence: str
    at_ms: int
    kind: str = PERSON


class Harvest(msgspec.Struct):
    """What is to be added to the projections."""

    sales: list[Row] = msgspec.field(default_factory=list)
    lines: list[Row] = msgspec.field(default_factory=list)
    arrivals: list[Row] = msgspec.field(default_factory=list)
    intents: list[Row] = msgspec.field(default_factory=list)
    ends: list[Row] = msgspec.field(default_factory=list)
    refunds: list[Row] = msgspec.field(default_factory=list)
    refund_lines: list[Row] = msgspec.field(default_factory=list)
    deeds: list[Row] = msgspec.field(default_factory=list)
    calls: list[Call] = msgspec.field(default_factory=list)
    doubts: list[Doubt] = msgspec.field(default_factory=list)
    stock: Counter[tuple[str, ...]] = msgspec.field(default_factory=Counter)
    """(tenant, site, holder, gtin) -> units."""
    sold: Counter[tuple[str, ...]] = msgspec.field(default_factory=Counter)
    """(tenant, site, gtin) -> units."""
    money: Counter[tuple[str, ...]] = msgspec.field(default_factory=Counter)
    """(tenant, site, account, currency) -> minor units."""
    takings: Counter[tuple[str, ...]] = msgspec.field(default_factory=Counter)
    """(object, currency) -> minor units."""
    counts: Counter[tuple[str, ...]] = msgspec.field(default_factory=Counter)
    """(object, currency) -> sales."""


def fold(understood: Iterable[tuple[Told, Body | Doubt]], before: Before) -> Harvest:
    """What these entries add, in their order."""
    harvest = Harvest()
    for told, body in understood:
        if isinstance(body, Doubt):
            harvest.doubts.append(body)
            continue
        match body.fact:
            case Sale() as sale:
                _fold_sale(harvest, before, told, body, sale)
            case Arrived() as arrived:
                _fold_arrival(harvest, before, told, arrived)
            case PaymentIntent() as intent:
                _fold_intent(harvest, before, told, intent)
            case PaymentClosed() as closed:
                _fold_end(harvest, before, told, body, closed)
            case DayClosed() as day if day.differs or day.outcome == "open":
                harvest.calls.append(_call_of_day(told, body, day))
            case Refund() as refund:
                _fold_refund(harvest, before, told, body, refund)
            case Operator() as deed:
                row = (told.id, told.address.object, deed.staff, deed.act, deed.about, body.wall_ms)
                harvest.deeds.append(row)
                if deed.act == PIN_LOCKED:
                    harvest.calls.append(_call_of_lock(told, body, deed))
            case _:
                pass
    return harvest


def move(stock: Counter[tuple[str, ...]], address: Address, moves: Iterable[Move]) -> None:
    """Both sides of each move: what one holder loses another gains."""
    tenant, site = address.tenant, address.site
    for each in moves:
        stock[tenant, site, each.giver, each.gtin] -= each.units
        stock[tenant, site, each.taker, each.gtin] += each.units


def _fold_sale(harvest: Harvest, before: Before, told: Told, body: Body, sale: Sale) -> None:
    dev, tenant, site = told.address.object, told.address.tenant, told.address.site
    if (dev, sale.sale) in before.sales:
        harvest.doubts.append(Doubt(told, "doubled", f"sale {sale.sale[:80]} of {dev} was counted before"))
        return
    before.sales.add((dev, sale.sale))
    harvest.sales.append(_sale_row(told, body, sale))
    harvest.takings[dev, sale.currency] += sale.total_minor
    harvest.counts[dev, sale.currency] += 1
    for number, line in enumerate(sale.lines):
        harvest.lines.append(_line_row(told, number, line))
        harvest.sold[tenant, site, line.gtin] += line.units
    _post(harvest, told.address, sale.postings)
    move(harvest.stock, told.address, sale.moves)


def _fold_arrival(harvest: Harvest, before: Before, told: Told, arrived: Arrived) -> None:
    transfer = (told.address.tenant, told.address.site, arrived.transfer)
    if (wrong := _claim(before, transfer, told, arrived)) is not None:
        harvest.doubts.append(wrong)
        return
    before.arrived.add(transfer)
    tenant, site, name = transfer
    harvest.arrivals.append((name, tenant, site, told.id))
    move(harvest.stock, told.address, arrived.moves)


def _fold_intent(harvest: Harvest, before: Before, told: Told, intent: PaymentIntent) -> None:
    meant = (told.address.object, intent.attempt)
    if meant in before.attempts:
        harvest.doubts.append(Doubt(told, "doubled", f"attempt {intent.attempt} was meant before"))
        return
    before.attempts.add(meant)
    harvest.intents.append(
        (
            told.id,
            told.address.object,
            intent.attempt,
            intent.sale,
            intent.provider,
            intent.amount_minor,
            intent.currency,
        )
    )


def _fold_end(harvest: Harvest, before: Before, told: Told, body: Body, closed: PaymentClosed) -> None:
    end = (told.address.object, body.idem)
    if end in before.ends:
        harvest.doubts.append(Doubt(told, "doubled", f"what {body.idem} came to was counted before"))
        return
    before.ends.add(end)
    harvest.ends.append(_end_row(told, body, closed))
    _post(harvest, told.address, closed.postings)
    if closed.outcome == "person":
        harvest.calls.append(_call(told, body, closed))


def _fold_refund(harvest: Harvest, before: Before, told: Told, body: Body, refund: Refund) -> None:
    meant = (told.address.object, refund.refund)
    if meant in before.refunds:
        harvest.doubts.append(Doubt(told, "doubled", f"refund {refund.refund} was counted before"))
        return
    before.refunds.add(meant)
    harvest.refunds.append(_refund_row(told, body, refund))
    harvest.refund_lines += [_line_row(told, number, line) for number, line in enumerate(refund.lines)]
    _post(harvest, told.address, refund.postings)
    move(harvest.stock, told.address, refund.moves)


def _post(harvest: Harvest, address: Address, postings: Iterable[Posting]) -> None:
    tenant, site, money = address.tenant, address.site, harvest.money
    for posting in postings:
        money[tenant, site, posting.account, posting.currency] += posting.amount_minor


def _call(told: Told, body: Body, closed: PaymentClosed) -> Call:
    """What to tell a person: either money did not go back, or nobody knows whether it came."""
    money = f"{closed.amount_minor} {closed.currency} (minor units) at {closed.provider}"
    why = f" ({closed.reason})" if closed.reason else ""
    if closed.reason == SILENT:
        what = (
            f"{money} of sale {closed.sale} is due to the shopper, and {closed.provider} has not answered for"
        )
        what += (
            f" days: look there, and give it back by hand if it did not go back; {told.address.object} has"
        )
        what += " stopped asking"
    elif closed.reason == ELSEWHERE:
        what = (
            f"goods came back that another object had sold: {money} of sale {closed.sale} is with that one's"
            " provider; see that nobody has given it back, and give it back by hand"
        )
    elif isinstance(closed.refund, str) or body.idem.startswith("person/"):
        what = f"{money} of sale {closed.sale} did not go back to the shopper{why}: give it back by hand"
    else:
        what = f"nobody knows whether {money} was paid for sale {closed.sale}{why}: look at {closed.provider}"
    name = told.address.object
    return Call(f"{name}/{body.idem}", f"{name}, attempt {closed.attempt}: {what}", told.received_ms)


def _call_of_lock(told: Told, body: Body, deed: Operator) -> Call:
    """Somebody tries the PINs of a badge, or has forgotten theirs."""
    name = told.address.object
    what = f"too many wrong PINs for the badge of {deed.staff}: it is locked for a quarter of an hour"
    return Call(f"{name}/{body.idem}", f"{name}: {what}", told.received_ms, LOCKED)


def _call_of_day(told: Told, body: Body, day: DayClosed) -> Call:
    """What to tell a person of a day that was not closed, or not to the cent."""
    name = told.address.object
    own = f"{day.own.count} payments of {day.own.amount_minor} {day.currency} (minor units)"
    why = f" ({day.reason})" if day.reason else ""
    if isinstance(day.told, Handed):
        told_sum = f"{day.told.count} of {day.told.amount_minor}"
        what = f"handed in {told_sum}, and {name} was paid {own}: compare its slip with the sales{why}"
    else:
        what = f"could not close its day yet{why}, with {own}: look at the terminal"
    return Call(f"{name}/{body.idem}", f"{name}: {day.provider} {what}", told.received_ms, DAY)


def _claim(before: Before, transfer: Transfer, told: Told, arrived: Arrived) -> Doubt | None:
    """Why an arrival is not counted: only the object that the goods were sent to can receive them, once."""
    name = arrived.transfer[:80]
    delivery = before.deliveries.get(transfer)
    if delivery is None:
        return Doubt(told, "transfer", f"expected a transfer of this hub's, got {name!r}")
    # This comes first: what another object says must be judged the same whoever is projected first.
    if told.address.object != delivery.holder:
        return Doubt(told, "transfer", f"transfer {name} was sent to {delivery.holder}, not to this object")
    if transfer in before.arrived:
        return Doubt(told, "doubled", f"transfer {name} was counted before")
    came = Counter[Move]()
    for each in arrived.moves:
        came[Move(each.gtin, each.giver, each.taker, 1)] += each.units
    if came != {Move(delivery.gtin, TRANSIT, delivery.holder, 1): delivery.units}:
        return Doubt(
            told, "transfer", f"transfer {name} brought {delivery.units} of {delivery.gtin}, not this"
        )
    return None


def _sale_row(told: Told, body: Body, sale: Sale) -> Row:
    return (
        told.id,
        told.address.object,
        sale.sale,
        sale.number,
        sale.business_date,
        sale.tender,
        sale.currency,
        sale.total_minor,
        sum([line.units for line in sale.lines]),
        body.wall_ms,
    )


def _line_row(told: Told, number: int, line: SaleLine) -> Row:
    return (
        told.id,
        number,
        line.gtin,
        line.name,
        line.units,
        line.price_minor,
        line.total_minor,
        line.tax,
    )


def _end_row(told: Told, body: Body, closed: PaymentClosed) -> Row:
    return (
        told.id,
        told.address.object,
        body.idem,
        closed.attempt,
        closed.sale,
        closed.provider,
        closed.outcome,
        closed.amount_minor,
        closed.currency,
        closed.reference,
        closed.reason,
        closed.refund if isinstance(closed.refund, str) else "",
        body.wall_ms,
    )


def _refund_row(told: Told, body: Body, refund: Refund) -> Row:
    return (
        told.id,
        told.address.object,
        refund.refund,
        refund.sale,
        refund.attempt,
        refund.provider,
        refund.number,
        refund.business_date,
        refund.currency,
        refund.total_minor,
        sum([line.units for line in refund.lines]),
        refund.reason,
        body.wall_ms,
    )
