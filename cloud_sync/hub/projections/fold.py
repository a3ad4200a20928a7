"""Entries in, sums and rows out: what a stretch of all journals adds to sales, stock and money. No I/O."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from cloud_sync.contract.documents import Delivery
from cloud_sync.contract.entry import Body
from cloud_sync.contract.facts import (
    Arrived,
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
            case Refund() as refund:
                _fold_refund(harvest, before, told, body, refund)
            case Operator() as deed:
                row = (told.id, told.address.object, deed.staff, deed.act, deed.about, body.wall_ms)
                harvest.deeds.append(row)
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
    if isinstance(closed.refund, str) or body.idem.startswith("person/"):
        what = f"{money} of sale {closed.sale} did not go back to the shopper{why}: give it back by hand"
    else:
        what = f"nobody knows whether {money} was paid for sale {closed.sale}{why}: look at {closed.provider}"
    name = told.address.object
    return Call(f"{name}/{body.idem}", f"{name}, attempt {closed.attempt}: {what}", told.received_ms)


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
