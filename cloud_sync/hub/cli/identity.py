"""Commands for who may speak to the hub: the broker's files, certificates, signing keys, revocation."""

from pathlib import Path
from threading import Event
from typing import Final, cast

import click

from cloud_sync.hub.cli import claims
from cloud_sync.hub.cli.claims import ROOT_KEY, refusals, root_of
from cloud_sync.hub.cli.options import DIR, JSON, now_ms, opened, print_json
from cloud_sync.hub.folder import Folder, Purpose
from cloud_sync.hub.identity import ring, x509
from cloud_sync.hub.identity.authority import (
    Where,
    export_root,
    make_authority,
    renew_issuer,
    root_pem,
    where_of,
)
from cloud_sync.hub.identity.broker_files import Refreshed, refresh_broker
from cloud_sync.hub.identity.revoking import LastGood, Revocation
from cloud_sync.hub.identity.revoking import revoke as put_out

# A hub that runs tells a new keyring in a quarter of this: who is online believes a key before it signs.
_TELLING_S: Final = 1.0
_PORT: Final = click.IntRange(1, 65535)
_BROKER_SAYS: Final = {
    Refreshed.SAME: "its broker knows",
    Refreshed.TOLD: "its broker was told",
    Refreshed.WRITTEN: "the broker's files are new: have it read them (SIGHUP)",
    Refreshed.NOWHERE: "no broker was set up here",
}

# The hub's own services speak to the broker of their machine (opos-hub.service).
_HERE: Final = "localhost"

_MORE: Final = """\b
Examples:
  opos hub broker --dir var/hub --host hub.corner.example --host 10.0.0.2
  mosquitto -c var/hub/broker/mosquitto.conf
"""


@click.command(epilog=_MORE)
@DIR
@click.option(
    "--host",
    "hosts",
    multiple=True,
    required=True,
    help="A name or an address of this machine; objects are told the first.",
)
@click.option("--port", type=_PORT, default=8883, show_default=True, help="The broker's port, with TLS.")
@click.option("--https", "https_port", type=_PORT, default=8443, show_default=True, help="The hub's own.")
@JSON
def broker(directory: Path, hosts: tuple[str, ...], port: int, https_port: int, *, as_json: bool) -> None:
    """Say where objects find this hub: its certificates and Mosquitto's files are made from that."""
    names = tuple(dict.fromkeys((*hosts, _HERE)))
    folder, where = Folder(directory), Where(names, port, https_port)
    with refusals(), opened(directory) as store:
        make_authority(folder, where, now_ms())
        refreshed = refresh_broker(folder, store, now_ms())
    conf = folder.broker / "mosquitto.conf"
    if as_json:
        told = {"broker": where.broker, "hub": where.hub, "conf": str(conf), "refreshed": refreshed.value}
        print_json(told)
    else:
        click.echo(f"objects find the broker at {where.broker} and the hub at {where.hub}")
        click.echo(f"run the broker by {conf}; {_BROKER_SAYS[refreshed]}")


@click.group()
def ca() -> None:
    """The hub's certificates: the root can lie in a safe."""


@ca.command("show")
@DIR
@JSON
def ca_show(directory: Path, *, as_json: bool) -> None:
    """Say which certificates there are, until when, and whether the root is here."""
    folder = Folder(directory)
    with refusals():
        root = root_pem(folder).encode("ascii")
        told = {
            "fingerprint": x509.fingerprint(root),
            "root_until_ms": x509.ends_ms(root),
            "issuer_until_ms": x509.ends_ms((directory / "ca.crt").read_bytes()),
            "hub_until_ms": x509.ends_ms((folder.tls / "hub.crt").read_bytes()),
            "names": where_of(folder).names,
            "root_is_here": folder.roots()[1].exists(),
        }
    if as_json:
        print_json(told)
    else:
        away = "here" if told["root_is_here"] else "away"
        click.echo(f"root {told['fingerprint']}, its key is {away}; for {', '.join(where_of(folder).names)}")


@ca.command("export-root")
@DIR
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), required=True, help="For the safe.")
def ca_export_root(directory: Path, to: Path) -> None:
    """Move the second root's key out of the hub's directory: no day needs it."""
    with refusals():
        there = export_root(Folder(directory), to)
    click.echo(f"the root's key is {there} now and nowhere else: put it in a safe, and a copy in another")


@ca.command("renew")
@DIR
def ca_renew(directory: Path) -> None:
    """Let the root certify the issuer anew, in its last years: root2.key must be back for this."""
    with refusals(), opened(directory) as store:
        renew_issuer(Folder(directory), now_ms())
        refresh_broker(Folder(directory), store, now_ms())
    click.echo("the issuer has a new certificate")


@click.group()
def keys() -> None:
    """The keys that the hub signs receipts and documents with."""


@keys.command("show")
@DIR
@JSON
def keys_show(directory: Path, *, as_json: bool) -> None:
    """Say which keys are valid, and which version of the keyring objects are told."""
    with refusals(), opened(directory) as store:
        found = ring.rings(store, Folder(directory))
    if as_json:
        print_json(found)
        return
    for what in ("receipt", "documents", "roots"):
        names = ", ".join(key.kid for key in getattr(found.trust, what))
        click.echo(f"{what:<10} {names}")
    for tenant, version in sorted(found.versions.items()):
        click.echo(f"keyring    {tenant} {version.generation}.{version.n}")


@keys.command("rotate")
@click.argument("purpose", type=click.Choice(["receipt", "documents"]))
@DIR
@ROOT_KEY
@JSON
def keys_rotate(directory: Path, purpose: str, root_key: Path | None, *, as_json: bool) -> None:
    """Put a new key in the place of one; that one stays valid until `opos hub keys retire`."""
    folder = Folder(directory)
    with refusals(), opened(directory) as store:
        root, pause = root_of(folder, root_key), Event()
        new = ring.rotate(
            store, folder, cast("Purpose", purpose), root, now_ms(), once_told=lambda: pause.wait(_TELLING_S)
        )
    if as_json:
        print_json({"purpose": purpose, "kid": new.kid})
    else:
        click.echo(f"the hub signs {purpose} with {new.kid} now; objects believe the one before, too")


@keys.command("retire")
@DIR
@ROOT_KEY
@JSON
def keys_retire(directory: Path, root_key: Path | None, *, as_json: bool) -> None:
    """Let objects believe no key any more but those that sign now."""
    folder = Folder(directory)
    with refusals(), opened(directory) as store:
        gone = ring.retire(store, folder, root_of(folder, root_key), now_ms())
    if as_json:
        print_json({"retired": [key.kid for key in gone]})
    else:
        names = ", ".join(key.kid for key in gone)
        click.echo(f"objects believe {names} no more" if gone else "no key was waiting to be retired")


def _last(_: click.Context, __: click.Parameter, text: str | None) -> LastGood | None:
    if text is None:
        return None
    epoch, _colon, seq = text.rpartition(":")
    if not epoch or not (seq.isascii() and seq.isdigit()):
        raise click.BadParameter(f"expected EPOCH:SEQ, got {text!r}")
    return LastGood(epoch, int(seq))


@click.command()
@click.argument("object_id", metavar="OBJECT")
@DIR
@click.option(
    "--last",
    metavar="EPOCH:SEQ",
    callback=_last,
    help="The last entry to believe; without it all that the hub has now.",
)
@click.option("--why", required=True, help="For whoever reads it in a year.")
@JSON
def revoke(directory: Path, object_id: str, last: LastGood | None, why: str, *, as_json: bool) -> None:
    """Put an OBJECT out for good: it is lost, stolen, or its key is. Its line is cut.

    What it still sends is kept and acknowledged, and does not count.
    """
    with refusals(), opened(directory) as store:
        done = put_out(store, Folder(directory), Revocation(object_id, why, last), now_ms())
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"{done.object} is revoked after entry {done.last.seq} of {done.last.epoch or 'nothing'};",
            nl=False,
        )
        click.echo(f" {_BROKER_SAYS[done.broker]}")


COMMANDS: Final[tuple[click.Command, ...]] = (*claims.COMMANDS, broker, ca, keys, revoke)
