"""The weighing of a calibration: the procedure at a real scale, through the driver that the object uses."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from typing import Final

import msgspec

from edge.clock import Clock
from edge.commands import Zero
from edge.drivers.driver import Commanded
from edge.drivers.registry import driver_for
from edge.drivers.transports import Conversation
from edge.drivers.uris import PeripheralUri
from edge.provision.calibrate.findings import Measured, Plan, Refused, Step
from edge.provision.calibrate.procedure import Procedure
from edge.readings import Reading

# Often enough that a person sees at once that their deed was seen.
_LOOK_S: Final = 0.1


async def weigh(
    uri: PeripheralUri, plan: Plan, clock: Clock, told: Callable[[Step], None]
) -> Measured | Refused:
    """Calibrate the scale at `uri`; `told` hears each step once. Raises ProfileError."""
    driver = driver_for(uri.profile)
    plan = msgspec.structs.replace(plan, zeroes=plan.zeroes and isinstance(driver, Commanded))
    procedure = Procedure(plan, clock.now_ns())

    def heard(reading: Reading) -> None:
        procedure.hear(reading, clock.now_ns())

    luck = random.SystemRandom()
    conversation = Conversation(uri, driver, heard, clock, luck)
    talking = asyncio.ensure_future(conversation.run())
    try:
        return await _followed(procedure, conversation, clock, told)
    finally:
        talking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await talking


async def _followed(
    procedure: Procedure, conversation: Conversation, clock: Clock, told: Callable[[Step], None]
) -> Measured | Refused:
    step, asked = None, False
    while procedure.outcome is None:
        if step != procedure.step:
            step = procedure.step
            told(step)
        if procedure.wants_zero and not asked:
            asked = True
            conversation.command(Zero())
        await asyncio.sleep(_LOOK_S)
        procedure.tick(clock.now_ns())
    return procedure.outcome
