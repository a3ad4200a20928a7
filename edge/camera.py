"""The camera's process: started when goods are to be recognised, it looks at frames and says what it saw.

It stands apart from the runtime, whose memory its libraries would double. Frames come by OpenCV, verdicts go
out as JSON lines, and the end of its standard input is its end.
"""

import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click
import msgspec

from cloud_sync.notify import HERE
from edge.drivers.camera.capture import Camera
from edge.drivers.camera.looks import Eyes, alone
from edge.drivers.camera.picture import Picture
from edge.readings import DeviceFault, DeviceReady
from edge.sensors.votes import CameraAsked, Known, Nothing, Verdict, Watch, glances, same

# Of the 66 ms between two frames at 15 a second a third is for looking; the rest is the shop's.
BUDGET_NS: Final = 22_000_000

# A camera that was opened just now is dark or dazzled for a second: what it does not see then may be there.
SURE_FRAMES: Final = 15

# A million products of 14 digits, with their quotes and commas.
ASKED_BYTES_MAX: Final = 20 * 1024 * 1024

GONE: Final = DeviceFault("camera.gone", "the camera gives no pictures")


def watch(
    frames: Iterator[Picture], eyes: Eyes, votes: Watch, now_ns: Callable[[], int]
) -> Iterator[Verdict]:
    """What the frames show, said once for as long as it stays the same.

    That there is nothing is said at the beginning too, once it is sure: whoever listens may yet know
    of a pack that was in view of the worker before.
    """
    said: Verdict | None = None
    for number, picture in enumerate(frames):
        verdict = votes.frame(glances(eyes.looks(picture, turn=number), now_ns, BUDGET_NS))
        if said is None and isinstance(verdict, Nothing) and number < SURE_FRAMES:
            continue
        if said is None or not same(verdict, said):
            yield verdict
        said = verdict


def greeted(frames: Iterator[Picture], greet: Callable[[], None]) -> Iterator[Picture]:
    """The same frames; `greet` is called when the first has come: a camera that gives none is not there."""
    for number, picture in enumerate(frames):
        if not number:
            greet()
        yield picture


def alive(frames: Iterator[Picture], beat: Callable[[], None]) -> Iterator[Picture]:
    """The same frames; `beat` is called with every thirtieth: two seconds in which no driver has hung."""
    for number, picture in enumerate(frames):
        if not number % 30:
            beat()
        yield picture


def _asked() -> bool:
    """Whether whoever started us still holds the other end."""
    door = sys.stdin.fileno()
    ready, _, _ = select.select([door], [], [], 0)
    return not ready or bool(os.read(door, 1))


@click.command()
@click.argument("source", required=False)
@click.option("--catalogue", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--asked", is_flag=True, help="Both stand in the first line of standard input, as JSON.")
@click.option("--upc-e", is_flag=True, help="Read UPC-E too.")
def main(source: str | None, catalogue: Path | None, asked: bool, upc_e: bool) -> None:
    """Look through the camera SOURCE (a number or a path) until standard input ends."""
    known = _gtins(catalogue)
    if asked:
        said = _first_line()
        source, known = said.source, frozenset(said.gtins).__contains__
    if source is None:
        raise click.UsageError("say which camera: SOURCE, or --asked")
    alone()
    eyes = Eyes(upc_e=upc_e)
    try:
        with Camera(source) as camera:
            frames = alive(greeted(camera.pictures(_asked), lambda: _say(DeviceReady())), HERE.beat)
            for verdict in watch(frames, eyes, Watch(known), time.monotonic_ns):
                _say(verdict)
            _say(GONE)
    finally:
        eyes.close()


def _first_line() -> CameraAsked:
    """What the runtime asks of a service; after it nothing comes but the end of the input."""
    line = bytearray()
    while not line.endswith(b"\n") and len(line) < ASKED_BYTES_MAX:
        if not (piece := os.read(sys.stdin.fileno(), 65_536)):
            break
        line += piece
    try:
        return msgspec.json.decode(line, type=CameraAsked)
    except ValueError as error:
        raise click.ClickException(
            f"expected a camera and its products in one line of JSON: {error}"
        ) from error


def _gtins(catalogue: Path | None) -> Known:
    if catalogue is None:
        return lambda _: True
    return frozenset(catalogue.read_text(encoding="utf-8").split()).__contains__


def _say(what: Verdict | DeviceReady | DeviceFault) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
