"""Receiving: what staff is shown over the counter, as receipts and as goods without one."""

import re
from typing import Final

import msgspec

from edge.checkout.sold import Past, Shown, Sold, read_shown
from edge.checkout.staffed import StaffLine
from edge.checkout.unproven import Unproven
from edge.events import Scanned
from retail.pricing.book import Prices
from retail.units import Money

# A link to the hub's copy ends in the object, the place and the hash of the entry.
_LINK: Final = re.compile(r"https?://\S+/r/[^/\s]+/(\d{1,15})/([\w-]{43})")

# So many kinds at once are a delivery, no return.
_KINDS_MAX: Final = 50
_UNITS_MAX: Final = 100


class Pick(msgspec.Struct, frozen=True):
    """So many units of a line came back, and those among them whose tags were heard."""

    units: int = 0
    epcs: tuple[str, ...] = ()


def read_receipt(text: str, sold: Sold) -> Past | Shown | None:
    """The sale that a text stands for: found here by number or link, or a receipt to believe or not."""
    link = _LINK.fullmatch(text.strip())
    if link is not None:
        return sold.by_hash(int(link[1]), link[2])
    return sold.by_number(text) or read_shown(text)


class Goods:
    """Goods that came back without a receipt, by `book`: GTIN -> units."""

    def __init__(self, book: Prices) -> None:
        self.book = book
        self.units: dict[str, int] = {}

    def more(self, label: Scanned) -> str:
        """One more was shown; a code of what is wrong with it, or ''."""
        product = self.book.by_gtin.get(label.lookup)
        if product is None or product.weighed:
            return "no-price"
        if sum(self.units.values()) >= _UNITS_MAX or len(self.units) >= _KINDS_MAX:
            return "too-much"
        self.units[label.lookup] = self.units.get(label.lookup, 0) + 1
        return ""

    def fewer(self, at: int) -> bool:
        """One less of the line number `at`; whether there was one."""
        if not 0 <= at < len(self.units):
            return False
        gtin = [*self.units][at]
        self.units[gtin] -= 1
        self.units = {each: units for each, units in self.units.items() if units}
        return True

    def unproven(self) -> tuple[Unproven, ...]:
        """The same, as a return takes it."""
        return tuple(Unproven(gtin, units) for gtin, units in self.units.items())

    def lines(self) -> tuple[StaffLine, ...]:
        """The same, as the glass shows it."""
        found = ((self.book.by_gtin[gtin], units) for gtin, units in self.units.items())
        return tuple(
            StaffLine(
                *(self.book.name(product, self.book.language), units, units),
                Money(product.price_minor * units, self.book.currency),
            )
            for product, units in found
        )
