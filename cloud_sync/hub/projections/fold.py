"""Entries in, sums and rows out: what a stretch of all journals adds to sales, stock and money. No I/O."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from cloud_sync.contract.documents import Delivery
from cloud_sync.contract.entry import Arrived, Body, Sale, SaleLine
from cloud_sync.contract.topics import Address
from cloud_sync.hub.projections.meaning import Doubt, Told
from retail.custody import TRANSIT, Move

Transfer = tuple[str, str, str]
"""Tenant, site and the transfer's own id."""
Row = dict[str, Any]


class Before(msgspec.Struct):
    """What was counted before, of the things that may count only once; folding adds to it."""

    deliveries: Mapping[Transfer, Delivery]
    arrived: set[Transfer]
    sales: set[tuple[str, str]]
    """(object, sale)."""


class Harvest(msgspec.Struct):
    """What is to be added to the projections."""

    sales: list[Row] = msgspec.field(default_factory=list)
    lines: list[Row] = msgspec.field(default_factory=list)
    arrivals: list[Row] = msgspec.field(default_factory=list)
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
            case _:
                pass
    return harvest


def move(stock: Counter[tuple[str, ...]], address: Address, moves: Iterable[Move]) -> None:
    """Both sides of each move: what one holder loses another gains."""
    place = (address.tenant, address.site)
    for each in moves:
        stock[*place, each.giver, each.gtin] -= each.units
        stock[*place, each.taker, each.gtin] += each.units


def _fold_sale(harvest: Harvest, before: Before, told: Told, body: Body, sale: Sale) -> None:
    dev, place = told.address.object, (told.address.tenant, told.address.site)
    if (dev, sale.sale) in before.sales:
        harvest.doubts.append(Doubt(told, "doubled", f"sale {sale.sale[:80]} of {dev} was counted before"))
        return
    before.sales.add((dev, sale.sale))
    harvest.sales.append(_sale_row(told, body, sale))
    harvest.takings[dev, sale.currency] += sale.total_minor
    harvest.counts[dev, sale.currency] += 1
    for number, line in enumerate(sale.lines):
        harvest.lines.append(_line_row(told, number, line))
        harvest.sold[*place, line.gtin] += line.units
    for posting in sale.postings:
        harvest.money[*place, posting.account, posting.currency] += posting.amount_minor
    move(harvest.stock, told.address, sale.moves)


def _fold_arrival(harvest: Harvest, before: Before, told: Told, arrived: Arrived) -> None:
    transfer = (told.address.tenant, told.address.site, arrived.transfer)
    if (wrong := _claim(before, transfer, told, arrived)) is not None:
        harvest.doubts.append(wrong)
        return
    before.arrived.add(transfer)
    harvest.arrivals.append(dict(zip(("tenant", "site", "transfer"), transfer, strict=True), entry=told.id))
    move(harvest.stock, told.address, arrived.moves)


def _claim(before: Before, transfer: Transfer, told: Told, arrived: Arrived) -> Doubt | None:
    """Why an arrival is not counted: only the object that the goods were sent to can receive them, once."""
    name = arrived.transfer[:80]
    delivery = before.deliveries.get(transfer)
    if delivery is None:
        return Doubt(told, "transfer", f"expected a transfer of this hub's, got {name!r}")
    if transfer in before.arrived:
        return Doubt(told, "doubled", f"transfer {name} was counted before")
    if told.address.object != delivery.holder:
        return Doubt(told, "transfer", f"transfer {name} was sent to {delivery.holder}, not to this object")
    came = Counter[Move]()
    for each in arrived.moves:
        came[Move(each.gtin, each.giver, each.taker, 1)] += each.units
    if came != {Move(delivery.gtin, TRANSIT, delivery.holder, 1): delivery.units}:
        return Doubt(
            told, "transfer", f"transfer {name} brought {delivery.units} of {delivery.gtin}, not this"
        )
    return None


def _sale_row(told: Told, body: Body, sale: Sale) -> Row:
    return {
        "entry": told.id,
        "dev": told.address.object,
        "sale": sale.sale,
        "number": sale.number,
        "business_date": sale.business_date,
        "tender": sale.tender,
        "currency": sale.currency,
        "total_minor": sale.total_minor,
        "units": sum(line.units for line in sale.lines),
        "wall_ms": body.wall_ms,
    }


def _line_row(told: Told, number: int, line: SaleLine) -> Row:
    return {
        "entry": told.id,
        "line": number,
        "gtin": line.gtin,
        "name": line.name,
        "units": line.units,
        "price_minor": line.price_minor,
        "total_minor": line.total_minor,
        "tax": line.tax,
    }
