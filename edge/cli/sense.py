"""What a shelf, a mirror or a tray makes of readings: JSON lines in, what they mean out."""

from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, Final, Protocol

import click
import msgspec

from edge.events import Event
from edge.readings import Heard, Nanoseconds, Reading
from edge.sensors.mirror import MirrorSense
from edge.sensors.shelf import Loose, Pack, ShelfSense
from edge.sensors.tray import TraySense

# A line names at most the goods of one object, a hundred bytes each; no shelf holds ten thousand things.
LINE_BYTES_MAX: Final = 1024 * 1024

_EXAMPLES: Final = """\b
Example (a mirror; lines are cut here only for the page):
  {"session": "s1"}
  {"source": "reader", "at_ns": 0, "reading":
      {"type": "TagSeen", "epc": "30AB", "rssi_dbm": -48}}
  {"source": "reader", "at_ns": 40000000, "reading": {"type": "RoundEnded"}}
is answered by lines such as
  {"session": "s1", "at_ns": 120000000, "event":
      {"type": "Presented", "epc": "30AB"}}
"""


class SenseLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reading; or the beginning of a session, which forgets everything before it."""

    session: str | None = None
    goods: dict[str, Pack] = {}
    """What belongs there: EPC -> what it weighs, and how much that may differ."""
    loose: dict[str, Loose] = {}
    """What belongs there and has no tags: GTIN -> what each unit weighs, and how many there are."""
    known: dict[str, Pack] = {}
    """What the shop owns elsewhere, in the same form."""
    source: str = ""
    at_ns: Nanoseconds = Nanoseconds(0)
    reading: Reading | None = None


class SenseAnswer(msgspec.Struct, frozen=True):
    """What was said in a session, and by the reading of which time."""

    session: str
    at_ns: int
    event: Event


class Sense(Protocol):
    """All that is asked of a sensing here."""

    def hear(self, heard: Heard) -> Iterator[Event]:
        """What one reading means."""
        ...


Fresh = Callable[[SenseLine], Sense]


def _shelf(line: SenseLine) -> Sense:
    sense = ShelfSense(line.known.get)
    sense.expect(line.goods, line.loose)
    return sense


def _mirror(_line: SenseLine) -> Sense:
    return MirrorSense()


def _tray(line: SenseLine) -> Sense:
    return TraySense((line.known | line.goods).get, weighs=True)


_SENSES: Final[Mapping[str, Fresh]] = {"shelf": _shelf, "mirror": _mirror, "tray": _tray}


@click.command(epilog=_EXAMPLES)
@click.argument("kind", type=click.Choice(sorted(_SENSES)))
@click.argument("lines", type=click.File("rb"), default="-", metavar="[FILE]")
def sense(kind: str, lines: BinaryIO) -> None:
    """Say what readings mean to an object of this kind.

    A line is a reading with its source and the time it came at, which is the only clock here; or it begins a
    session: {"session": NAME}, for a shelf with "goods" and "known", each {EPC: {"mass_mg", "tolerance_mg"}},
    and "loose" {GTIN: {"pack", "units"}}.
    Every event is answered as it comes. A line that is neither ends the command with exit code 1.
    """
    for answer in _answers(_SENSES[kind], _read(lines)):
        click.echo(msgspec.json.encode(answer))  # echo flushes: who pipes lines in sees each event at once


def _answers(fresh: Fresh, lines: Iterator[SenseLine]) -> Iterator[SenseAnswer]:
    session, sensing = "", fresh(SenseLine())
    for line in lines:
        if line.session is not None:
            session, sensing = line.session, fresh(line)
        if line.reading is not None:
            for event in sensing.hear(Heard(line.source, line.at_ns, line.reading)):
                yield SenseAnswer(session, line.at_ns, event)


def _read(lines: BinaryIO) -> Iterator[SenseLine]:
    decoder = msgspec.json.Decoder(SenseLine)
    number = 0
    while text := lines.readline(LINE_BYTES_MAX):
        number += 1
        try:
            yield decoder.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise click.ClickException(f"line {number}: expected a reading or a session: {error}") from error
