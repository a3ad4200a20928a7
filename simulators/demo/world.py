"""The world: every item of the shop, where it is, and what shoppers paid: books that no object or hub sees.

A hand moves items by the table `MOVES`. The world is saved before a bench is told, so that after any accident
the benches are made to agree with the world, and never the other way round.
"""

import random
from collections import Counter
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec

from simulators.demo.atomic import write_atomically
from simulators.demo.bad_days import BadDayError
from simulators.demo.shop_files import Product, Shop


class Place(Enum):
    """Where an item can be."""

    RAIL = "rail"  # on the floor of the shop, far from every reader
    MIRROR = "mirror"  # held up to a mirror
    SHELF = "shelf"  # on the plate of a shelf, in the field of its reader
    HAND = "hand"  # taken from a shelf
    TRAY = "tray"  # laid into a tray
    BAG = "bag"  # shown to the scanner of a panel
    GONE = "gone"  # bought and carried out of the shop


class Move(Enum):
    """What a hand does with an item."""

    HOLD = "hold"
    AWAY = "away"
    TAKE = "take"
    PUT_BACK = "put back"
    LAY = "lay"
    TAKE_OUT = "take out"
    SCAN = "scan"
    CARRY_OUT = "carry out"


# What is bought leaves the shop: nobody hangs it back on the rail, or puts it back on the shelf.
MOVES: Final = {
    (Place.RAIL, Move.HOLD, False): Place.MIRROR,
    (Place.MIRROR, Move.AWAY, False): Place.RAIL,
    (Place.MIRROR, Move.AWAY, True): Place.GONE,
    (Place.SHELF, Move.TAKE, False): Place.HAND,
    (Place.HAND, Move.PUT_BACK, False): Place.SHELF,
    (Place.HAND, Move.CARRY_OUT, True): Place.GONE,
    (Place.RAIL, Move.LAY, False): Place.TRAY,
    (Place.TRAY, Move.TAKE_OUT, False): Place.RAIL,
    (Place.TRAY, Move.CARRY_OUT, True): Place.GONE,
    (Place.RAIL, Move.SCAN, False): Place.BAG,
    (Place.BAG, Move.PUT_BACK, False): Place.RAIL,
    (Place.BAG, Move.CARRY_OUT, True): Place.GONE,
}
"""(where it is, what the hand does, whether it is bought) -> where it is then."""


_HELD: Final = frozenset({Place.MIRROR, Place.HAND, Place.TRAY, Place.BAG})
_FELT: Final = frozenset({Place.MIRROR, Place.SHELF, Place.TRAY})


class CannotMoveError(Exception):
    """A hand that reaches for what is not there: who, where, what."""


class Item(msgspec.Struct):
    """One item: its tag, its product, what this piece weighs, and where it is (`at`: the object, if any).

    `home` is the shelf that it belongs on, or nothing for what hangs on the rail.
    """

    epc: str
    gtin: str
    name: str
    mass_mg: int
    home: str
    place: Place
    at: str = ""
    bought: bool = False


class Purchase(msgspec.Struct, frozen=True):
    """What a shopper remembers: where, which items, and the price that the glass showed."""

    object: str
    epcs: tuple[str, ...]
    amount_minor: int
    currency: str


class _Books(msgspec.Struct):
    items: list[Item]
    purchases: list[Purchase]


class World:
    """The goods of a shop and the purchases of its shoppers, kept in one file."""

    def __init__(self, path: Path, books: _Books) -> None:
        self._path = path
        self._books = books
        self._items = {item.epc: item for item in books.items}

    @property
    def items(self) -> list[Item]:
        """Every item, in the order in which they came to the shop."""
        return self._books.items

    @property
    def purchases(self) -> list[Purchase]:
        """Every purchase, the first one first."""
        return self._books.purchases

    def item(self, epc: str) -> Item:
        """The item with this tag; raises CannotMoveError."""
        if epc not in self._items:
            raise CannotMoveError(f"expected the tag of an item of this shop, got {epc!r}")
        return self._items[epc]

    def move(self, move: Move, epc: str, object_id: str) -> None:
        """Move one item at an object, and save; raises CannotMoveError if it is not within reach."""
        item = self.item(epc)
        place = MOVES.get((item.place, move, item.bought))
        if place is None or item.at not in {"", object_id}:
            where = f"{item.place.value} {item.at}".strip() + (" (bought)" if item.bought else "")
            raise CannotMoveError(f"{object_id}: cannot {move.value} {item.name}: its place is {where}")
        item.place = place
        item.at = "" if place in {Place.RAIL, Place.GONE} else object_id
        self.save()

    def bought(self, object_id: str, amount_minor: int, currency: str) -> Purchase:
        """The shopper at an object has bought all that is in the hand there, at the price that was shown."""
        epcs = tuple(item.epc for item in self.in_hand(object_id))
        for epc in epcs:
            self._items[epc].bought = True
        purchase = Purchase(object_id, epcs, amount_minor, currency)
        self.purchases.append(purchase)
        self.save()
        return purchase

    def in_hand(self, object_id: str) -> list[Item]:
        """The items that a shopper holds at an object and has not bought."""
        return [
            item for item in self.items if item.at == object_id and item.place in _HELD and not item.bought
        ]

    def in_field(self, object_id: str) -> list[Item]:
        """The items that the reader of an object can hear (and its scale, if it has one, can feel)."""
        return [item for item in self.items if item.at == object_id and item.place in _FELT]

    def scanned(self, object_id: str) -> list[Item]:
        """The items that were shown to the scanner of an object, and are not bought."""
        return [item for item in self.in_hand(object_id) if item.place is Place.BAG]

    def within_reach(self, move: Move, object_id: str) -> list[Item]:
        """The items that a hand at an object can move so."""
        return [
            item
            for item in self.items
            if item.at in {"", object_id} and (item.place, move, item.bought) in MOVES
        ]

    def units_left(self) -> dict[str, int]:
        """GTIN -> units that nobody has bought."""
        units: Counter[str] = Counter(dict.fromkeys((item.gtin for item in self.items), 0))
        units.update(item.gtin for item in self.items if not item.bought)
        return dict(units)

    def save(self) -> None:
        """Write the books whole: a kill leaves the old ones or the new ones."""
        write_atomically(self._path, msgspec.json.format(msgspec.json.encode(self._books), indent=1))


def open_world(path: Path, shop: Shop) -> World:
    """The world as it was left, with what has been delivered since; a new one has everything in its place."""
    books = _read(path)
    known = {item.epc for item in books.items}
    books.items += [item for item in _delivered(shop) if item.epc not in known]
    world = World(path, books)
    world.save()
    return world


def _read(path: Path) -> _Books:
    if not path.exists():
        return _Books([], [])
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Books)
    except msgspec.DecodeError as error:
        raise BadDayError(
            f"{path} is not the world of a demo ({error}): open a new shop with `opos demo --dir DIR`."
        ) from error


def _delivered(shop: Shop) -> Iterable[Item]:
    products = {product.gtin: product for product in shop.products}
    shelves = {plan.sells_from: plan.id for plan in shop.objects if plan.kind == "shelf"}
    for delivery in shop.deliveries:
        product = products[delivery.gtin]
        shelf = shelves.get(delivery.holder, "")
        for epc in delivery.epcs:
            place = Place.SHELF if shelf else Place.RAIL
            yield Item(epc, product.gtin, product.name, _mass_mg(product, epc), shelf, place, shelf)


def _mass_mg(product: Product, epc: str) -> int:
    # No two packs weigh the same; half of the tolerance leaves the other half to the scale. The tag is the
    # seed, so that a piece weighs today what it weighed yesterday.
    spread_mg = product.pack_tolerance_mg // 2
    luck = random.Random(epc)  # noqa: S311  the mass of a pack of coffee is no secret
    return product.pack_mg + luck.randint(-spread_mg, spread_mg)
