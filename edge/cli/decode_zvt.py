"""Decode messages of payment terminals: what they say, with what may not be shown of a card masked."""

from typing import Any, BinaryIO, Final

import click
import msgspec

from edge.cli.lines import MALFORMED, is_cut, lines_of, why
from edge.drivers.terminals.zvt import apdu, serial_line
from edge.drivers.terminals.zvt.messages import Code, parsed
from edge.drivers.terminals.zvt.shown import fields

# The longest message in hexadecimal, with what a serial line may add to it; a longer line is no line of ours.
LINE_BYTES_MAX: Final = 4 * 2 * apdu.APDU_BYTES_MAX

_KINDS: Final = {int(code): code.name.lower().replace("_", "-") for code in Code}

_EXAMPLES: Final = """\b
Examples:
  echo '{"input": "06010704000000001000"}' | opos decode zvt
  echo 060f00 | opos decode zvt
  echo 10028000001003F51F | opos decode zvt
"""


class ZvtLine(msgspec.Struct, frozen=True):
    """One message in hexadecimal, as TCP carries it or framed as on a serial line."""

    input: str


class ZvtAnswer(msgspec.Struct, frozen=True):
    """What the message says; `encoded` is the masked message as hexadecimal."""

    valid: bool = False
    error: str | None = None
    command: str | None = None
    kind: str | None = None
    fields: dict[str, Any] = {}
    encoded: str | None = None


@click.command(epilog=_EXAMPLES)
@click.argument("lines", type=click.File("rb"), default="-", metavar="[FILE]")
def zvt(lines: BinaryIO) -> None:
    """Decode messages between a cash register and a payment terminal (ZVT), in hexadecimal.

    A line is {"input": HEX} or HEX alone, one whole message. Numbers of cards, tracks and secrets are masked
    in all that is answered, so a message that was not masked encodes back to its masked form.
    """
    for line in lines_of(lines, LINE_BYTES_MAX):
        if line.strip():
            click.echo(msgspec.json.encode(answered(line)))


def answered(line: bytes) -> ZvtAnswer:
    """The answer to one line; a line that cannot be read is answered too, without what it holds."""
    if is_cut(line, LINE_BYTES_MAX):
        return ZvtAnswer(error=f"expected a line of at most {LINE_BYTES_MAX} bytes, got more")
    try:
        text = msgspec.json.decode(line, type=ZvtLine).input if line.lstrip()[:1] == b"{" else line.decode()
        data = bytes.fromhex(text)
    except MALFORMED as error:
        return ZvtAnswer(error=f'expected a JSON object {{"input": HEX}}: {why(line, LINE_BYTES_MAX, error)}')
    except ValueError:
        return ZvtAnswer(error="input: expected bytes in hexadecimal, two digits each")
    framed = data.startswith(serial_line.START)
    if framed:
        found = serial_line.unframed(data)
        if found is None:
            return ZvtAnswer(error="expected one serial frame with a right checksum, got another")
        return _message(found, framed=True)
    return _message(data, framed=False)


def _message(raw: bytes, *, framed: bool) -> ZvtAnswer:
    if wrong := _wrong(raw):
        return ZvtAnswer(error=wrong)
    message = parsed(raw)
    encoded = None
    if message.wrong is None:
        encoded = (serial_line.framed(message.encoded) if framed else message.encoded).hex()
    return ZvtAnswer(
        valid=message.wrong is None,
        error=message.wrong,
        command=raw[:2].hex(),
        kind=_kind(message.code),
        fields=fields(message),
        encoded=encoded,
    )


def _wrong(raw: bytes) -> str | None:
    if len(raw) < apdu.HEAD_BYTES:
        return f"expected a class, an instruction and a length, got {len(raw)} bytes"
    size = apdu.size_bytes(raw)
    if not size:
        return f"expected a message of at most {apdu.APDU_BYTES_MAX} bytes, got a longer length"
    return None if size == len(raw) else f"expected a message of {size} bytes, got {len(raw)}"


def _kind(code: int) -> str | None:
    if code >> 8 == 0x84:
        return "refused"
    return _KINDS.get(code)
