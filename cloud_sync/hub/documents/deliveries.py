"""`deliveries.csv`: what is brought to a shop, to a holder that is there, of goods that it sells."""

from collections.abc import Container
from pathlib import Path
from typing import Final

from cloud_sync.contract.documents import Delivery
from cloud_sync.hub.documents.products import PRODUCTS, gtin_in
from cloud_sync.hub.documents.sheet import ImportRefusedError, Row, Sheet, quoted
from cloud_sync.hub.documents.shop_file import ShopFile
from cloud_sync.hub.objects import NAME_EXPECTED, is_name
from retail.identity import epc
from retail.identity.answer import Refused

DELIVERIES: Final = "deliveries.csv"

# An arrival is one entry of at most 32 KiB, and names each item with 27 bytes.
EPCS_MAX: Final = 1_000
# No van brings more at once.
UNITS_MAX: Final = 1_000_000

_COLUMNS: Final = ("transfer", "holder", "gtin", "epcs")


def read_deliveries(file: ShopFile, sold: Container[str], path: Path) -> dict[Delivery, int]:
    """The deliveries in `path` in their order, each with its line; `sold` has the GTINs of the shop's goods.

    Raises ImportRefusedError with all that is wrong with them.
    """
    sheet = Sheet(path, _COLUMNS)
    reader = _Reader({each.sells_from for each in file.objects}, sold)
    found = {reader.delivery(row): row.line for row in sheet.rows()}
    if sheet.problems:
        raise ImportRefusedError(sheet.problems)
    return found


class _Reader:
    """Reads row after row, and remembers what may stand in one of them only."""

    def __init__(self, holders: set[str], sold: Container[str]) -> None:
        self._holders, self._sold = holders, sold
        self._transfers: dict[str, int] = {}
        self._items: dict[str, int] = {}

    def delivery(self, row: Row) -> Delivery:
        """The delivery in a row; what is wrong with it goes to the sheet's problems."""
        number = gtin_in(row)
        if number not in self._sold:
            row.wrong("gtin", f"expected a product of {PRODUCTS}, got {quoted(number)}")
        epcs = tuple(self._item(row, text, number) for text in row.text("epcs").split())
        if len(epcs) > EPCS_MAX:
            row.wrong("epcs", f"expected at most {EPCS_MAX} items in one transfer, got {len(epcs)}")
        return Delivery(self._transfer(row), self._holder(row), number, _units(row, len(epcs)), epcs)

    def _transfer(self, row: Row) -> str:
        name = row.text("transfer")
        if not is_name(name):
            row.wrong("transfer", f"expected {NAME_EXPECTED}, got {quoted(name)}")
        if name in self._transfers:
            row.wrong("transfer", f"expected each transfer once, got one of line {self._transfers[name]}")
        self._transfers.setdefault(name, row.line)
        return name

    def _holder(self, row: Row) -> str:
        name = row.text("holder")
        if name not in self._holders:
            places = ", ".join(sorted(self._holders))
            row.wrong("holder", f"expected what an object sells from ({places}), got {quoted(name)}")
        return name

    def _item(self, row: Row, text: str, number: str) -> str:
        found = epc.decode(text)
        if isinstance(found, Refused):
            row.wrong("epcs", found.reason)
        elif found.gtin != number:
            row.wrong("epcs", f"expected items of {number}, got one of {found.gtin}: {text}")
        elif self._items.setdefault(text.upper(), row.line) != row.line:
            row.wrong(
                "epcs", f"expected each item once, got {text}, which line {self._items[text.upper()]} has"
            )
        return text.upper()


def _units(row: Row, items: int) -> int:
    """The units of a delivery: those of its column, or as many as it has items."""
    if items and not row.text("units"):
        return items
    units = row.whole("units", "how many units come, such as 12 (items without a tag have no EPCs to count)")
    if items and units != items:
        row.wrong("units", f"expected {items}, as many as it has EPCs, got {units}")
    elif not 1 <= units <= UNITS_MAX:
        row.wrong("units", f"expected 1 to {UNITS_MAX}, got {units}")
    return units
