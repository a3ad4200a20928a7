"""The touches of a calibration: one cross after the other, as the panel's own driver feels them, unturned."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from typing import Final

import msgspec

from edge.clock import Clock
from edge.drivers.registry import driver_for
from edge.drivers.touch.picture import STRAIGHT
from edge.drivers.transports import converse
from edge.drivers.uris import PeripheralUri
from edge.provision.calibrate.touch import TARGETS, Taps, TouchRefusedError
from edge.readings import DeviceFault, DeviceReady, Reading

# For each cross: whoever stands at the glass reads a sentence first.
_PATIENCE_S: Final = 120.0


def bare(uri: PeripheralUri) -> PeripheralUri:
    """The same panel as it was built, neither calibrated nor turned, and not taken from a browser."""
    settings = {**uri.profile.settings, "matrix_ppm": list(STRAIGHT), "turned": 0}
    return msgspec.structs.replace(
        uri, profile=msgspec.structs.replace(uri.profile, settings=settings), grab=False
    )


async def touched(
    uri: PeripheralUri, clock: Clock, told: Callable[[int], None], patience_s: float = _PATIENCE_S
) -> list[tuple[int, int]]:
    """Where each cross was touched, in millionths of the panel; `told` hears the number of each, from 1.

    Raises TouchRefusedError.
    """
    heard: asyncio.Queue[Reading] = asyncio.Queue()
    driver = driver_for(bare(uri).profile)
    talking = asyncio.ensure_future(
        converse(bare(uri), driver, heard.put_nowait, clock, random.SystemRandom())
    )
    taps, places = Taps(), list[tuple[int, int]]()
    try:
        await _ready(heard)
        while len(places) < len(TARGETS):
            told(len(places) + 1)
            async with asyncio.timeout(patience_s):
                places.append(await _next(heard, taps))
    except TimeoutError as error:
        raise TouchRefusedError(
            f"cross {len(places) + 1} was not touched within {patience_s:.0f} s: is {uri.address} the panel?"
        ) from error
    finally:
        talking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await talking
    return places


async def _ready(heard: "asyncio.Queue[Reading]") -> None:
    """Return once the panel is listened to: what is touched before is lost."""
    while not isinstance(reading := await heard.get(), DeviceReady):
        if isinstance(reading, DeviceFault):
            raise TouchRefusedError(reading.sentence)


async def _next(heard: "asyncio.Queue[Reading]", taps: Taps) -> tuple[int, int]:
    """The place of the next touch."""
    while True:
        reading = await heard.get()
        if isinstance(reading, DeviceFault):
            raise TouchRefusedError(reading.sentence)
        for place in taps.hear(reading):
            return place
