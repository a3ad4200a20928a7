"""The files of a shop (shop.toml, products.csv, deliveries.csv) as the supervisor reads them.

The hub reads the same files through its own importer; the supervisor only wants to know which objects to put
up, and which goods lie where when the doors open.
"""

import csv
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from simulators.demo.bad_days import BadDayError

CORNER: Final = Path(__file__).parents[1] / "shops" / "corner"
"""The demo shop."""


class ObjectPlan(msgspec.Struct, frozen=True):
    """One object of the shop: what it is called, what it is, and where it sells from.

    A `camera` is a number, or the path of a film or of frames (`/frames/%03d.png`).
    """

    id: str
    kind: Literal["mirror", "shelf", "tray", "panel"]
    name: str
    sells_from: str
    timezone: str
    tender: str
    account: str
    camera: str = ""


class Product(msgspec.Struct, frozen=True):
    """One product as the world knows it: what it is called and what a pack weighs."""

    gtin: str
    name: str
    pack_mg: int
    pack_tolerance_mg: int


class Delivery(msgspec.Struct, frozen=True):
    """The items of one product that came to one holder."""

    holder: str
    gtin: str
    epcs: tuple[str, ...]


class Shop(msgspec.Struct, frozen=True):
    """All that the supervisor knows of a shop."""

    tenant: str
    site: str
    name: str
    objects: tuple[ObjectPlan, ...]
    products: tuple[Product, ...]
    deliveries: tuple[Delivery, ...]

    def object(self, object_id: str) -> ObjectPlan:
        """The object of that name; raises KeyError."""
        for plan in self.objects:
            if plan.id == object_id:
                return plan
        raise KeyError(object_id)

    def units_delivered(self) -> dict[str, int]:
        """GTIN -> units that ever came to this shop."""
        units = {product.gtin: 0 for product in self.products}
        for delivery in self.deliveries:
            units[delivery.gtin] += len(delivery.epcs)
        return units


def read_shop(directory: Path) -> Shop:
    """The shop in `directory`; raises BadDayError with the file and what was expected."""
    try:
        head: dict[str, Any] = tomllib.loads((directory / "shop.toml").read_text(encoding="utf-8"))
        return msgspec.convert(
            {
                **head,
                "products": [_product(row) for row in _rows(directory / "products.csv")],
                "deliveries": [_delivery(row) for row in _rows(directory / "deliveries.csv")],
            },
            type=Shop,
        )
    except (OSError, ValueError, KeyError) as error:
        raise BadDayError(f"{directory} is no shop: {error!r}; compare with `ls {CORNER}`.") from error


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _product(row: dict[str, str]) -> Product:
    return Product(row["gtin"], row["name_en"], int(row["pack_mg"]), int(row["pack_tolerance_mg"]))


def _delivery(row: dict[str, str]) -> Delivery:
    return Delivery(row["holder"], row["gtin"], tuple(row["epcs"].split()))
