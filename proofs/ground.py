"""What every world stands on, made once in a process: a hub that knows everybody and sends them goods."""

import atexit
import shutil
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Final

from cloud_sync.hub.documents.importer import import_shop
from cloud_sync.hub.documents.shop import read_shop
from cloud_sync.hub.objects import KnownObject, admit
from cloud_sync.hub.store import database
from cloud_sync.hub.store.database import Store
from proofs import kept
from proofs.shop import (
    DOCUMENTS_KEY,
    GTINS,
    OBJECTS,
    SITE,
    TENANT,
    TRANSFERS,
    UNITS_A_TRANSFER,
    address_of,
    key_of,
    transfer,
)

# Nobody waits for a disk in a world: a file system in memory is three times as fast.
_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a directory of our own is made below it
BEGAN_MS: Final = 1_772_000_000_000
"""When every world begins, in milliseconds since 1970."""

_SHOP: Final = f"""
tenant = "{TENANT}"
site = "{SITE}"
language = "en"
currency = "EUR"
[taxes]
standard = 1900
"""
_OBJECT: Final = """
[[objects]]
id = "{name}"
kind = "shelf"
name = "{name}"
sells_from = "{name}"
timezone = "Europe/Berlin"
tender = "house-account"
account = "a7Kx2mQ9vR4t"
"""


@cache
def ground() -> Path:
    """A directory of this process, gone with it."""
    above = _IN_MEMORY if _IN_MEMORY.is_dir() else None
    made = Path(tempfile.mkdtemp(prefix="opos-worlds-", dir=above))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@cache
def hub_store() -> Store:
    """The one database of this process, which `lay` fills for each world: statements are compiled once."""
    path = hub_file()
    shutil.copyfile(first_hub(), path)
    return database.connect(path)


@cache
def hub_file() -> Path:
    """Where that database is."""
    folder = ground() / "hub"
    folder.mkdir()
    return folder / "hub.db"


def lay(database_file: Path) -> None:
    """Put this database in the place of the one that is there."""
    hub_store().close()
    kept.close(hub_file())
    for end in ("-wal", "-shm"):
        hub_file().with_name(f"{hub_file().name}{end}").unlink(missing_ok=True)
    shutil.copyfile(database_file, hub_file())


@cache
def empty_hub() -> Path:
    """A database in which nobody was ever admitted: where a backup can go."""
    path = ground() / "empty" / "hub.db"
    path.parent.mkdir()
    database.create(path, BEGAN_MS)
    return path


@cache
def first_hub() -> Path:
    """The database of a hub on its first day."""
    path = ground() / "first" / "hub.db"
    path.parent.mkdir()
    shutil.copyfile(empty_hub(), path)
    with closing(database.connect(path)) as store:
        for name in OBJECTS:
            admit(store, KnownObject(address_of(name), key_of(name).public), BEGAN_MS)
        import_shop(store, read_shop(_shop_files()), DOCUMENTS_KEY, BEGAN_MS)
    return path


def _shop_files() -> Path:
    directory = ground() / "shop"
    directory.mkdir()
    (directory / "shop.toml").write_text(_SHOP + "".join(_OBJECT.format(name=name) for name in OBJECTS))
    goods = [f"{gtin},100,standard,1000,10,,Goods {gtin}," for gtin in GTINS]
    header = "gtin,price_minor,tax,pack_mg,pack_tolerance_mg,net_mg,name_en,details_en"
    (directory / "products.csv").write_text("\n".join([header, *goods, ""]))
    told = [(name, *transfer(name, number)) for name in OBJECTS for number in range(TRANSFERS)]
    rows = [f"{sent},{name},{gtin},,{UNITS_A_TRANSFER}" for name, sent, gtin in told]
    (directory / "deliveries.csv").write_text("\n".join(["transfer,holder,gtin,epcs,units", *rows, ""]))
    return directory
