"""Carry an object's entries to the hub and its documents back, or see what still waits."""

import asyncio
import logging
from pathlib import Path

import click
import msgspec

from cloud_sync.agent.desk import SOCKET, AgentStatus, DeskTakenError, ask
from cloud_sync.contract.entry import Sale, decode_body
from edge.clock import SystemClock
from edge.config import ConfigError, ObjectConfig, load, without_trust
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from retail.units import Money

_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


_MORE = """\b
Examples:
  opos sync run mirror/object.toml
  opos sync status mirror/object.toml --json
"""


@click.group(epilog=_MORE)
def sync() -> None:
    """Carry an object's entries to the hub and its documents back, or see what still waits."""


@sync.command()
@_FILE
def run(file: Path) -> None:
    """Be the agent of the object that FILE describes, until it is told to stop."""
    # Imported here: `opos sync status` needs none of it.
    from edge.keys import KeyUnusableError  # noqa: PLC0415
    from edge.sync import serve  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(serve(load(file)))
    except (ConfigError, KeyUnusableError, DeskTakenError, OSError) as error:
        raise click.ClickException(str(error)) from error


class Status(msgspec.Struct, frozen=True):
    """What the ledger says of its queue, and the running agent of its line (None if there is none)."""

    object: str
    epoch: str
    head: int
    acked: int
    unsynced: int
    value: dict[str, int]
    """Takings that the hub has not confirmed: ISO currency -> minor units."""
    oldest_ms: int | None
    """How long the oldest of them has waited, in milliseconds."""
    online: bool
    agent: AgentStatus | None


@sync.command()
@_FILE
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")
def status(file: Path, *, as_json: bool) -> None:
    """Say what the hub has not confirmed yet. Reads the ledger; runtime and agent may run meanwhile."""
    try:
        result = _status(without_trust(file))
    except (ConfigError, NoLedgerError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(msgspec.json.encode(result))
        return
    # Imported here: the agent, which lives in 48 MB, is started by this file too and says no amounts.
    from retail.locale import amount  # noqa: PLC0415

    click.echo(f"{result.object}: {result.unsynced} of {result.head} entries wait for the hub")
    for currency, amount_minor in result.value.items():
        click.echo(f"  sales of {amount(Money(amount_minor, currency), 'en')} are among them")
    if result.oldest_ms is not None:
        click.echo(f"  the oldest has waited {result.oldest_ms // 1000} s")
    click.echo(_line(result.agent))


def _line(agent: AgentStatus | None) -> str:
    if agent is None:
        return "no agent runs: start it with `opos sync run FILE`"
    return "the hub answers" if agent.online else f"the hub does not answer ({agent.stage})"


def _status(config: ObjectConfig) -> Status:
    agent = ask(config.data_dir / SOCKET)
    reader = LedgerReader(config.ledger)
    try:
        identity = reader.identity()
        acked = reader.acked()
        queue = _queue(reader, acked)
    finally:
        reader.close()
    return Status(
        object=config.object.id,
        epoch=identity.epoch if identity is not None else "",
        head=acked + queue.entries,
        acked=acked,
        unsynced=queue.entries,
        value=queue.value,
        oldest_ms=_age_ms(queue.oldest_wall_ms),
        online=agent is not None and agent.online,
        agent=agent,
    )


class _Queue(msgspec.Struct):
    entries: int
    value: dict[str, int]
    oldest_wall_ms: int | None


def _queue(reader: LedgerReader, acked: int) -> _Queue:
    queue = _Queue(0, {}, None)
    for entry in reader.entries(acked + 1):
        body = decode_body(entry.body)
        queue.entries += 1
        if queue.oldest_wall_ms is None:
            queue.oldest_wall_ms = body.wall_ms
        if isinstance(body.fact, Sale):
            value = queue.value.get(body.fact.currency, 0) + body.fact.total_minor
            queue.value[body.fact.currency] = value
    return queue


def _age_ms(wall_ms: int | None) -> int | None:
    return None if wall_ms is None else max(SystemClock().wall_ms() - wall_ms, 0)
