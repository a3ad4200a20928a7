"""Simulated devices: run a bench of them, put goods on it, cut its cable, break its lines."""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from simulators.chaos import chaos
from simulators.devices.device import RefusedError
from simulators.fleet.cli import fleet
from simulators.hand import ask
from simulators.shoppers.cli import shopper
from simulators.terminals.cli import terminal

Command = TypeVar("Command", bound=Callable[..., Any])
Order = dict[str, Any]

# What a status tells in words of its own; anything else is told by its name.
_TOLD = frozenset({"type", "at", "tags", "mass_mg", "lean_mg", "cut", "mode", "routes", "plugged", "faults"})

GRAMS = re.compile(r"(?P<sign>-?)(?P<grams>\d{1,7})(?:\.(?P<decimals>\d{1,3}))?")


class Grams(click.ParamType[int]):
    """A weight as a person writes it, `262` or `262.5`; the command gets milligrams."""

    name = "grams"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read without going through a float."""
        match = GRAMS.fullmatch(str(value))
        if match is None:
            self.fail(f"{value!r} is no weight in grams, as in 262 or 262.5", param, ctx)
        weight_mg = int(match["grams"]) * 1000 + int((match["decimals"] or "0").ljust(3, "0"))
        return -weight_mg if match["sign"] else weight_mg


def _examples(*lines: str) -> str:
    """Put examples below a command's help, a line each: click would rewrap what is not marked."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


def _on_a_bench(command: Command) -> Command:
    bench = click.option(
        "--bench",
        envvar="OPOS_BENCH",
        show_envvar=True,
        required=True,
        type=click.Path(path_type=Path),
        help="The control socket of the bench.",
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    return bench(as_json(command))


def _device(default: str) -> Callable[[Command], Command]:
    return click.option("--device", default=default, show_default=True, help="The device's name.")


def _tell(bench: Path, orders: Iterable[Order], *, as_json: bool) -> None:
    """Give orders one by one and print how the bench is after the last; the first refusal ends it."""
    answer: Order = {}
    try:
        for order in orders:
            answer = ask(bench, order)
    except RefusedError as error:
        raise click.ClickException(str(error)) from error
    _print(answer, as_json=as_json)


def _print(answer: Order, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    for name, status in answer["status"].items():
        click.echo(f"{name:<15} {status['type']:<15} {', '.join(status['at'])}")
        for line in _described(status):
            click.echo(f"  {line}")


def _described(status: Order) -> Iterable[str]:
    """Say what lies there and what is wrong; what is as it should be is not worth a line."""
    for tag in status.get("tags", ()):
        yield f"{tag['epc']}  {tag['rssi_dbm']} dBm"
    for key, words in (("mass_mg", "on the plate"), ("lean_mg", "of a hand that leans on it")):
        if status.get(key):
            yield f"{_grams(status[key])} g {words}"
    for key in sorted(status.keys() - _TOLD):
        if status[key]:
            yield f"{key} {json.dumps(status[key], ensure_ascii=False)}"
    if status.get("cut"):
        yield f"cut ({status['mode']})"
    if not status.get("plugged", True):
        yield "unplugged"
    for knob, value in status.get("faults", {}).items():
        if value not in (0, "right"):
            yield f"fault {knob}={value if isinstance(value, str) else json.dumps(value)}"


def _grams(weight_mg: int) -> str:
    whole, part = divmod(abs(weight_mg), 1000)
    return f"{'-' if weight_mg < 0 else ''}{whole}" + (f".{part:03d}".rstrip("0") if part else "")


@click.group(
    epilog=_examples(
        "opos sim up mirror.toml",
        "export OPOS_BENCH=mirror.sock",
        "opos sim put tag 3034F42A44000040000003E9",
        "opos sim status",
    )
)
def sim() -> None:
    """Run simulated devices and lend them a hand.

    A bench is one process with the devices of one file. Each device is reached as a real one is, over a pty
    or a TCP port; goods and faults come from a hand, over the bench's control socket.
    """


@sim.command(epilog=_examples("opos sim up mirror.toml", "opos sim up mirror.toml --json"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def up(file: Path, *, as_json: bool) -> None:
    """Run the bench of FILE until Ctrl-C or SIGTERM.

    Prints where each device is reached. What lay there when the bench last ran lies there again.
    """
    from simulators.bench import run  # noqa: PLC0415 (a hand's command would load asyncio for nothing)

    try:
        run(file, lambda bench: _print(bench, as_json=as_json))
    except RefusedError as error:
        raise click.ClickException(str(error)) from error


@sim.group()
def put() -> None:
    """Bring goods to a device."""


@sim.group()
def take() -> None:
    """Take goods away from a device."""


@put.command(
    "tag",
    epilog=_examples(
        "opos sim put tag 3034F42A44000040000003E9 --bench mirror.sock",
        "opos sim put tag 3034F42A44000040000003E9 --rssi -72 --bench mirror.sock",
    ),
)
@click.argument("epc", nargs=-1, required=True)
@click.option("--rssi", default=-55, show_default=True, type=click.IntRange(-128, 0), help="In dBm.")
@_device("reader")
@_on_a_bench
def put_tag(epc: tuple[str, ...], rssi: int, device: str, bench: Path, *, as_json: bool) -> None:
    """Bring tags into the field of a reader."""
    orders = ({"device": device, "verb": "put", "epc": each, "rssi_dbm": rssi} for each in epc)
    _tell(bench, orders, as_json=as_json)


@take.command("tag", epilog=_examples("opos sim take tag 3034F42A44000040000003E9 --bench mirror.sock"))
@click.argument("epc", nargs=-1, required=True)
@_device("reader")
@_on_a_bench
def take_tag(epc: tuple[str, ...], device: str, bench: Path, *, as_json: bool) -> None:
    """Take tags out of the field of a reader."""
    _tell(bench, ({"device": device, "verb": "take", "epc": each} for each in epc), as_json=as_json)


@put.command("weight", epilog=_examples("opos sim put weight 262.5 --bench shelf.sock"))
@click.argument("grams", type=Grams())
@_device("scale")
@_on_a_bench
def put_weight(grams: int, device: str, bench: Path, *, as_json: bool) -> None:
    """Lay a weight on a scale."""
    _tell(bench, [{"device": device, "verb": "put", "mass_mg": grams}], as_json=as_json)


@put.command(
    "code",
    epilog=_examples(
        "opos sim put code 4006381333931 --bench kiosk.sock",
        "opos sim put code 0104006381333931 --symbology ]d2 --bench kiosk.sock",
    ),
)
@click.argument("text")
@click.option("--symbology", default="", help="The AIM identifier, as in ]E0.")
@_device("scanner")
@_on_a_bench
def put_code(text: str, symbology: str, device: str, bench: Path, *, as_json: bool) -> None:
    """Hold a code before a scanner."""
    order = {"device": device, "verb": "scan", "text": text} | ({"symbology": symbology} if symbology else {})
    _tell(bench, [order], as_json=as_json)


@put.command(
    "touch",
    epilog=_examples(
        "opos sim put touch 500 800 --bench kiosk.sock            below the middle",
        "opos sim put touch 500 800 --ms 1200 --bench kiosk.sock  a long press",
    ),
)
@click.argument("place", type=(click.IntRange(0, 1000), click.IntRange(0, 1000)), metavar="X Y")
@click.option("--ms", default=90, show_default=True, type=click.IntRange(1, 20_000), help="How long.")
@_device("panel")
@_on_a_bench
def put_touch(place: tuple[int, int], ms: int, device: str, bench: Path, *, as_json: bool) -> None:
    """Put a finger on a panel for a moment, at thousandths of its width and height."""
    _tell(bench, [{"device": device, "verb": "tap", "x": place[0], "y": place[1], "ms": ms}], as_json=as_json)


@take.command("weight", epilog=_examples("opos sim take weight 262.5 --bench shelf.sock"))
@click.argument("grams", type=Grams())
@_device("scale")
@_on_a_bench
def take_weight(grams: int, device: str, bench: Path, *, as_json: bool) -> None:
    """Take a weight off a scale."""
    _tell(bench, [{"device": device, "verb": "take", "mass_mg": grams}], as_json=as_json)


@sim.command(
    context_settings={"ignore_unknown_options": True},  # so that -500 is a weight
    epilog=_examples(
        "opos sim lean 1500 --bench shelf.sock     nothing is stable",
        "opos sim lean 0 --bench shelf.sock        let go",
        "opos sim lean -500 --bench shelf.sock     lift the plate",
    ),
)
@click.argument("grams", type=Grams())
@_device("scale")
@_on_a_bench
def lean(grams: int, device: str, bench: Path, *, as_json: bool) -> None:
    """Lean on a scale, until you let go with 0."""
    _tell(bench, [{"device": device, "verb": "lean", "mass_mg": grams}], as_json=as_json)


@sim.group()
def cable() -> None:
    """Cut the network cable, or plug it in."""


@cable.command(epilog=_examples("opos sim cable cut --bench mirror.sock"))
@click.option(
    "--mode",
    type=click.Choice(["unplug", "refuse"]),
    default="unplug",
    show_default=True,
    help="unplug: connections stay open and silent; refuse: they break, and so do new ones.",
)
@_device("cable")
@_on_a_bench
def cut(mode: str, device: str, bench: Path, *, as_json: bool) -> None:
    """Pull the cable: not a byte passes."""
    _tell(bench, [{"device": device, "verb": "cut", "mode": mode}], as_json=as_json)


@cable.command("plug", epilog=_examples("opos sim cable plug --bench mirror.sock"))
@_device("cable")
@_on_a_bench
def plug_cable(device: str, bench: Path, *, as_json: bool) -> None:
    """Plug the cable in: connections that were cut are closed, new ones pass."""
    _tell(bench, [{"device": device, "verb": "plug"}], as_json=as_json)


@sim.command(
    epilog=_examples(
        "opos sim fault reader chunk_bytes=1     it speaks in pieces of N bytes",
        "opos sim fault reader byte_pace_us=87   a byte takes N microseconds",
        "opos sim fault scale wrong_baud=4800    it is set to N baud by mistake",
        "opos sim fault reader noise_permille=20 so many of a thousand bytes are hit",
        "opos sim fault scale terminator=missing or doubled, or right again",
        "opos sim fault scale silent=true        nothing passes; the port is open",
        "opos sim fault reader mid_frame_bytes=9 N bytes of its next words are lost",
        "opos sim fault scale unstable_s=5       it measures badly for N seconds",
        "opos sim heal reader                    all knobs back",
    )
)
@click.argument("device")
@click.argument("knobs", nargs=-1, required=True, metavar="NAME=VALUE...")
@_on_a_bench
def fault(device: str, knobs: tuple[str, ...], bench: Path, *, as_json: bool) -> None:
    """Turn fault knobs of a device's line; the others stay as they are."""
    order = {"device": device, "verb": "faults"} | dict(_knob(text) for text in knobs)
    _tell(bench, [order], as_json=as_json)


def _knob(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or name in ("device", "verb"):
        raise click.UsageError(f"{text!r} is no knob: expected NAME=VALUE, as in silent=true")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


@sim.command(
    "do",
    epilog=_examples(
        "opos sim do panel palm x=500 y=500  a verb of that device, with its fields",
        "opos sim do buttons press button=17",
        "opos sim do printer                 which verbs there are",
    ),
)
@click.argument("device")
@click.argument("verb", default="help")
@click.argument("fields", nargs=-1, metavar="[NAME=VALUE...]")
@_on_a_bench
def do(device: str, verb: str, fields: tuple[str, ...], bench: Path, *, as_json: bool) -> None:
    """Let a hand do anything that a device has a verb for."""
    _tell(bench, [{"device": device, "verb": verb} | dict(_knob(text) for text in fields)], as_json=as_json)


def _plain(verb: str, sentence: str) -> None:
    """Add a command that only names a device."""

    @sim.command(verb, help=sentence, epilog=_examples(f"opos sim {verb} reader --bench mirror.sock"))
    @click.argument("device")
    @_on_a_bench
    def plain(device: str, bench: Path, *, as_json: bool) -> None:
        _tell(bench, [{"device": device, "verb": verb}], as_json=as_json)


_plain("unplug", "Pull a device out of its port: the host's end fails.")
_plain("plug", "Plug a device in again: it starts over, the goods are where they were.")
_plain("restart", "Cut a device's power for a moment: it starts over, the port stays.")
_plain("heal", "Turn every fault knob of a device back.")
_plain("clear", "Take everything off a scale, or out of the field of a reader.")


@sim.command(
    epilog=_examples("opos sim status --bench mirror.sock", "opos sim status scale --bench shelf.sock --json")
)
@click.argument("device", required=False)
@_on_a_bench
def status(device: str | None, bench: Path, *, as_json: bool) -> None:
    """Say what stands on the bench, what lies there, and what is wrong."""
    order = {"verb": "status"} | ({"device": device} if device else {})
    _tell(bench, [order], as_json=as_json)


@sim.command(
    "run",
    epilog=_examples(
        "opos sim run apples.scenario.yaml",
        "opos sim run simulators/scenarios/examples/*.scenario.yaml --json",
    ),
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON line for each step.")
def run_scenario(files: tuple[Path, ...], *, as_json: bool) -> None:
    """Run scenarios: each on a bench of its own, step by step.

    Exit code 0: all went as written; 1: a step did not, and its line says what was heard instead.
    """
    from simulators.scenarios.report import play  # noqa: PLC0415 (a hand's command would load asyncio)

    try:
        went_well = [play(file, as_json=as_json) for file in files]  # all of them, whatever the first did
        if not all(went_well):
            raise SystemExit(1)
    except RefusedError as error:
        raise click.ClickException(str(error)) from error


sim.add_command(chaos)
sim.add_command(fleet)
sim.add_command(shopper)
sim.add_command(terminal)
