"""Decode what a device said or what a label carries: JSON lines in, one JSON line out for each."""

from collections.abc import Callable
from typing import BinaryIO, Final

import click
import msgspec

from edge.cli.codes import LINE_BYTES_MAX, answered
from edge.cli.decode_image import image
from edge.cli.decode_payments import bolt11, qr_payment
from edge.cli.decode_zvt import zvt
from edge.cli.lines import MALFORMED, answer_lines, why
from edge.drivers.driver import Driver
from edge.drivers.profiles import ProfileError, load
from edge.drivers.registry import driver_for
from edge.readings import Garbled, Reading

# A pipe hands out what has come; a recording is read in pieces of this size.
RAW_BYTES_MAX: Final = 64 * 1024

_WIRE_EXAMPLES: Final = """\b
Examples:
  echo '{"input": "53205320202020203130302E303020670D0A"}' |
      opos decode wire --profile mt-sics
  echo '{"input": "BB 01 FF 00 01 15 16 7E"}' |
      opos decode wire --profile r200
  opos decode wire --profile mt-sics --raw recording.bin
  opos decode wire --profile mt-sics --raw < /dev/ttyUSB0
"""

_CODE_EXAMPLES: Final = """\b
Examples:
  echo '{"input": "4006381333931", "form": "ean"}' | opos decode code
  echo '{"input": "3034257BF7194E4000001A85", "form": "epc"}' |
      opos decode code
  echo '{"input": "]d20109521234543213", "form": "scan"}' | opos decode code
  echo '{"input": "2488060112341", "form": "rcn", "region": "fi"}' |
      opos decode code
"""


class WireLine(msgspec.Struct, frozen=True):
    """Bytes in hexadecimal; `more` says that they follow those of the line before."""

    input: str
    more: bool = False


class WireAnswer(msgspec.Struct, frozen=True):
    """What the driver understood; `error` is the first thing that it did not."""

    readings: tuple[Reading, ...] = ()
    valid: bool = False
    error: str | None = None


@click.group()
def decode() -> None:
    """Decode what a device said, or what a label carries.

    Reads JSON lines {"input": ...} and writes one JSON line for each, in order, with its fields, `valid` and
    `error` (null or a sentence). A line that cannot be decoded is answered too, and the exit code stays 0.
    """


@decode.command(epilog=_WIRE_EXAMPLES)
@click.option(
    "--profile", "name", required=True, metavar="NAME", help="What kind of device said it: r200, mt-sics ..."
)
@click.option("--raw", is_flag=True, help="FILE holds the bytes themselves, in one stream, and no JSON.")
@click.argument("lines", type=click.File("rb"), default="-", metavar="[FILE]")
def wire(name: str, lines: BinaryIO, *, raw: bool) -> None:
    """Decode the bytes of a device, in hexadecimal, into readings.

    Each line is read by a fresh driver, unless it says "more": true. The bytes of a valid line end where a
    frame ends, and hold nothing else.

    With --raw one driver reads all the bytes. What is read in one piece is answered by one line, if it means
    something; the last line says what was left over.
    """
    try:
        profile = load(name.removesuffix(".toml"))
        driver_for(profile)
    except ProfileError as error:
        raise click.BadParameter(str(error), param_hint="--profile") from error
    if raw:
        _listen(lines, driver_for(profile))
    else:
        answer_lines(lines, LINE_BYTES_MAX, _Wire(lambda: driver_for(profile)))


@decode.command(epilog=_CODE_EXAMPLES)
@click.argument("lines", type=click.File("rb"), default="-", metavar="[FILE]")
def code(lines: BinaryIO) -> None:
    """Decode a code as text into the product or item that it names, and what else it carries.

    The form of a line is scan, raw, bracketed, dl, epc, ean or rcn; docs/identification.md says what each is.
    """
    answer_lines(lines, LINE_BYTES_MAX, answered)


for command in (image, zvt, qr_payment, bolt11):
    decode.add_command(command)


class _Wire:
    """Answers lines of bytes, and remembers the driver for the line that goes on."""

    def __init__(self, fresh: Callable[[], Driver]) -> None:
        self._fresh = fresh
        self._driver = fresh()

    def __call__(self, text: bytes) -> WireAnswer:
        try:
            line = msgspec.json.decode(text, type=WireLine)
        except MALFORMED as error:
            return WireAnswer(
                error=f'expected a JSON object {{"input": HEX}}: {why(text, LINE_BYTES_MAX, error)}'
            )
        try:
            data = bytes.fromhex(line.input)
        except ValueError:
            return WireAnswer(error="input: expected bytes in hexadecimal, two digits each")
        if not line.more:
            self._driver = self._fresh()
        readings = tuple(self._driver.receive(data))
        wrong = _wrong(data, readings, self._driver.pending)
        return WireAnswer(readings, valid=wrong is None, error=wrong)


def _wrong(data: bytes, readings: tuple[Reading, ...], pending: int) -> str | None:
    return _garbled(readings) or _unfinished(len(data), pending)


def _garbled(readings: tuple[Reading, ...]) -> str | None:
    return next((reading.reason for reading in readings if isinstance(reading, Garbled)), None)


def _unfinished(size: int, pending: int) -> str | None:
    if not size:
        return "input: expected at least one byte, got none"
    if pending:
        return f"expected the end of a frame, got {pending} bytes that are no whole frame"
    return None


def _listen(stream: BinaryIO, driver: Driver) -> None:
    """Answer each piece that means something, as soon as it comes; and at the end, what was left over."""
    read = getattr(stream, "read1", stream.read)
    size = 0
    while data := read(RAW_BYTES_MAX):
        size += len(data)
        if readings := tuple(driver.receive(data)):
            wrong = _garbled(readings)
            click.echo(msgspec.json.encode(WireAnswer(readings, valid=wrong is None, error=wrong)))
    if wrong := _unfinished(size, driver.pending):
        click.echo(msgspec.json.encode(WireAnswer(error=wrong)))
