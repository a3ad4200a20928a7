"""The figures of a ledger, folded from its entries alone: sales, takings, and where the units are."""

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from cloud_sync.contract.entry import Body
from cloud_sync.contract.facts import Sale
from retail.custody import SOLD


class Figures(msgspec.Struct, frozen=True):
    """Sales, takings by currency, units sold by GTIN, and units by holder and GTIN."""

    sales: int
    money: dict[str, int]
    sold: dict[str, int]
    stock: dict[str, dict[str, int]]


def figures(bodies: Iterable[Body]) -> Figures:
    """The figures of all of `bodies`."""
    sales = 0
    money: Counter[str] = Counter()
    stock: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for body in bodies:
        if isinstance(body.fact, Sale):
            sales += 1
            money[body.fact.currency] += body.fact.total_minor
        for move in getattr(body.fact, "moves", ()):
            stock[move.giver][move.gtin] -= move.units
            stock[move.taker][move.gtin] += move.units
    sold = dict(stock.get(SOLD, {}))
    return Figures(sales, dict(money), sold, {holder: dict(units) for holder, units in stock.items()})
