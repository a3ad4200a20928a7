"""Says how the object is, whenever that has changed: to the agent, which tells those who are elsewhere."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from cloud_sync.contract.state import PROGRAM_CHARS_MAX
from edge.checkout.state import Stage
from edge.offline_queue.bell import Bell
from edge.offline_queue.budget import Level
from edge.runtime.roll import Roll
from edge.wellbeing import DeviceHealth, Wellbeing

# Who is elsewhere hears of it within seconds; who stands in front of the glass sees it at once.
_LOOK_S: Final = 1.0

_SELLS_NOTHING: Final = frozenset({Stage.UNPAIRED, Stage.OUT_OF_SERVICE})


class Standing(msgspec.Struct, frozen=True):
    """What the rooms of the runtime say of themselves."""

    stage: Stage
    sales: int
    disk: Level


def wellbeing_of(program: str, standing: Standing, roll: Roll) -> Wellbeing:
    """How the object is at this moment."""
    return Wellbeing(
        program[:PROGRAM_CHARS_MAX],
        stage=standing.stage.value,
        selling=standing.stage not in _SELLS_NOTHING,
        sales=standing.sales,
        disk=standing.disk.name.lower(),
        devices=tuple(
            DeviceHealth(source, called.stands, called.code) for source, called in sorted(roll.call().items())
        ),
    )


async def tell(bell: Bell, now: Callable[[], Wellbeing]) -> None:
    """Tell the bell for ever; it rings only what has changed."""
    while True:
        await bell.well(now())
        await asyncio.sleep(_LOOK_S)
