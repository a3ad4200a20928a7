"""A price book of 100,000 products: how long a look-up takes, what binding it costs, and how much memory."""

import gc
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import apsw
import msgspec

from benchmarks.harness import Benchmark, Direction, Goal, Judged, Track
from cloud_sync.contract.encoding import encode
from edge.bindery.binding import bind, opened, rebind
from edge.bindery.pages import BoundBook
from retail.identity.gtin import completed
from retail.pricing.book import Names, PriceBook, Product
from retail.pricing.changes import changes_between

PRODUCTS: Final = 100_000
# A day's price changes.
CHANGED: Final = 200
# Forty times what is kept at hand, so that nearly every look-up goes to the file.
LOOKUPS: Final = 20_000
LANGUAGES: Final = ("en", "de", "zh", "es", "ar")
# What a runtime may be in memory (design, section 2), and what a day's changes cost at most.
MEMORY_MB_MAX: Final = 72


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="opos-catalogue-")  # removed when the process ends


def _file(name: str) -> Path:
    return Path(_folder().name) / name


def _product(number: int, luck: random.Random) -> Product:
    gtin = completed(952000000000 + number)
    return Product(
        gtin,
        {each: Names(f"Product {number} ({each})", ("100 % wool",)) for each in LANGUAGES},
        luck.randrange(49, 9_999),
        "standard",
        262_000,
        5_000,
        categories=(f"c{number // 50}",),
        attributes={"colour": "ink"},
        allergens=("AM",),
        images=(f"{number:064x}",),
    )


def _make(_track: Track) -> None:
    """The signed documents: a whole book, and a day's changes."""
    if _file("book.db").exists():
        return
    luck = random.Random(7)  # noqa: S311 - prices of a bench, not keys
    products = tuple(_product(number, luck) for number in range(PRODUCTS))
    book = PriceBook("bench", "en", "EUR", {"standard": 1900}, products)
    dearer = (msgspec.structs.replace(each, price_minor=each.price_minor + 1) for each in products[:CHANGED])
    today = msgspec.structs.replace(book, products=(*dearer, *products[CHANGED:]))
    _file("book.json").write_bytes(encode(book))
    _file("changes.json").write_bytes(encode(changes_between(book, "", today)))
    bind(_file("book.json"), _file("book.db"))
    _file("gtins").write_text("\n".join(each.gtin for each in luck.sample(products, LOOKUPS)))


@cache
def _gtins() -> list[str]:
    return _file("gtins").read_text().split()


@cache
def _book() -> BoundBook:
    return opened(_file("book.db"))


def _p99_ms(look: Callable[[str], object]) -> float:
    """The 99th percentile of look-ups of products that nobody has asked for lately."""
    gc.collect()
    taken = []
    for gtin in _gtins():
        began = time.perf_counter_ns()
        look(gtin)
        taken.append(time.perf_counter_ns() - began)
    return sorted(taken)[LOOKUPS * 99 // 100] / 1e6


def _ours() -> float:
    return _p99_ms(_book().by_gtin.__getitem__)


def _bare() -> float:
    """The library alone: one row by its key, not made into anything."""
    db = apsw.Connection(str(_file("book.db")), flags=apsw.SQLITE_OPEN_READONLY)
    return _p99_ms(lambda gtin: db.execute("SELECT json FROM product WHERE gtin = ?", (int(gtin),)).get)


def _timed_s(work: Callable[[Path], object]) -> float:
    target = _file("target.db")
    target.unlink(missing_ok=True)
    began = time.perf_counter()
    work(target)
    return time.perf_counter() - began


def _copied(target: Path) -> None:
    """What nobody can avoid: the document read and each product decoded, its bytes written."""
    book = msgspec.json.decode(_file("book.json").read_bytes(), type=PriceBook)
    with target.open("wb") as file:
        file.writelines(msgspec.json.encode(each) for each in book.products)


def _peak_mb(code: str) -> float:
    """The most memory that a process had which did this and nothing else."""
    # Not ru_maxrss, which a process inherits from the one that started it.
    peak = "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    words = [sys.executable, "-c", f"{code}\n{peak}", _folder().name]
    done = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    return int(done.stdout) / 1024


_START: Final = (
    "import sys; from pathlib import Path; at = Path(sys.argv[1]); import edge.bindery.binding as b"
)
_OURS: Final = f"""{_START}
b.bind(at / "book.json", at / "peak.db")
book = b.opened(at / "peak.db")
for gtin in (at / "gtins").read_text().split(): book.by_gtin[gtin]
(at / "peak.db").unlink()"""


BENCHMARKS: Final = (
    Benchmark(
        name="catalogue-lookup",
        unit="ms p99",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 1),
        value=_ours,
        ceiling=_bare,
        prepare=_make,
    ),
    Benchmark(
        # For information: in a thread, while the object sells.
        name="catalogue-binding",
        unit="s",
        goal=None,
        value=lambda: _timed_s(lambda target: bind(_file("book.json"), target)),
        ceiling=lambda: _timed_s(_copied),
        rounds=3,
        prepare=_make,
    ),
    Benchmark(
        name="catalogue-changes",
        unit="s",
        goal=None,
        value=lambda: _timed_s(lambda target: rebind(_file("book.db"), _file("changes.json"), "", target)),
        ceiling=lambda: _timed_s(_copied),
        rounds=3,
        prepare=_make,
    ),
    Benchmark(
        # The whole of it: bound, and looked into. The ceiling is a Python that has only imported it.
        name="catalogue-memory",
        unit="MB peak RSS",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, MEMORY_MB_MAX),
        value=lambda: _peak_mb(_OURS),
        ceiling=lambda: _peak_mb(_START),
        rounds=3,
        prepare=_make,
    ),
)
