"""The camera in a booted machine: a pack is held before it, and the packages' own service reads its code.

A container has no camera of its own. What stands in for it is a pipe through which pictures come as a webcam
sends them (Motion JPEG, 15 a second), and which OpenCV opens as it opens a camera.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Final

import cv2

from simulators.shoppers import camera
from tests.system.bench import READER_PORT, SCALE
from tests.system.shop import Shop
from tests.system.step import FellError
from tests.system.waiting import until

_SOCKET: Final = "opos-camera.socket"
_WORKERS: Final = "opos-camera@*.service"
_PIPE: Final = "/srv/camera.mjpeg"
# The corner's scarf, as its label has it.
_EAN13: Final = "9520001100307"
# A pack that is held so that it can be read.
_HELD: Final = camera.View(distance_mm=75, roll=6, yaw=5, pitch=-4, light_percent=90)
_FRAMES_A_S: Final = 15
_DRAWN: Final = 8
_S: Final = 60.0
_DEVICES: Final = (
    f"scale=serial:{SCALE}?profile=mt-sics",
    f"reader=tcp:127.0.0.1:{READER_PORT}?profile=r200",
)


class Lens:
    """What is before the camera: a pack, or nothing; whoever opens the pipe sees it."""

    def __init__(self, pipe: Path) -> None:
        self._pipe = pipe
        self._over = Event()
        luck = random.Random(7)
        label = camera.label(_EAN13)
        self._pack = [_jpeg(camera.seen(label, _HELD, luck)) for _ in range(_DRAWN)]
        self._nothing = [_jpeg(camera.seen(label * 0 + 255, _HELD, luck)) for _ in range(_DRAWN)]
        self._shown = self._nothing

    def hold(self) -> None:
        """Hold a pack before it."""
        self._shown = self._pack

    def put_away(self) -> None:
        """Take it away."""
        self._shown = self._nothing

    @contextmanager
    def plugged(self) -> Iterator[None]:
        """Send pictures to whoever opens it, one after the other."""
        os.mkfifo(self._pipe)
        self._pipe.chmod(0o644)
        sending = Thread(target=self._send)
        sending.start()
        try:
            yield
        finally:
            self._over.set()
            os.close(
                os.open(self._pipe, os.O_RDONLY | os.O_NONBLOCK)
            )  # whoever waits for a reader waits no more
            sending.join()
            self._pipe.unlink()

    def _send(self) -> None:
        number = 0
        while not self._over.is_set():
            with self._pipe.open("wb", buffering=0) as pipe:
                try:
                    while not self._over.wait(1 / _FRAMES_A_S):
                        pipe.write(self._shown[number % _DRAWN])
                        number += 1
                except BrokenPipeError:
                    continue  # whoever looked is gone


def _jpeg(picture: camera.Picture) -> bytes:
    return bytes(cv2.imencode(".jpg", picture)[1])


def a_code_that_the_camera_reads_is_sold(shop: Shop) -> str:
    """A touch starts the worker; it is killed by -9, and the next one reads the next code."""
    lens = Lens(shop.object.path(_PIPE))
    with lens.plugged():
        _has(shop, *_DEVICES, f"camera=camera:{_PIPE}")
        shop.leave()
        if (running := _workers(shop)) or shop.object.property(_SOCKET, "ActiveState") != "active":
            raise FellError(f"nobody is there: expected a socket that waits and no worker, got {running}")
        killed = _shown(shop, lens)
        shop.object.run("systemctl", "kill", "--signal=KILL", killed)
        _bought(shop)
        second = _shown(shop, lens)
        _bought(shop)
        if killed == second:
            raise FellError(f"{killed} was killed, and looked on")
        _has(shop, *_DEVICES)
    return f"{killed} was killed, {second} read on; {shop.check_books()}"


STEPS: Final = (a_code_that_the_camera_reads_is_sold,)


def _has(shop: Shop, *devices: str) -> None:
    """Say which devices the object has, as its installer does."""
    words = [word for device in devices for word in ("--peripheral", device)]
    shop.object.run("opos", "setup", *words, "--json")
    shop.until_sellable(_S)


def _shown(shop: Shop, lens: Lens) -> str:
    """A shopper touches the glass and shows a pack; it is offered, by nothing but its code. Who read it."""
    shop.glass.tap("stay")
    lens.hold()
    until(lambda: shop.glass.look().get("units") == 1 or None, f"the code is read; {shop.shown()}", _S)
    lens.put_away()
    return until(lambda: _the_only(_workers(shop)), "one worker looks", _S)


def _bought(shop: Shop) -> None:
    """The pack is sold once."""
    before = shop.status()["sales"]
    shop.buy()
    shop.pay()
    shop.leave()
    if (sold := shop.status()["sales"] - before) != 1:
        raise FellError(f"{sold} sales, not one")


def _the_only(workers: list[str]) -> str | None:
    """The one that looks; the one before it may be ending yet."""
    return workers[0] if len(workers) == 1 else None


def _workers(shop: Shop) -> list[str]:
    """The workers that look."""
    said = shop.object.run("systemctl", "list-units", "--plain", "--no-legend", "--state=running", _WORKERS)
    return [line.split()[0] for line in said.splitlines()]
