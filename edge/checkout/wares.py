"""The wares: what of a basket is for sale, each pack once however it was recognised, and what is not."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

import msgspec

from edge.checkout.basket import ITEMS_MAX, Basket, Identity, identity_of_scan
from edge.checkout.books import Books
from edge.checkout.judge import ByTheBook, Judge
from edge.checkout.state import Notice, NoticeKind
from edge.events import Scanned
from retail.identity import rcn
from retail.identity.answer import Resolved
from retail.identity.resolver import resolve
from retail.pricing.rules import UNITS_MAX, Measured
from retail.units import Gtin


class Wares(msgspec.Struct, frozen=True):
    """What can be bought now.

    `units` is GTIN -> units of what has the book's price, `packs` is scan -> what has a price of its own, and
    `tags` the tag of such a pack where one is heard. `items` (EPC -> GTIN), `loose` (GTIN -> units) and
    `scans` are what all this was made of, `pieces` in all; `refused` is what is not for sale. Of the products
    in `removable` there are more than the sensors know of: scans, which the shopper can take back on the
    glass.
    """

    units: dict[str, int] = {}
    packs: dict[int, Measured] = {}
    tags: dict[int, str] = {}
    items: dict[str, str] = {}
    loose: dict[str, int] = {}
    scans: dict[int, Scanned] = {}
    pieces: int = 0
    refused: tuple[Notice, ...] = ()
    removable: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.units or self.packs)

    @property
    def too_many(self) -> bool:
        """Whether it is more than can be bought at once."""
        return self.pieces > ITEMS_MAX or any(units > UNITS_MAX for units in self.units.values())

    @property
    def epcs(self) -> tuple[tuple[str, ...], ...]:
        """The tags of each line, in the order in which lines are priced: products first, packs after them."""
        products = [
            sorted(epc for epc, gtin in self.items.items() if gtin == each) for each in sorted(self.units)
        ]
        packs = [[self.tags[scan]] if scan in self.tags else [] for scan in self.packs]
        return tuple(map(tuple, (*products, *packs)))


NOTHING: Final = Wares()


def wares_of(basket: Basket, judge: Judge, books: Books) -> Wares:
    """The wares of a basket.

    A pack may have been sensed and scanned, and a label without a serial number does not say which pack it
    is on. So of each product as many are billed as there must be at least: the items with a number of their
    own, as many more as were taken without tags, or as were scanned without one if that is more.
    """
    return _Sorting(basket, judge, books).wares()


def take_off(line: str, basket: Basket, judge: Judge, books: Books) -> None:
    """Take scans out of the basket until one less of `line` is billed (see `BasketLine.remove`)."""
    gtin, _, pack = line.partition("/")
    if pack:
        basket.remove(int(pack))
        return
    wares = wares_of(basket, judge, books)
    for number, label in reversed(wares.scans.items()):
        now = wares_of(basket, judge, books).units.get(gtin, 0)
        if label.lookup == gtin and number not in wares.packs and now == wares.units.get(gtin, 0):
            basket.remove(number)


class _Sorting:
    """One basket on its way to wares."""

    def __init__(self, basket: Basket, judge: Judge, books: Books) -> None:
        self._basket = basket
        self._judge = judge
        self._books = books
        self._heard = {epc: label for epc in basket.items if (label := _label_of(epc)) is not None}
        self._tag_of: dict[Identity | None, str] = {
            identity_of_scan(label): epc for epc, label in self._heard.items() if label.serial is not None
        }
        self._refused: list[Notice] = []
        self._scans: dict[int, Scanned] = {}
        self._packs: dict[int, Measured] = {}
        self._tags: dict[int, str] = {}
        self._spoiled: set[str] = set()
        """The tags, and the products, of which a label says that they are not for sale."""
        self._spoiled_loose: set[str] = set()
        """The products of which one without a tag is not for sale."""

    def wares(self) -> Wares:
        for label in self._basket.spoiled:
            self._spoil(label)
        for number, label in self._basket.scans.items():
            self._sort(number, label)
        items, loose = self._items(), self._loose()
        unheard = self._by_the_book()
        units = _fewest(items, loose, unheard)
        sensed = Counter(items.values()) + Counter(loose)
        return Wares(
            units=units,
            packs=self._packs,
            tags=self._tags,
            items=items,
            loose=loose,
            scans=self._scans,
            pieces=sensed.total() + len(unheard) + len(self._packs),
            refused=tuple(self._refused),
            removable=frozenset(gtin for gtin, count in units.items() if count > sensed[gtin]),
        )

    def _spoil(self, label: Scanned) -> None:
        kind = self._judge.obstacle(label)
        if kind is None:
            return
        self._refuse(self._judge.notice(kind, label.lookup))
        if label.serial is None:
            self._spoiled.add(label.lookup)
        elif (epc := self._tag_of.get(identity_of_scan(label))) is not None:
            self._spoiled.add(epc)
        else:
            self._spoiled_loose.add(label.lookup)

    def _sort(self, number: int, label: Scanned) -> None:
        epc = self._tag_of.get(identity_of_scan(label))
        priced = self._judge.price(label)
        if isinstance(priced, Notice):
            self._refuse(priced)
            if epc is not None:
                self._spoiled.add(epc)
            return
        self._scans[number] = label
        if isinstance(priced, Measured):
            self._packs[number] = priced
            if epc is not None:
                self._tags[number] = epc

    def _items(self) -> dict[str, str]:
        """The items for sale by their tags."""
        items = {}
        for epc, label in self._heard.items():
            known = self._judge.catalogue.product(label.lookup) is not None
            if not known or self._books.is_sold(epc) or epc in self._tags.values():
                continue  # a shopper's own clothes have tags, too
            if epc not in self._spoiled and self._may(label):
                items[epc] = label.lookup
        return items

    def _loose(self) -> dict[str, int]:
        """The units for sale that were taken without tags."""
        taken = {gtin: units for gtin, units in self._basket.loose.items() if units}
        return {
            gtin: units
            for gtin, units in taken.items()
            if gtin not in self._spoiled_loose and self._may(_sensed(gtin))
        }

    def _may(self, label: Scanned) -> bool:
        """Whether what was sensed may be sold by the piece; what is not is named."""
        if label.lookup in self._spoiled:
            return False
        priced = self._judge.price(label)
        if isinstance(priced, Notice) and not self._is_scanned(priced):
            self._refuse(priced)
        return isinstance(priced, ByTheBook)

    def _is_scanned(self, notice: Notice) -> bool:
        """Whether a pack that has to be sold by its label has been scanned already."""
        packs = {pack.gtin for pack in self._packs.values()}
        return notice.kind is NoticeKind.NO_PRICE and notice.gtin in packs

    def _by_the_book(self) -> list[Scanned]:
        """The labels of packs that are not heard, and have no price of their own."""
        return [
            label
            for number, label in self._scans.items()
            if number not in self._packs and identity_of_scan(label) not in self._tag_of
        ]

    def _refuse(self, notice: Notice) -> None:
        if notice not in self._refused:
            self._refused.append(notice)


def _label_of(epc: str) -> Scanned | None:
    """What a tag says, as a label would; None where it is on no goods."""
    answer = resolve(epc, "epc")
    return _sensed(answer.gtin14, answer.serial) if isinstance(answer, Resolved) else None


def _sensed(gtin: str, serial: str | None = None) -> Scanned:
    return Scanned(gtin, gtin, serial, circulation=rcn.circulation(Gtin(gtin)))


def _fewest(items: Mapping[str, str], loose: Mapping[str, int], scans: list[Scanned]) -> dict[str, int]:
    """The fewest units of each product that explain what was sensed and scanned."""
    tagged = Counter(items.values())
    numbered, plain = Counter[str](), Counter[str]()
    for scan in scans:
        (plain if scan.serial is None else numbered)[scan.lookup] += 1 if scan.count is None else scan.count
    return {
        gtin: max(tagged[gtin] + max(numbered[gtin], loose.get(gtin, 0)), plain[gtin])
        for gtin in dict.fromkeys((*tagged, *loose, *numbered, *plain))
    }
