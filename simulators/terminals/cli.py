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
  opos sim terminal zvt --listen 127.0.0.1:0 --set details=few \\
      --set auto_reversal=false --json
"""

_NEXO_HELP: Final = """\
Run a payment terminal that speaks nexo as Adyen's terminals do locally, until Ctrl-C or SIGTERM.

Tills POST to https://HOST:PORT/nexo, with messages sealed by the key that Adyen's own examples publish (or
by that of --set passphrase, key_identifier, key_version), or clear ones: it answers as it was asked. Its
certificate is made at the start and written beside the control socket for tills to pin. A card taps itself
for every payment, unless --taps none leaves that to a hand.

\b
Examples:
  opos sim terminal nexo --listen 127.0.0.1:8443
  opos sim terminal nexo --listen 127.0.0.1:0 --plain --taps none \\
      --control nexo.sock
  opos sim do terminal tap card=mastercard --bench nexo.sock
  opos sim do terminal trouble what=lose-reply --bench nexo.sock
  opos sim terminal nexo --set messages=sealed \\
      --set poi_id=P400Plus-275039202 --json
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
    type=click.Path(path_type=Path, dir_okay=False),
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


@terminal.command(help=_NEXO_HELP)
@click.option(
    "--listen",
    default="127.0.0.1:8443",
    show_default=True,
    metavar="HOST:PORT",
    help="Where tills connect; port 0 takes a free one.",
)
@click.option("--plain", is_flag=True, help="HTTP instead of HTTPS.")
@click.option(
    "--taps",
    type=click.Choice(CARDS),
    default="visa",
    show_default=True,
    help="The card that pays by itself.",
)
@click.option(
    "--control",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("nexo.sock"),
    show_default=True,
    help="Where hands give orders.",
)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Any option of the type nexo.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def nexo(  # noqa: PLR0913 (each is an option of the command)
    listen: str, taps: str, control: Path, settings: tuple[str, ...], *, plain: bool, as_json: bool
) -> None:
    """Run one terminal that stands alone."""
    from simulators.terminals.nexo.running import read_setup, run_terminal  # noqa: PLC0415 (as above)

    card = {} if taps == "none" else {"taps": taps}
    told = {"name": "terminal", "at": f"tcp:{listen}", "plain": plain, **card}
    try:
        setup = read_setup({**told, **dict(map(_setting, settings))})
        run_terminal(setup, control, lambda bench: _announce_nexo(bench, as_json=as_json))
    except RefusedError as error:
        raise click.ClickException(str(error)) from error


def _announce_nexo(bench: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(bench, ensure_ascii=False))
        return
    status = bench["status"]["terminal"]
    click.echo(f"a nexo terminal at {status['url']}, with {status['held_minor']} in its books")
    if status["tls"]:
        click.echo(f"pin {status['tls']['certificate']}, which is of {status['tls']['name']}")
    click.echo(f"orders: opos sim do terminal help --bench {bench['control']}")


def _layout(options: dict[str, Any], control: Path) -> Any:
    from simulators.devices.catalogue import part  # noqa: PLC0415 (a hand's command would load it for nothing)
    from simulators.layout import BenchPart, Layout  # noqa: PLC0415 (the same)

    if not control.name:
        raise RefusedError(f"--control: expected the name of a socket, got {str(control)!r}")
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
