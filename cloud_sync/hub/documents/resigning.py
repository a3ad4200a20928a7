"""Documents signed again with the same bytes: under a new key, or in the new generation of a hub."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, func, insert, select

from cloud_sync.contract.documents import MANIFEST_TYPE, Manifest
from cloud_sync.contract.encoding import unb64
from cloud_sync.contract.signing import Signer, seal
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import generation
from retail.pricing.book import Version


class _Header(msgspec.Struct, frozen=True):
    kid: str


def resign(connection: Connection, signer: Signer, now_ms: int) -> int:
    """Sign the newest documents of other keys again, each as its next version; how many there were.

    Then the old key can be retired.
    """
    rows = connection.execute(_newest()).all()
    old = [row for row in rows if _signer_of(row.manifest) != signer.public.kid]
    for row in old:
        _issue(connection, signer, row, Version(row.generation, row.n + 1), now_ms)
    return len(old)


def reissue(connection: Connection, signer: Signer, now_ms: int) -> int:
    """Issue the newest documents as the first of the hub's present generation; how many there are.

    Of a hub that came back from a backup: objects may have heard of versions that were lost with the old one,
    and refuse what is older.
    """
    rows = connection.execute(_newest()).all()
    for row in rows:
        _issue(connection, signer, row, Version(generation(connection), 1), now_ms)
    return len(rows)


def _newest() -> Select[Any]:
    table = schema.document
    newest = select(func.max(table.c.id)).group_by(table.c.tenant, table.c.site, table.c.name)
    return select(table).where(table.c.id.in_(newest)).order_by(table.c.id)


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
