"""Documents signed again with the same bytes: under a new key, or in the new generation of a hub."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, func, insert, select

from cloud_sync.contract.documents import MANIFEST_TYPE, Manifest
from cloud_sync.contract.encoding import unb64
from cloud_sync.contract.signing import Signer, seal
from cloud_sync.hub.documents.edition import after, counted_with
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import generation
from retail.pricing.book import Version

_Place = tuple[str, str, tuple[str, ...]]


class _Header(msgspec.Struct, frozen=True):
    kid: str


def resign(connection: Connection, signer: Signer, now_ms: int) -> int:
    """Sign the newest documents of other keys again, each as its next version; how many there were.

    Then the old key can be retired.
    """
    rows = connection.execute(_newest()).all()
    old = [row for row in rows if _signer_of(row.manifest) != signer.public.kid]
    last = _last_of(rows)
    for row in old:
        place = _place(row)
        last[place] = Version(last[place].generation, last[place].n + 1)
        _issue(connection, signer, row, last[place], now_ms)
    return len(old)


def reissue(connection: Connection, signer: Signer, now_ms: int) -> int:
    """Issue the newest documents as the first of the hub's present generation; how many there are.

    Of a hub that came back from a backup: objects may have heard of versions that were lost with the old one,
    and refuse what is older.
    """
    rows = connection.execute(_newest()).all()
    now = generation(connection)
    last: dict[_Place, Version] = {}
    for row in rows:
        place = _place(row)
        last[place] = after(last.get(place, Version(0, 0)), now)
        _issue(connection, signer, row, last[place], now_ms)
    return len(rows)


def _place(row: Row[Any]) -> _Place:
    """What a document's versions are counted in: that of a site, or of the documents that count together."""
    return row.tenant, row.site, counted_with(row.name)


def _last_of(rows: Iterable[Row[Any]]) -> dict[_Place, Version]:
    last: dict[_Place, Version] = {}
    for row in rows:
        version = Version(row.generation, row.n)
        last[_place(row)] = max(version, last.get(_place(row), version))
    return last


def _newest() -> Select[Any]:
    table = schema.document
    newest = select(func.max(table.c.id)).group_by(table.c.tenant, table.c.site, table.c.name)
    # By name, so that a price book comes before what has changed in it.
    return select(table).where(table.c.id.in_(newest)).order_by(table.c.tenant, table.c.site, table.c.name)


def _issue(connection: Connection, signer: Signer, row: Row[Any], version: Version, now_ms: int) -> None:
    manifest = msgspec.structs.replace(_said(row.manifest), version=version)
    again = insert(schema.document).values(
        tenant=row.tenant, site=row.site, name=row.name, sha256=row.sha256, made_ms=now_ms
    )
    again = again.values(generation=version.generation, n=version.n)
    connection.execute(again.values(manifest=seal(signer, MANIFEST_TYPE, manifest)))


def _signer_of(jws: str) -> str:
    return msgspec.json.decode(unb64(jws.split(".", maxsplit=1)[0]), type=_Header).kid


def _said(jws: str) -> Manifest:
    return msgspec.json.decode(unb64(jws.split(".")[1]), type=Manifest)
