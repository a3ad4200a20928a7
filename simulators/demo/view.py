"""What the control page shows, as frozen nouns: cards of goods, lines to the hub, processes and books."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from babel.numbers import format_currency, get_currency_precision

from simulators.demo.asking import Dark
from simulators.demo.glass import Status
from simulators.demo.hub import HubFigures
from simulators.demo.processes import Child, Supervisor
from simulators.demo.shop import OpenShop
from simulators.demo.shopper import Shopper
from simulators.demo.world import Item, Place, World

# More waiting sales than this are a number, not a row of slips.
_SLIPS_MAX: Final = 24

# What a product looks like, by a word in its name; everything else is a bag of coffee.
_PICTURES: Final = {"sweater": "sweater", "jeans": "jeans", "scarf": "scarf"}
_ANY_PICTURE: Final = "bag"


class Card(msgspec.Struct, frozen=True):
    """One product at one object: what is there, what is in the hand, and what of that is bought."""

    name: str
    picture: str
    there: int
    in_hand: int
    bought: int
    gone: int


class Line(msgspec.Struct, frozen=True):
    """An object and its network cable, and the sales that still wait for the hub."""

    id: str
    name: str
    plugged: bool
    alive: bool = False
    sales: int = 0
    waiting: int = 0
    records: int = 0

    @property
    def slips(self) -> range:
        """One for each waiting sale that is drawn."""
        return range(min(self.waiting, _SLIPS_MAX))


class Books(msgspec.Struct, frozen=True):
    """What the hub has beside what the shoppers paid; amounts as people read them."""

    alive: bool
    hub_sales: int
    hub_money: str
    entries: int
    shopper_sales: int
    shopper_money: str
    left: int

    @property
    def level(self) -> bool:
        """Whether both say the same."""
        return self.alive and (self.hub_sales, self.hub_money) == (self.shopper_sales, self.shopper_money)


class Process(msgspec.Struct, frozen=True):
    """One process of the shop."""

    name: str
    pid: int | None
    restarts: int
    condition: str


def cards(world: World, shopper: Shopper) -> list[Card]:
    """The products within reach at this object: those on the rail for a mirror, its own for a shelf."""
    reachable = [item for item in world.items if _reachable(item, shopper)]
    names = dict.fromkeys(item.name for item in reachable)
    return [_card(name, [item for item in reachable if item.name == name]) for name in names]


def _reachable(item: Item, shopper: Shopper) -> bool:
    return item.home == (shopper.plan.id if shopper.plan.kind == "shelf" else "") and (
        item.at in {"", shopper.plan.id}
    )


def _card(name: str, items: list[Item]) -> Card:
    places = Counter(item.place for item in items)
    held = [item for item in items if item.place not in {Place.RAIL, Place.SHELF, Place.GONE}]
    bought = sum(item.bought for item in held)
    there = places[Place.RAIL] + places[Place.SHELF]
    return Card(name, _picture(name), there, len(held) - bought, bought, places[Place.GONE])


def _picture(name: str) -> str:
    found = (picture for word, picture in _PICTURES.items() if word in name.lower())
    return next(found, _ANY_PICTURE)


def line(shopper: Shopper, status: Status | Dark, figures: HubFigures | Dark) -> Line:
    """How an object and its cable are. While the hub is dark, everything that it has not confirmed waits."""
    plan = shopper.plan
    if isinstance(status, Dark):
        return Line(plan.id, plan.name, shopper.plugged)
    known = 0 if isinstance(figures, Dark) else figures.sales.get(plan.id, 0)
    waiting = min(max(status.sales - known, 0), status.unsynced)
    return Line(plan.id, plan.name, shopper.plugged, True, status.sales, waiting, status.unsynced)


def books(opened: OpenShop, figures: HubFigures | Dark) -> Books:
    """The hub's figures beside those of the shoppers."""
    purchases = opened.world.purchases
    paid: Counter[str] = Counter()
    for purchase in purchases:
        paid[purchase.currency] += purchase.amount_minor
    left = sum(opened.world.units_left().values())
    shopper = (len(purchases), money(paid), left)
    if isinstance(figures, Dark):
        return Books(False, 0, "", 0, *shopper)
    return Books(True, sum(figures.sales.values()), money(figures.money), figures.entries, *shopper)


def processes(supervisor: Supervisor) -> list[Process]:
    """The processes, in the order in which they were started."""
    return [_process(child) for child in supervisor.children.values()]


def _process(child: Child) -> Process:
    return Process(child.program.name, child.pid, child.restarts, child.condition.value)


def money(amounts: Mapping[str, int]) -> str:
    """Amounts in minor units as people read them."""
    return " + ".join(_amount(minor, currency) for currency, minor in _some(amounts)) or "0"


def _some(amounts: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    return sorted((currency, minor) for currency, minor in amounts.items() if minor)


def _amount(minor: int, currency: str) -> str:
    digits = get_currency_precision(currency)
    text = f"{minor:0{digits + 1}d}"
    # Babel wants a decimal number: the point is set by hand, so that no float comes near an amount.
    return format_currency(f"{text[:-digits]}.{text[-digits:]}" if digits else text, currency, locale="en")
