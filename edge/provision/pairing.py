"""Which port a device hangs on: the one whose plug goes and comes, or the one that feels what it is shown."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from edge.clock import Clock
from edge.drivers.hotplug import SUBSYSTEMS, Hotplug
from edge.drivers.links import LinkLostError
from edge.drivers.plugged import Plugged
from edge.drivers.probing import Attempt, attempts, tried
from edge.drivers.profiles import Profile
from edge.drivers.registry import driver_for
from edge.drivers.transports import converse
from edge.drivers.uris import Address, PeripheralUri
from edge.readings import CardSeen, CodeScanned, Reading, TagSeen, Weighed

PairedRole = Literal["reader", "scale", "scanner"]

DEVICES: Final[Mapping[PairedRole, frozenset[str]]] = {
    "reader": frozenset({"tag reader", "card reader"}),
    "scale": frozenset({"scale", "load cell"}),
    "scanner": frozenset({"scanner"}),
}
"""What a profile calls the devices of a role."""

SHOW: Final[Mapping[PairedRole, str]] = {
    "reader": "Hold a tag to it",
    "scale": "Put something heavy on it",
    "scanner": "Scan a code with it",
}
"""What a person does with the device, so that it is told from others."""

# Where udev says nothing of its own accord (a container), we look ourselves.
_LOOK_EVERY_S: Final = 0.5
# One device is several things to the kernel, which come within this time of each other.
_SETTLE_S: Final = 0.3
# Heavier than a draught or a hand that steadies itself.
_FELT_MG: Final = 50_000


class NotPairedError(Exception):
    """The port of a device was not found; the message says what to do."""


class Port(msgspec.Struct, frozen=True):
    """A port and what is known to hang on it: nothing, or the profile for certain."""

    address: Address
    profiles: tuple[Profile, ...] = ()


class Felt:
    """Knows when this very device was shown something; one for each device."""

    def __init__(self, role: PairedRole) -> None:
        self._role = role
        self._first_mg: int | None = None

    def hear(self, reading: Reading) -> bool:
        """Whether this says so."""
        match reading:
            case TagSeen() | CardSeen():
                return self._role == "reader"
            case CodeScanned():
                return self._role == "scanner"
            case Weighed() if self._role == "scale":
                if self._first_mg is None:
                    self._first_mg = reading.weight_mg
                return abs(reading.weight_mg - self._first_mg) >= _FELT_MG
            case _:
                return False


async def answering(
    ports: Sequence[Port], profiles: Iterable[Profile], clock: Clock, tell: Callable[[Address, Attempt], None]
) -> list[PeripheralUri]:
    """The ports at which such a device answers, and how: all of them are asked at the same time."""
    known = list(profiles)
    found = await asyncio.gather(*(_answers(port, known, clock, tell) for port in ports))
    return [each for each in found if each is not None]


async def _answers(
    port: Port, profiles: list[Profile], clock: Clock, tell: Callable[[Address, Attempt], None]
) -> PeripheralUri | None:
    if port.profiles:
        return PeripheralUri(port.address, port.profiles[0], grab=False)
    by_name = {each.name: each for each in profiles}
    for attempt in attempts(port.address, profiles):
        tell(port.address, attempt)
        try:
            answer = await tried(port.address, attempt, clock)
        except LinkLostError:
            return None  # it is nobody's, or somebody else's
        if answer is not None:
            best = answer.protocol if answer.protocol in answer.profiles else answer.profiles[0]
            return PeripheralUri(port.address, by_name[best], grab=False)
    return None


async def first_to_feel(
    devices: Sequence[PeripheralUri], role: PairedRole, clock: Clock, patience_s: float
) -> PeripheralUri:
    """The device that a person shows something to. Raises NotPairedError."""
    shown: asyncio.Queue[PeripheralUri] = asyncio.Queue()
    talks = [asyncio.ensure_future(_listen(each, role, clock, shown)) for each in devices]
    try:
        async with asyncio.timeout(patience_s):
            return await shown.get()
    except TimeoutError as error:
        places = ", ".join(str(each.address) for each in devices)
        raise NotPairedError(
            f"none of {places} felt anything within {patience_s:.0f} s: {SHOW[role].lower()} as soon as it is"
            " asked for, or name the port by --port"
        ) from error
    finally:
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def _listen(
    device: PeripheralUri, role: PairedRole, clock: Clock, shown: "asyncio.Queue[PeripheralUri]"
) -> None:
    felt = Felt(role)

    def hear(reading: Reading) -> None:
        if felt.hear(reading):
            shown.put_nowait(device)

    await converse(device, driver_for(device.profile), hear, clock, random.SystemRandom())


async def replugged(
    look: Callable[[], Sequence[Plugged]], tell: Callable[[str], None], patience_s: float
) -> list[Plugged]:
    """What comes back after a plug was pulled and put in again. Raises NotPairedError."""
    before = {each.node for each in look()}
    with Hotplug(*SUBSYSTEMS) as hotplug, contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            tell("unplug")
            while before <= (now := {each.node for each in look()}):
                before |= now
                await hotplug.wait(_LOOK_EVERY_S)
            tell("plug")
            left = now
            while (now := {each.node for each in look()}) <= left:
                left = now
                await hotplug.wait(_LOOK_EVERY_S)
            await asyncio.sleep(_SETTLE_S)
            return [each for each in look() if each.node not in left]
    raise NotPairedError(
        f"no plug was pulled and put in again within {patience_s:.0f} s: if it is no USB device, name its"
        " port by --port"
    )
