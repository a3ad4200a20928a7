"""Say who an object is: its shop, its keys, and until when the hub will know it."""

from pathlib import Path
from typing import Any

import click

from edge.cli.object.door import AS_JSON, FILE, KEPT, print_json, said
from edge.clock import SystemClock
from edge.config import ObjectConfig, kept_keyring, load
from edge.identity import IdentityUnusableError, days_left, line_certificate
from edge.keys import load_signer
from edge.offline_queue.export import moment


@click.command()
@FILE
@AS_JSON
def show(file: Path, *, as_json: bool) -> None:
    """Say who the object is, where its hub is, and until when its certificate holds."""
    with said(IdentityUnusableError):
        found = _found(load(file))
    if as_json:
        print_json(found)
        return
    click.echo(
        f"{found['object']} is a {found['kind']} at {found['tenant']}/{found['site']}: {found['name']}"
    )
    click.echo(f"it signs with key {found['kid']}, which is kept in {KEPT[found['tier']]}")
    click.echo(f"its hub is {found['hub']}, its broker {found['broker']}")
    click.echo(_line(found["certificate"]))
    if found["keyring"]:
        click.echo(f"it believes the hub's keyring {found['keyring']}")


def _found(config: ObjectConfig) -> dict[str, Any]:
    section, signer = config.object, load_signer(config)
    ring = kept_keyring(config)
    return {
        "object": section.id,
        "kind": section.kind,
        "name": section.name,
        "tenant": section.tenant,
        "site": section.site,
        "kid": signer.public.kid,
        "tier": signer.tier,
        "broker": config.sync.broker,
        "hub": config.sync.hub_url,
        "roots": [root.kid for root in config.trust.roots],
        "keyring": f"{ring.version.generation}.{ring.version.n}" if ring else None,
        "certificate": _certificate(config),
    }


def _certificate(config: ObjectConfig) -> dict[str, Any] | None:
    mine = line_certificate(config)
    if mine is None:
        return None
    return {
        "name": mine.name,
        "serial": mine.serial,
        "ends_ms": mine.ends_ms,
        "days_left": days_left(config, SystemClock()),
    }


def _line(certificate: dict[str, Any] | None) -> str:
    if certificate is None:
        return "it has no certificate: it speaks in the clear, to this machine alone"
    ends, days = moment(certificate["ends_ms"])[:10], certificate["days_left"]
    if days < 0:
        return f"its certificate ended on {ends}: enrol it again with a new claim (`opos enroll`)"
    return f"its certificate holds until {ends}, for {days} days, and is renewed before that"
