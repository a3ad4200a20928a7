"""What Mosquitto is run by: TLS in both directions, and to each object its own topics and no others.

The files are made from the database, and made again when somebody is let in or put out; a broker that runs
here is told to read them.
"""

import logging
import os
import pwd
import signal
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from threading import Event
from typing import Final

from sqlalchemy import func, select

from cloud_sync.contract import topics
from cloud_sync.contract.topics import PAYLOAD_BYTES_MAX, Address
from cloud_sync.hub.files import PUBLIC, replace
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity.authority import NoAuthorityError, issuer_of, keep_servers, where_of
from cloud_sync.hub.identity.x509 import HUB_NAME, revoked_in
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store

_log = logging.getLogger(__name__)

# Enrolment and revocation tell the broker themselves: this finds what another machine's hub did.
_ROUND_S: Final = 1.0
# So many rounds later the files are looked at even if nobody has come or gone: certificates run out.
_ROUNDS_MAX: Final = 60

# What may wait at the broker for one client. The hub is one that everybody speaks to: 1,000 objects that come
# back at once bring eight batches and a state each. What finds no room is dropped, and sent again only when
# its object has waited for a receipt in vain.
_QUEUED_MESSAGES_MAX: Final = 10_000
# The first batch of each of them may be a full one, of 128 KiB.
_QUEUED_BYTES_MAX: Final = 1_000 * PAYLOAD_BYTES_MAX

_CONF: Final = """\
# Made by `opos hub broker`: changes are lost. Start it with: mosquitto -c {path}/mosquitto.conf
user {user}
pid_file {path}/mosquitto.pid

listener {port}
cafile {path}/root.crt
certfile {path}/broker.crt
keyfile {path}/broker.key
crlfile {path}/revoked.crl
tls_version tlsv1.3
require_certificate true
use_identity_as_username true
allow_anonymous false
acl_file {path}/acl
allow_zero_length_clientid false

# Nothing here is storage: objects and hub say again whatever was not answered.
persistence false
set_tcp_nodelay true
max_packet_size {packet_max}
max_inflight_messages 64
# 1,000 objects may come back at once, each with eight batches and a state for the hub.
max_queued_messages {queued_messages_max}
max_queued_bytes {queued_bytes_max}
log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
connection_messages false
"""


class Refreshed(Enum):
    """What became of the broker's files."""

    SAME = "same"  # they were as they should be
    WRITTEN = "written"  # they are new, and no broker runs by them here
    TOLD = "told"  # they are new, and the broker reads them now
    NOWHERE = "nowhere"  # this hub was never given certificates


def refresh_broker(folder: Folder, store: Store, now_ms: int) -> Refreshed:
    """Make the broker's files what the database says, and tell the broker if they were not."""
    try:
        changed = keep_servers(folder, now_ms)
        changed |= _write(folder, store, now_ms)
    except NoAuthorityError:
        return Refreshed.NOWHERE
    if not changed:
        return Refreshed.SAME
    return Refreshed.TOLD if _tell(folder.broker / "mosquitto.pid") else Refreshed.WRITTEN


class BrokerFiles:
    """Keeps the broker's files up to date while the hub runs."""

    def __init__(self, folder: Folder, store: Store, clock_ms: Callable[[], int]) -> None:
        self._folder, self._store, self._clock_ms = folder, store, clock_ms

    def work(self, closing: Event) -> None:
        """Look every second until `closing`.

        A broker that is told while it reads does not read again (Mosquitto 2.0 forgets the signal), so it is
        told once more in the round after a change, whoever made that.
        """
        seen, rounds = self._stamps(), 0
        mark: tuple[int, ...] = ()
        while not closing.wait(_ROUND_S):
            stamps = self._stamps()
            if stamps != seen:
                _tell(self._folder.broker / "mosquitto.pid")
            seen, rounds = stamps, rounds + 1
            now = _mark(self._store)
            if now != mark or rounds % _ROUNDS_MAX == 0:
                refresh_broker(self._folder, self._store, self._clock_ms())
                mark = now

    def _stamps(self) -> list[int]:
        """When each of the broker's files was written last."""
        paths = (
            self._folder.broker / name for name in ("acl", "broker.crt", "mosquitto.conf", "revoked.crl")
        )
        return [path.stat().st_mtime_ns for path in paths if path.exists()]


def _write(folder: Folder, store: Store, now_ms: int) -> bool:
    where, issuer = where_of(folder), issuer_of(folder)
    conf = _CONF.format(
        path=folder.broker.resolve(),
        user=pwd.getpwuid(folder.broker.stat().st_uid).pw_name,
        port=where.broker_port,
        packet_max=PAYLOAD_BYTES_MAX + 4096,  # and room for topic and properties
        queued_messages_max=_QUEUED_MESSAGES_MAX,
        queued_bytes_max=_QUEUED_BYTES_MAX,
    )
    objects, revoked = _let_in(store), _revoked(store, now_ms)
    with folder.changing():
        changed = replace(folder.broker / "mosquitto.conf", conf.encode(), PUBLIC)
        changed |= replace(folder.broker / "acl", access_list(objects).encode("ascii"), PUBLIC)
        crl = folder.broker / "revoked.crl"
        before = crl.read_bytes() if crl.exists() else None
        if before is None or revoked_in(before) != set(revoked):
            changed |= replace(crl, issuer.revocations(revoked, before, now_ms), PUBLIC)
    return changed


def access_list(objects: list[Address]) -> str:
    """Mosquitto's list: what is not allowed here is refused."""
    return "\n".join(["# Made by `opos hub broker`: changes are lost.", *_rules(objects), ""])


def _rules(objects: list[Address]) -> Iterator[str]:
    yield f"user {HUB_NAME}"
    yield "topic readwrite opos/1/#"
    for each in objects:
        yield f"user {each.object}"
        yield f"topic write {each.root}/up/+"
        yield f"topic read {each.root}/dn/+"
        yield f"topic read {each.documents()}"
        yield f"topic read {topics.keyring(each.tenant)}"


def _mark(store: Store) -> tuple[int, ...]:
    """What changes whenever somebody is let in or put out; asking costs nothing."""
    known, certificate = schema.object_.c, schema.certificate.c
    counts = (
        select(func.count(known.id)),
        select(func.coalesce(func.max(known.admitted_ms), 0)),
        select(func.count(schema.revocation.c.dev)),
        select(func.count(certificate.serial)).where(certificate.revoked_ms.is_not(None)),
    )
    with store.reading() as connection:
        query = select(*(count.scalar_subquery() for count in counts))
        return tuple(connection.execute(query).one())


def _let_in(store: Store) -> list[Address]:
    table = schema.object_.c
    gone = select(schema.revocation.c.dev)
    query = select(table.tenant, table.site, table.id).where(table.id.not_in(gone)).order_by(table.id)
    with store.reading() as connection:
        return [Address(*row) for row in connection.execute(query)]


def _revoked(store: Store, now_ms: int) -> list[str]:
    """The certificates to be refused; one that has run out is refused anyway."""
    table = schema.certificate.c
    query = select(table.serial).where(table.revoked_ms.is_not(None), table.not_after_ms > now_ms)
    with store.reading() as connection:
        return list(connection.execute(query.order_by(table.serial)).scalars())


def _tell(pid_file: Path) -> bool:
    """Have the broker of this file read its files again; whether there is one."""
    try:
        pid = int(pid_file.read_text("ascii"))
        # A number that was left behind may be another program's by now.
        if Path(f"/proc/{pid}/comm").read_text("ascii").strip() != "mosquitto":
            return False
        os.kill(pid, signal.SIGHUP)
    except (OSError, ValueError) as error:
        if not isinstance(error, FileNotFoundError):
            _log.warning("the broker of %s cannot be told to read its files again: %s", pid_file, error)
        return False
    return True
