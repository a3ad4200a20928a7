"""Carry an object's entries to the hub and its documents back, or see what still waits."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import apsw
import click
import msgspec

from cloud_sync.agent.desk import SOCKET, AgentStatus, DeskTakenError, ask
from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Sale
from cloud_sync.contract.receipt import Receipt
from edge.cli.logs import log_of
from edge.clock import SystemClock
from edge.config import ConfigError, ObjectConfig, load, without_trust
from edge.identity import IdentityUnusableError, days_left
from edge.offline_queue.lanes import ROWS_MAX, LaneReader, NoLaneError
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from retail.units import Money

# Milliseconds of each, the longest first.
_UNITS: Final = ((86_400_000, "days"), (3_600_000, "h"), (60_000, "min"))

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

    try:
        config = load(file)
        log_of(config, "opos-sync")
        asyncio.run(serve(config))
    except (ConfigError, KeyUnusableError, IdentityUnusableError, DeskTakenError, OSError) as error:
        raise click.ClickException(str(error)) from error


class LastReceipt(msgspec.Struct, frozen=True):
    """The hub's last word that the ledger has written down."""

    seq: int
    generation: int
    safe: int
    """The seq that a backup of the hub covers."""
    at_ms: int
    """When the hub gave it, by the hub's own clock."""


class Status(msgspec.Struct, frozen=True):
    """What the object's files say of its queue, and the running agent of its line (None if there is none)."""

    object: str
    epoch: str
    head: int
    acked: int
    unsynced: int
    value: dict[str, int]
    """Takings that the hub has not confirmed: ISO currency -> minor units."""
    oldest_ms: int | None
    """How long the oldest of them has waited, in milliseconds."""
    last_receipt: LastReceipt | None
    """None before the first."""
    certificate_days: int | None
    """Whole days until the certificate for the line ends; None on a line in the clear."""
    telemetry_waiting: int
    telemetry_dropped: int
    """Gestures that were given up before they were sent: they are no record of anything."""
    online: bool
    agent: AgentStatus | None


@sync.command()
@_FILE
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")
def status(file: Path, *, as_json: bool) -> None:
    """Say what the hub has not confirmed yet. Reads the ledger; runtime and agent may run meanwhile."""
    try:
        result = _status(without_trust(file))
    except (ConfigError, NoLedgerError, IdentityUnusableError) as error:
        raise click.ClickException(str(error)) from error
    except (apsw.Error, ValueError) as error:
        ledger = without_trust(file).ledger
        raise click.ClickException(f"{ledger}: {error}: run `opos ledger verify {ledger}`") from error
    if as_json:
        click.echo(msgspec.json.encode(result))
    else:
        _print(result)


def _print(result: Status) -> None:
    # Imported here: the agent, which lives in 48 MB, is started by this file too and says no amounts.
    from retail.locale import amount  # noqa: PLC0415

    click.echo(f"{result.object}: {result.unsynced} of {result.head} entries wait for the hub")
    for currency, amount_minor in result.value.items():
        click.echo(f"  sales of {amount(Money(amount_minor, currency), 'en')} are among them")
    if result.oldest_ms is not None:
        click.echo(f"  the oldest has waited {_span(result.oldest_ms)}")
    for line in _confirmed(result.last_receipt):
        click.echo(line)
    if result.telemetry_waiting or result.telemetry_dropped:
        click.echo(f"{result.telemetry_waiting} gestures wait, {result.telemetry_dropped} were given up")
    if result.certificate_days is not None:
        click.echo(f"the certificate for the line holds for {result.certificate_days} days")
    click.echo(_line(result.agent))
    for fault in result.agent.faults if result.agent is not None else ():
        click.echo(f"  to look at: {fault.code} ({fault.source})")


def _confirmed(last: LastReceipt | None) -> Iterator[str]:
    if last is None:
        yield "the hub has confirmed nothing yet"
        return
    yield (
        f"the hub has confirmed entries up to {last.seq}: its last receipt is of {_utc(last.at_ms)},"
        f" generation {last.generation}"
    )
    covered = f"a backup of the hub covers entries up to {last.safe}"
    yield f"  {covered if last.safe else 'no backup of the hub covers them yet'}"


def _span(ms: int) -> str:
    """About how long that is, in the largest unit that it has two of."""
    for unit, name in _UNITS:
        if ms >= 2 * unit:
            return f"{ms // unit} {name}"
    return f"{ms // 1000} s"


def _utc(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _line(agent: AgentStatus | None) -> str:
    if agent is None:
        return "no agent runs: start it with `opos sync run FILE`"
    if agent.trouble is not None:
        return agent.trouble
    return "the hub answers" if agent.online else f"the hub does not answer ({agent.stage})"


def _status(config: ObjectConfig) -> Status:
    agent = ask(config.data_dir / SOCKET)
    reader = LedgerReader(config.ledger)
    try:
        identity = reader.identity()
        acked = reader.acked()
        queue = _queue(reader, acked)
        receipt = reader.last_receipt()
    finally:
        reader.close()
    waiting, dropped = _telemetry(config)
    return Status(
        object=config.object.id,
        epoch=identity.epoch if identity is not None else "",
        head=acked + queue.entries,
        acked=acked,
        unsynced=queue.entries,
        value=queue.value,
        oldest_ms=_age_ms(queue.oldest_wall_ms),
        last_receipt=None if receipt is None else _last(receipt),
        certificate_days=days_left(config, SystemClock()),
        telemetry_waiting=waiting,
        telemetry_dropped=dropped,
        online=agent is not None and agent.online,
        agent=agent,
    )


def _last(receipt: Receipt) -> LastReceipt:
    return LastReceipt(receipt.seq, receipt.generation, receipt.safe, receipt.at_ms)


def _telemetry(config: ObjectConfig) -> tuple[int, int]:
    """Items that wait, and those that were given up; nothing of either where there is no lane."""
    lane = LaneReader(config.telemetry)
    try:
        piece = lane.after(0, ROWS_MAX)
    except NoLaneError:
        return 0, 0
    finally:
        lane.close()
    return len(piece.items), piece.dropped


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
