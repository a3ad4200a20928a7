"""Editions of a document: signed, versioned, kept in chunks; a new one only when its bytes have changed."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, insert, select

from cloud_sync.contract.documents import MANIFEST_TYPE, PRICE_CHANGES, PRICES, Manifest, manifest_of, split
from cloud_sync.contract.signing import Signer, seal
from cloud_sync.hub.documents.sheet import ImportRefusedError, Problem
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import generation
from cloud_sync.hub.store.upsert import upsert
from retail.pricing.book import Version

# No object takes a longer one.
DOCUMENT_BYTES_MAX: Final = 64 * 1024 * 1024

_PRICE_BOOK: Final = (PRICES, PRICE_CHANGES)


class Site(msgspec.Struct, frozen=True):
    """Whose document it is."""

    tenant: str
    site: str


class Edition(msgspec.Struct, frozen=True):
    """A document as it is now, and whether this import changed it."""

    name: str
    version: Version
    sha256: str
    changed: bool


class Press:
    """Issues documents of one site within one transaction, signed with the hub's key for documents."""

    def __init__(self, connection: Connection, signer: Signer, site: Site, now_ms: int) -> None:
        self._connection, self._signer, self._site, self._now_ms = connection, signer, site, now_ms

    def issue(self, name: str, data: bytes) -> Edition:
        """Make `data` the newest edition of a document, unless it is that already."""
        if not 0 < len(data) <= DOCUMENT_BYTES_MAX:
            sentence = f"expected a document of at most {DOCUMENT_BYTES_MAX} bytes, got {len(data)}"
            raise ImportRefusedError([Problem(name, 0, "", sentence)])
        newest = newest_of(self._connection, self._site, name)
        manifest = manifest_of(name, self._site.site, self._next(name), data)
        if newest and newest.sha256 == manifest.sha256:
            return newest
        self._keep(manifest, split(data))
        return Edition(name, manifest.version, manifest.sha256, changed=True)

    def _next(self, name: str) -> Version:
        """The version after the newest; a hub back from a backup counts from one in a new generation."""
        editions = [newest_of(self._connection, self._site, each) for each in counted_with(name)]
        last = max((each.version for each in editions if each), default=Version(0, 0))
        return after(last, generation(self._connection))

    def _keep(self, manifest: Manifest, chunks: Sequence[bytes]) -> None:
        pieces = zip(manifest.chunks, chunks, strict=True)
        rows = [{"sha256": sha256, "bytes": chunk} for sha256, chunk in pieces]
        self._connection.execute(upsert(self._connection, schema.chunk).on_conflict_do_nothing(), rows)
        row = insert(schema.document).values(
            tenant=self._site.tenant,
            site=self._site.site,
            name=manifest.name,
            generation=manifest.version.generation,
            n=manifest.version.n,
            sha256=manifest.sha256,
            manifest=seal(self._signer, MANIFEST_TYPE, manifest),
            made_ms=self._now_ms,
        )
        self._connection.execute(row)


def newest_of(connection: Connection, site: Site, name: str) -> Edition | None:
    """The newest edition of a document, which is not changed by looking; None before the first."""
    table = schema.document.c
    query = (
        select(table.generation, table.n, table.sha256)
        .where(table.tenant == site.tenant, table.site == site.site, table.name == name)
        .order_by(table.id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return Edition(name, Version(row.generation, row.n), row.sha256, changed=False) if row else None


def counted_with(name: str) -> tuple[str, ...]:
    """The documents that share their versions with `name`: a sale names one of them as its price book."""
    return _PRICE_BOOK if name in _PRICE_BOOK else (name,)


def after(last: Version, generation_now: int) -> Version:
    """The version after `last`, in the hub's present generation."""
    if last.generation < generation_now:
        return Version(generation_now, 1)
    return Version(last.generation, last.n + 1)
