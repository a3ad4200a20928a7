"""`shop.toml`: where a shop is, how it counts, and which objects it has."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from cloud_sync.hub.documents.sheet import ImportRefusedError, Problem, quoted, read
from cloud_sync.hub.objects import NAME_EXPECTED, is_name
from retail.custody import EDGES
from retail.identity.standing import Recall

SHOP: Final = "shop.toml"


class ShopObject(msgspec.Struct, frozen=True):
    """An object of the shop: what it is, and the holder that it sells from."""

    id: str
    kind: str
    name: str
    sells_from: str
    # Whatever else its table says is for the object's own configuration.


class ShopFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`shop.toml`: where the shop is, how it counts, and its objects; taxes are in basis points.

    What it leaves out says of its price book what `retail.pricing.book.PriceBook` says without it.
    """

    tenant: str
    site: str
    language: str
    currency: str
    taxes: dict[str, int]
    objects: tuple[ShopObject, ...]
    name: str = ""
    tax_exclusive: bool | UnsetType = UNSET
    tax_rounding: Literal["receipt", "line"] | UnsetType = UNSET
    cash_step_minor: int | UnsetType = UNSET
    recalls: tuple[Recall, ...] | UnsetType = UNSET
    circulations: tuple[str, ...] | UnsetType = UNSET
    region: str | UnsetType = UNSET

    def keeps_its_own(self, holder: str) -> bool:
        """Whether `holder` is an object, which then counts in itself what is brought to it."""
        return any(each.id == holder for each in self.objects)


def read_shop_file(path: Path) -> ShopFile:
    """The shop file in `path`, its names checked; raises ImportRefusedError."""
    data = read(path)
    try:
        file = msgspec.convert(tomllib.loads(data.decode("utf-8")), type=ShopFile)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ImportRefusedError([Problem(SHOP, 0, "", str(error))]) from error
    problems = [Problem(SHOP, 0, "", sentence) for sentence in _wrong_names(file)]
    if problems:
        raise ImportRefusedError(problems)
    return file


def _wrong_names(file: ShopFile) -> Iterator[str]:
    names = [("tenant", file.tenant), ("site", file.site)]
    names += [
        (f"objects.{each.id[:63]}", name) for each in file.objects for name in (each.id, each.sells_from)
    ]
    for what, name in names:
        if not is_name(name):
            yield f"{what}: expected {NAME_EXPECTED}, got {quoted(name)}"
        if name in EDGES:
            yield f"{what}: {name!r} is an edge of the shop's world, no place in it: choose another name"
    if len({each.id for each in file.objects}) != len(file.objects):
        yield "objects: expected each id once"
