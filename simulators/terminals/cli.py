"""The command `opos sim terminal`: one simulated payment terminal, without a bench's file."""

import json
from pathlib import Path
from typing import Any, Final

import click

from simulators.devices.device import RefusedError

_HELP: Final = """\
Run a payment terminal that speaks ZVT, until Ctrl-C or SIGTERM.

Tills connect to it at a TCP port, or open the serial line that --listen pty:LINK points at. A card taps
itself for every payment, unless --taps none leaves that to a hand. The books that it keeps are shown by
`opos sim status`, and outlive it in a file beside its control socket.

\b
Examples:
  opos sim terminal zvt --listen 127.0.0.1:20007
  opos sim terminal zvt --listen pty:zvt --taps none --control zvt.sock
  opos sim do terminal insert card=girocard --bench zvt.sock
  opos sim do terminal pin right=false --bench zvt.sock
  opos sim do terminal trouble what=lose-answer --bench zvt.sock
  opos sim terminal zvt --listen 127.0.0.1:0 --set details=few --set auto_reversal=false --json
"""

CARDS: Final = ("visa", "mastercard", "girocard", "maestro", "amex", "none")


@click.group()
def terminal() -> None:
    """Run a payment terminal that keeps its own books."""


@terminal.command(help=_HELP)
@click.option(
    "--listen",
    default="127.0.0.1:20007",
    show_default=True,
    metavar="HOST:PORT",
    help="Where tills connect; port 0 takes a free one. Or pty:LINK, a serial line.",
)
@click.option(
    "--taps",
    type=click.Choice(CARDS),
    default="visa",
    show_default=True,
    help="The card that pays by itself.",
)
@click.option(
    "--control",
    type=click.Path(path_type=Path),
    default=Path("zvt.sock"),
    show_default=True,
    help="Where hands give orders.",
)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Any option of the type zvt.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def zvt(listen: str, taps: str, control: Path, settings: tuple[str, ...], *, as_json: bool) -> None:
    """Make a bench of one device and run it."""
    from simulators.bench import run_layout  # noqa: PLC0415 (a hand's command would load asyncio for nothing)

    at = listen if listen.startswith("pty:") else f"tcp:{listen}"
    card = {} if taps == "none" else {"taps": taps}
    try:
        layout = _layout({"at": at, **card, **dict(map(_setting, settings))}, control)
        run_layout(layout, Path.cwd(), lambda bench: _announce(bench, as_json=as_json))
    except RefusedError as error:
        raise click.ClickException(str(error)) from error


def _layout(options: dict[str, Any], control: Path) -> Any:
    from simulators.devices.catalogue import part  # noqa: PLC0415 (a hand's command would load it for nothing)
    from simulators.layout import BenchPart, Layout  # noqa: PLC0415 (the same)

    device = part({"type": "zvt", "name": "terminal", **options})
    return Layout(BenchPart(str(control), str(control.with_suffix(".json"))), [device])


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"{text!r} is no setting: expected NAME=VALUE, as in details=few")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _announce(bench: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(bench, ensure_ascii=False))
        return
    status = bench["status"]["terminal"]
    click.echo(f"a ZVT terminal at {status['at'][0]}, with {status['held_minor']} in its books")
    click.echo(f"orders: opos sim do terminal help --bench {bench['control']}")
