"""The basket: what the sensors say is in the shopper's hands, and the labels that were scanned."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Final

from edge.events import (
    Event,
    Left,
    Listed,
    Presented,
    PutBack,
    PutBackUnits,
    Scanned,
    Took,
    TookUnits,
)
from retail.identity.answer import Resolved
from retail.identity.resolver import resolve

ITEMS_MAX: Final = 100
"""A basket past this is a rail of garments pushed before the mirror, not a shopper; and one entry holds its
lines."""

# What was sold by its serial number: enough for a shop's day, and forgotten from the oldest on.
_PAID_MAX: Final = 1_000

Identity = tuple[str, str]
"""(GTIN-14, serial): one item, however it was recognised."""


class Put(Enum):
    """What became of a scan."""

    IN = "in"
    ALREADY = "already"  # this very item is in the basket
    PAID = "paid"  # this very item was sold here
    FULL = "full"  # the basket holds as much as can be bought at once


class Basket:
    """Items by tag, units without tags, and scans by the number that each was given.

    It keeps what was sensed, whether or not it is for sale: that is for the `Wares` to say.
    """

    def __init__(self) -> None:
        self.items: dict[str, None] = {}
        """The tags that are held up or taken, in order."""
        self.loose: Counter[str] = Counter()
        """Units without tags that were taken (GTIN -> units)."""
        self.scans: dict[int, Scanned] = {}
        self.listed: frozenset[str] | None = None
        """All that lies in a tray, by its own account; None as long as that is not known."""
        self.spoiled: dict[Scanned, None] = {}
        """Labels of packs that are in a hand, and that may not be sold."""
        self._paid: dict[Identity, None] = {}
        self._number = 0

    def hear(self, event: Event) -> None:
        """What the sensors say is taken, or back in its place."""
        match event:
            case Presented(epc=epc) | Took(epc=epc):
                self.items[epc] = None
            case Left(epc=epc):
                self.items.pop(epc, None)
                self._unspoil(identity_of(epc))
            case PutBack(epc=epc):
                self.items.pop(epc, None)
                self._unspoil(identity_of(epc))
                self._unscan(identity_of(epc))
            case TookUnits(gtin=gtin, units=units):
                self.loose[gtin] += units
            case PutBackUnits(gtin=gtin, units=units):
                self._lower(gtin, units)
                self._unspoil((gtin, ""))
            case Listed(epcs=epcs):
                self.listed = frozenset(epcs)
            case _:
                pass

    @property
    def is_listed(self) -> bool:
        """Whether a tray has told all that lies in it, and nothing else is there."""
        return self.listed == self.items.keys() if self.listed is not None else not self.items

    def put(self, label: Scanned, is_sold: Callable[[str], bool] = lambda _: False) -> Put:
        """One more label was scanned; an item that is in already counts once.

        `is_sold` knows the tags of what was sold here: a paid item whose tag is heard is known by its code.
        """
        item = identity_of_scan(label)
        if item in self._paid or item in {identity_of(epc) or () for epc in self.items if is_sold(epc)}:
            return Put.PAID
        if item is not None and item in {identity_of_scan(scan) for scan in self.scans.values()}:
            return Put.ALREADY
        if len(self.scans) >= ITEMS_MAX:
            return Put.FULL
        self._number += 1
        self.scans[self._number] = label
        return Put.IN

    def spoil(self, label: Scanned) -> None:
        """A label says that its pack may not be sold: what is sensed of it is not, until it is put back.

        Without a serial number, or without a tag, nobody knows which pack of the product it is: so none is.
        """
        sensed = {item[0] for epc in self.items if (item := identity_of(epc)) is not None}
        if (label.lookup in sensed or self.loose[label.lookup]) and len(self.spoiled) < ITEMS_MAX:
            self.spoiled[label] = None

    def remove(self, scan: int) -> None:
        """The shopper does not want what was scanned as number `scan`."""
        self.scans.pop(scan, None)

    def cancel(self) -> None:
        """The shopper wants nothing that was scanned; what is in a hand has to be put back."""
        self.scans.clear()

    def sold(self, epcs: Iterable[str], scans: Mapping[int, Scanned], loose: Mapping[str, int]) -> None:
        """These were sold, and are nobody's to sell again; of tags the books know that, too."""
        for number in scans:
            self.scans.pop(number, None)
        items = (*map(identity_of, epcs), *map(identity_of_scan, scans.values()))
        self._paid.update((item, None) for item in items if item is not None)
        for item in tuple(self._paid)[:-_PAID_MAX]:
            del self._paid[item]
        for gtin, units in loose.items():
            self._lower(gtin, units)

    def gave_back(self, epcs: Iterable[str]) -> None:
        """These came back, and lie in the hands of staff: nobody buys them before they are laid down anew."""
        gone = frozenset(epcs)
        for epc in gone:
            self.items.pop(epc, None)
        if self.listed is not None:
            self.listed -= gone

    def _lower(self, gtin: str, units: int) -> None:
        """Units of what was sold come back, too: they are on nobody's bill."""
        self.loose[gtin] = max(self.loose[gtin] - units, 0)

    def _unspoil(self, item: Identity | None) -> None:
        """A pack was put back: it is the spoiled one, if it can be."""
        for label in tuple(self.spoiled):
            if item is not None and label.lookup == item[0] and label.serial in (None, item[1]):
                del self.spoiled[label]

    def _unscan(self, item: Identity | None) -> None:
        for number, label in tuple(self.scans.items()):
            if item is not None and identity_of_scan(label) == item:
                del self.scans[number]


def identity_of_scan(label: Scanned) -> Identity | None:
    """The item that a label names; None where it names a product only."""
    return None if label.serial is None else (label.gtin14, label.serial)


def identity_of(epc: str) -> Identity | None:
    """The item that a tag names; None where it names none."""
    answer = resolve(epc, "epc")
    if not isinstance(answer, Resolved) or answer.serial is None:
        return None
    return answer.gtin14, answer.serial
