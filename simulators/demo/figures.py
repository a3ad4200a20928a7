"""Three books of one day, kept by the objects, the hub and the shoppers, and whether they agree."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from simulators.demo.hub import HubFigures
from simulators.demo.world import Purchase


class LedgerFigures(msgspec.Struct, frozen=True):
    """What `opos ledger figures` says of one journal; `sold` is GTIN -> units."""

    object: str
    epoch: str
    entries: int
    acked: int
    sales: int
    money: dict[str, int]
    sold: dict[str, int]


class Books(msgspec.Struct, frozen=True):
    """One party's figures at one moment: sales by object, money by currency, units left by GTIN, entries."""

    sales: dict[str, int]
    money: dict[str, int]
    stock: dict[str, int]
    entries: int = 0


class Day(msgspec.Struct, frozen=True):
    """The three books at one moment."""

    objects: Books
    hub: Books
    shoppers: Books


def books_of_objects(ledgers: Iterable[LedgerFigures], delivered: Mapping[str, int]) -> Books:
    """The journals' figures; what is left is what was delivered less what they sold."""
    every = list(ledgers)
    sold = _sum(ledger.sold for ledger in every)
    return Books(
        {ledger.object: ledger.sales for ledger in every},
        _sum(ledger.money for ledger in every),
        {gtin: units - sold.get(gtin, 0) for gtin, units in delivered.items()},
        sum(ledger.acked for ledger in every),
    )


def books_of_hub(figures: HubFigures, objects: Iterable[str]) -> Books:
    """The hub's figures."""
    sales = {name: figures.sales.get(name, 0) for name in objects}
    return Books(sales, figures.money, figures.stock, figures.entries)


def books_of_shoppers(
    purchases: Iterable[Purchase], left: Mapping[str, int], objects: Iterable[str]
) -> Books:
    """What people paid by the prices that they saw, and what lies in the shop unbought."""
    every = list(purchases)
    bought = Counter(purchase.object for purchase in every)
    sales = {name: bought[name] for name in objects}
    return Books(sales, _sum({each.currency: each.amount_minor} for each in every), dict(left))


def report(start: Day, end: Day) -> dict[str, Any]:
    """The day from `start` to `end`, as the three parties tell it, and whether they say the same."""
    objects, hub = _part(start.objects, end.objects), _part(start.hub, end.hub)
    shopper = _part(start.shoppers, end.shoppers)
    told: Final = ("sales", "money", "stock")
    equal = objects == hub and all(objects[figure] == shopper[figure] for figure in told)
    return {
        **objects,
        "hub": hub,
        "equal": equal,
        "shopper": {"sales": shopper["sales"], "money": shopper["money"]},
    }


def _part(start: Books, end: Books) -> dict[str, Any]:
    gtins = sorted(start.stock.keys() | end.stock.keys())
    return {
        "sales": _difference(start.sales, end.sales),
        "money": {currency: n for currency, n in _difference(start.money, end.money).items() if n},
        "stock": {
            gtin: {"before": start.stock.get(gtin, 0), "after": end.stock.get(gtin, 0)} for gtin in gtins
        },
        "entries_acked": end.entries - start.entries,
    }


def _difference(start: Mapping[str, int], end: Mapping[str, int]) -> dict[str, int]:
    return {key: end.get(key, 0) - start.get(key, 0) for key in sorted(start.keys() | end.keys())}


def _sum(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return dict(total)
