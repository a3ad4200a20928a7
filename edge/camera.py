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

from edge.drivers.camera.capture import Camera
from edge.drivers.camera.looks import Eyes, alone
from edge.drivers.camera.picture import Picture
from edge.readings import DeviceFault, DeviceReady
from edge.sensors.votes import Known, Nothing, Verdict, Watch, glances, same

# Of the 66 ms between two frames at 15 a second a third is for looking; the rest is the shop's.
BUDGET_NS: Final = 22_000_000

GONE: Final = DeviceFault("camera.gone", "the camera gives no pictures")


def watch(
    frames: Iterator[Picture], eyes: Eyes, votes: Watch, now_ns: Callable[[], int]
) -> Iterator[Verdict]:
    """What the frames show, said once for as long as it stays the same."""
    said: Verdict = Nothing()
    for number, picture in enumerate(frames):
        verdict = votes.frame(glances(eyes.looks(picture, turn=number), now_ns, BUDGET_NS))
        if not same(verdict, said):
            yield verdict
        said = verdict


def greeted(frames: Iterator[Picture], greet: Callable[[], None]) -> Iterator[Picture]:
    """The same frames; `greet` is called when the first has come: a camera that gives none is not there."""
    for number, picture in enumerate(frames):
        if not number:
            greet()
        yield picture


def _asked() -> bool:
    """Whether whoever started us still holds the other end."""
    door = sys.stdin.fileno()
    ready, _, _ = select.select([door], [], [], 0)
    return not ready or bool(os.read(door, 1))


@click.command()
@click.argument("source")
@click.option("--catalogue", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--upc-e", is_flag=True, help="Read UPC-E too.")
def main(source: str, catalogue: Path | None, upc_e: bool) -> None:
    """Look through the camera SOURCE (a number or a path) until standard input ends."""
    alone()
    eyes = Eyes(upc_e=upc_e)
    try:
        with Camera(source) as camera:
            frames = greeted(camera.pictures(_asked), lambda: _say(DeviceReady()))
            for verdict in watch(frames, eyes, Watch(_gtins(catalogue)), time.monotonic_ns):
                _say(verdict)
            _say(GONE)
    finally:
        eyes.close()


def _gtins(catalogue: Path | None) -> Known:
    if catalogue is None:
        return lambda _: True
    return frozenset(catalogue.read_text(encoding="utf-8").split()).__contains__


def _say(what: Verdict | DeviceReady | DeviceFault) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
