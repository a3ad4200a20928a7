"""The price book at the hub: issued whole or as what has changed in it, and read back as any sale knew it."""

from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, select

from cloud_sync.contract.documents import PRICE_CHANGES, PRICES, Manifest
from cloud_sync.contract.encoding import encode, unb64
from cloud_sync.hub.documents.edition import Edition, Press, Site, newest_of
from cloud_sync.hub.store import schema
from retail.pricing.book import PriceBook, Version
from retail.pricing.changes import PriceChanges, changed, changes_between, terms_of

# Above a quarter of the book its changes are no longer worth two documents; and an object reads them all each
# time that one more comes.
_PART_OF_THE_BOOK_MAX: Final = 4
CHANGES_BYTES_MAX: Final = 4 * 1024 * 1024


class _MadeOf(msgspec.Struct):
    """Which whole book changes are of."""

    base: str


class UnknownVersionError(ValueError):
    """No document of this version was ever issued here."""


def issue_prices(press: Press, connection: Connection, site: Site, book: PriceBook) -> tuple[Edition, ...]:
    """Make `book` the price book of today, by the shorter way: whole, or as what has changed in it.

    Once there are changes, a book that is issued whole is followed by changes of nothing, so that nobody
    works by those of the book before.
    """
    whole, data = newest_of(connection, site, PRICES), encode(book)
    if whole is None:
        return (press.issue(PRICES, data),)
    base = _data(connection, _row(connection, site, PRICES, whole.version))
    known = newest_of(connection, site, PRICE_CHANGES)
    changes = changes_between(msgspec.json.decode(base, type=PriceBook), whole.sha256, book)
    said = encode(changes)
    nothing = not (changes.gone or changes.products) and changes.terms == terms_of(_book(base))
    if nothing and known is None:
        return (whole,)
    if nothing or len(said) <= min(len(data) // _PART_OF_THE_BOOK_MAX, CHANGES_BYTES_MAX):
        return whole, press.issue(PRICE_CHANGES, said)
    issued = press.issue(PRICES, data)
    if known is None:
        return (issued,)
    return issued, press.issue(PRICE_CHANGES, encode(changes_between(book, issued.sha256, book)))


def price_book(connection: Connection, site: Site, version: Version) -> PriceBook:
    """The price book that `version` of a sale names. Raises UnknownVersionError."""
    whole, later = price_book_as_issued(connection, site, version)
    book = _book(whole)
    return book if later is None else changed(book, msgspec.json.decode(later, type=PriceChanges))


def price_book_as_issued(connection: Connection, site: Site, version: Version) -> tuple[bytes, bytes | None]:
    """The bytes of that book: of the whole, and of what had changed in it. Raises UnknownVersionError."""
    if (row := _find(connection, site, PRICES, version)) is not None:
        return _data(connection, row), None
    later = _data(connection, _row(connection, site, PRICE_CHANGES, version))
    made_of = msgspec.json.decode(later, type=_MadeOf).base
    table = schema.document
    of_the_site = (table.c.tenant == site.tenant, table.c.site == site.site, table.c.name == PRICES)
    query = select(table).where(*of_the_site, table.c.sha256 == made_of).limit(1)
    base = connection.execute(query).first()
    assert base is not None, "changes are made of a book that was issued"
    return _data(connection, base), later


def issued(connection: Connection, site: Site, name: str, version: Version) -> bytes:
    """The bytes of a document that was issued as `version`. Raises UnknownVersionError."""
    row = _find(connection, site, name, version)
    if row is None:
        raise UnknownVersionError(f"{site.site}: expected a version of {name}, got {version}")
    return _data(connection, row)


def _book(data: bytes) -> PriceBook:
    return msgspec.json.decode(data, type=PriceBook)


def _row(connection: Connection, site: Site, name: str, version: Version) -> Row[Any]:
    row = _find(connection, site, name, version)
    if row is None:
        raise UnknownVersionError(f"{site.site}: expected a version of the price book, got {version}")
    return row


def _find(connection: Connection, site: Site, name: str, version: Version) -> Row[Any] | None:
    table = schema.document
    query = select(table).where(
        table.c.tenant == site.tenant,
        table.c.site == site.site,
        table.c.name == name,
        table.c.generation == version.generation,
        table.c.n == version.n,
    )
    return connection.execute(query).first()


def _data(connection: Connection, row: Row[Any]) -> bytes:
    """The bytes of a document, put together from its chunks."""
    manifest = msgspec.json.decode(unb64(row.manifest.split(".")[1]), type=Manifest)
    table = schema.chunk.c
    chunks = (select(table.bytes).where(table.sha256 == each) for each in manifest.chunks)
    return b"".join(connection.execute(each).scalar_one() for each in chunks)
