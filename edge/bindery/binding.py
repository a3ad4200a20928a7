"""Binding: a signed price book, and what has changed in it since, become one file with an index."""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Final, Literal, TypeVar

import apsw
import msgspec

from edge.bindery.pages import number_of, opened
from edge.bindery.stream import Members
from retail.pricing.book import PriceBook, Product
from retail.pricing.check import check_pages

# Pages kept while a book is bound, whose products come in any order.
_CACHE_KIB: Final = 4 * 1024

__all__ = ["bind", "opened", "rebind"]

_T = TypeVar("_T")

_PRODUCT: Final = msgspec.json.Decoder(Product)
_PRODUCTS: Final = "products"


class _Changes(msgspec.Struct, frozen=True):
    """`PriceChanges` without its products, which are read one by one."""

    terms: PriceBook
    gone: tuple[str, ...]


def bind(source: Path, target: Path) -> None:
    """Make `target` out of the whole book in `source`: durable when this returns.

    Raises ValueError with what is wrong with the book, OSError if it cannot be written.
    """
    with _binding(target) as db:
        db.execute(resources.files("edge.bindery").joinpath("book.sql").read_text(encoding="utf-8"))
        with source.open("rb") as file:
            rest = _put(db, Members(file, _PRODUCTS), "INSERT")
        _finish(db, _decoded(rest | {_PRODUCTS: "[]"}, PriceBook))


def rebind(base: Path, changes: Path, sha256: str, target: Path) -> None:
    """Make `target` out of the book bound in `base` and the document of `changes` to it.

    `sha256` is the hash of the document that `base` was bound from. Raises ValueError if these are changes of
    another book, or wrong in themselves, OSError if it cannot be written.
    """
    _check_base(changes, sha256)
    shutil.copyfile(base, target)
    with _binding(target) as db:
        with changes.open("rb") as file:
            rest = _put(db, Members(file, _PRODUCTS), "REPLACE")
        said = _decoded(rest, _Changes)
        _take_out(db, said.gone)
        db.execute("DELETE FROM book")
        _finish(db, said.terms)


def _check_base(changes: Path, sha256: str) -> None:
    """See of which book these are changes, before the work begins: it is the first thing that they say."""
    with changes.open("rb") as file:
        said = next((text for name, text in Members(file, _PRODUCTS) if name == "base"), "null")
    base = msgspec.json.decode(said, type=str)
    if base != sha256:
        raise ValueError(f"expected changes of the book {sha256[:12]}, got some of {base[:12]}")


@contextlib.contextmanager
def _binding(target: Path) -> Iterator[apsw.Connection]:
    """A file that nobody reads yet: it needs no journal, and is synced when it is whole."""
    try:
        db = apsw.Connection(str(target))
        with contextlib.closing(db):
            db.execute(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;"
                f"PRAGMA cache_size = -{_CACHE_KIB}"
            )
            db.execute("BEGIN")
            yield db
            db.execute("COMMIT")
    except apsw.Error as error:
        raise OSError(f"{target}: {error}") from error
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _put(db: apsw.Connection, members: Members, verb: Literal["INSERT", "REPLACE"]) -> dict[str, str]:
    """Lay the products of a document down; what else stands in it is handed back."""
    rest: dict[str, str] = {}
    for name, text in members:
        if name == _PRODUCTS:
            _lay(db, _PRODUCT.decode(text), verb)
        elif name in rest:
            raise ValueError(f"expected {name!r} once")
        else:
            rest[name] = text
    return rest


def _lay(db: apsw.Connection, product: Product, verb: Literal["INSERT", "REPLACE"]) -> None:
    number = number_of(product.gtin)
    if number is None:
        raise ValueError(f"product {product.gtin[:40]!r}: expected the 14 digits of a GTIN")
    try:
        row = number, msgspec.json.encode(product), product.model or None
        db.execute(f"{verb} INTO product VALUES (?, ?, ?)", row)
    except apsw.ConstraintError as error:
        raise ValueError(f"product {product.gtin}: expected it once, got it twice") from error


def _take_out(db: apsw.Connection, gone: Iterable[str]) -> None:
    for gtin in gone:
        db.execute("DELETE FROM product WHERE gtin = ?", (number_of(gtin),))


def _finish(db: apsw.Connection, terms: PriceBook) -> None:
    """Look at every page, as it will be read; write the terms down when nothing is wrong."""
    spoken: set[str] | None = None

    def products() -> Iterator[Product]:
        nonlocal spoken
        for (json,) in db.execute("SELECT json FROM product ORDER BY gtin"):
            product = _PRODUCT.decode(json)
            spoken = set(product.words) if spoken is None else spoken & product.words.keys()
            yield product

    count = db.execute("SELECT count(*) FROM product").get
    wrong = check_pages(terms, count, products())
    if wrong:
        raise ValueError(f"{wrong[0]} ({len(wrong)} in all)")
    languages = msgspec.json.encode(sorted(spoken or ()))
    db.execute("INSERT INTO book VALUES (?, ?, ?)", (msgspec.json.encode(terms), count, languages))


def _decoded(members: dict[str, str], into: type[_T]) -> _T:
    text = ",".join(f"{msgspec.json.encode(name).decode()}:{value}" for name, value in members.items())
    return msgspec.json.decode(f"{{{text}}}", type=into)
