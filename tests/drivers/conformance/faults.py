"""The examination before a simulated device: whatever its line does, its driver tells no lie and goes on."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any, Final

import msgspec

from edge.drivers.driver import Commanded
from edge.readings import CodeScanned, DeviceFault, DeviceReady, Reading, RoundEnded, Weighed
from simulators.devices.catalogue import part
from tests.drivers.conformance.desk import Desk
from tests.drivers.conformance.scenes import Act, Scene
from tests.drivers.conformance.subjects import Subject, payload

# Far more than a scale takes to rest, a reader to go through its field, or a driver to ask again.
PATIENCE_S: Final = 8.0
GLANCE_S: Final = 0.5
# A device that has just been switched on may need so long before it listens: nobody prints before that.
STARTING_S: Final = 6.0
# Longer than any driver waits before it calls a device silent.
SILENCE_S: Final = 20.0


Judge = Callable[[Subject, Scene, Sequence[Reading]], Iterator[str]]


def _nothing_more(_subject: Subject, _scene: Scene, _heard: Sequence[Reading], /) -> Iterator[str]:
    return iter(())


class Fault(msgspec.Struct, frozen=True):
    """Something that befalls a device or its line for a while, and what must not be heard meanwhile."""

    name: str
    befall: Callable[[Desk, Scene], object]
    seconds: float = 3.0
    judge: Judge = _nothing_more
    understood: bool = False
    """Whether the device is understood all the same."""
    forgets: bool = False
    """Whether nobody knows afterwards what zero and tare of the device are."""
    reopens: bool = False
    """Whether the port afterwards is another one, so that the driver begins anew."""
    garbles: bool = False
    """Whether bytes are changed, as only a bare line can do."""


def faults_of(subject: Subject, scene: Scene) -> list[Fault]:
    """The faults that can befall this device where it stands."""
    garbled = [fault for fault in FAULTS if not (fault.garbles and subject.clean)]
    return [fault for fault in garbled if fault.name != "overload" or scene.burden]


def survived(subject: Subject, scene: Scene, fault: Fault) -> Iterator[str]:
    """Each flaw that shows when this befalls the device; every fault finds a new driver and a new device."""
    options = {"type": subject.protocol, "name": "it", "at": "pty:it", **scene.options}
    desk = Desk(subject.fresh({}), part(options).device(random.Random(7)), seed=11)
    acts = cycle(scene.acts)
    desk.run(STARTING_S)
    yield from _understood(desk, next(acts), "before")
    fault.befall(desk, scene)
    if fault.understood:
        yield from _understood(desk, next(acts), "meanwhile")
    yield from fault.judge(subject, scene, desk.run(fault.seconds))
    desk.heal()
    if (fault.forgets and subject.traits.restless) or (fault.reopens and subject.traits.greeted):
        yield from _says_ready_first(desk)
    yield from _understood(desk, next(acts), "afterwards")
    yield from _understood(desk, next(acts), "in the end")


def _understood(desk: Desk, act: Act, when: str) -> Iterator[str]:
    desk.obey(*act.orders)
    if act.command is not None:
        assert isinstance(desk.driver, Commanded)
        desk.driver.command(act.command)
    heard: list[Reading] = []
    for _ in range(round(PATIENCE_S / GLANCE_S)):
        heard += desk.run(GLANCE_S)
        if _is_known(act, desk, heard):
            break
    else:
        wanted = {**act.reading, **act.shown}
        yield f"{when}: expected {wanted} within {PATIENCE_S} s, got {heard[-5:]}"
    # Goods may be weighed again and again; a code that is read twice is sold twice.
    if sum(isinstance(each, CodeScanned) for each in heard) > 1:
        yield f"{when}: one code was read more than once: {heard}"


def _is_known(act: Act, desk: Desk, heard: Sequence[Reading]) -> bool:
    is_heard = not act.reading or any(_is(each, act.reading) for each in heard)
    return is_heard and all(_seen(desk.device.world(), path) == value for path, value in act.shown.items())


def _seen(world: Any, path: str) -> Any:
    for name in path.split("."):
        world = world[int(name) if isinstance(world, list) else name]
    return world


def _is(reading: Reading, wanted: Mapping[str, Any]) -> bool:
    told = msgspec.to_builtins(reading)
    return all(
        told.get(name) in value if isinstance(value, range) else told.get(name) == value
        for name, value in wanted.items()
    )


def _says_ready_first(desk: Desk) -> Iterator[str]:
    heard = desk.run(PATIENCE_S)
    ready = next((at for at, each in enumerate(heard) if isinstance(each, DeviceReady)), None)
    if ready is None or payload(heard[:ready]):
        yield f"afterwards: expected DeviceReady before everything else, got {heard[:2]}"


def _silence(subject: Subject, _scene: Scene, heard: Sequence[Reading]) -> Iterator[str]:
    """It is a fault, once, and never an empty plate; for some it is how a card is taken away."""
    gone = () if subject.traits.restless else RoundEnded
    if told := [each for each in payload(heard) if not isinstance(each, gone)]:
        yield f"in silence it heard {told[:2]}"
    codes = [each.code for each in heard if isinstance(each, DeviceFault)]
    if subject.traits.restless and codes != ["device.silent"]:
        yield f"silence is a fault once, device.silent; got {codes}"


def _nothing_steady(_subject: Subject, _scene: Scene, heard: Sequence[Reading]) -> Iterator[str]:
    if told := [each for each in heard if isinstance(each, Weighed) and each.steady]:
        yield f"it was steady: {told[:2]}"


def _nothing_invented(subject: Subject, scene: Scene, heard: Sequence[Reading]) -> Iterator[str]:
    """With a checksum nobody hears of goods that are not there; a plate may be found empty at any time."""
    kinds = {str(act.reading.get("type")) for act in scene.acts}
    for each in heard if subject.traits.guarded else ():
        told = type(each).__name__ in kinds and not (isinstance(each, Weighed) and not each.weight_mg)
        if told and not any(_is(each, act.reading) for act in scene.acts):
            yield f"invented {each}"
            return


def _knobs(**settings: Any) -> Callable[[Desk, Scene], object]:
    return lambda desk, _: desk.turn(settings)


FAULTS: Final = (
    Fault("pieces of one byte", _knobs(chunk_bytes=1), understood=True),
    Fault("slow bytes", _knobs(byte_pace_us=1000), understood=True),
    Fault("wrong baud rate", _knobs(wrong_baud=2400), judge=_nothing_invented, garbles=True),
    Fault("noise", _knobs(noise_permille=20), judge=_nothing_invented, garbles=True),
    Fault("missing terminators", _knobs(terminator="missing"), judge=_nothing_invented, garbles=True),
    Fault("doubled terminators", _knobs(terminator="doubled"), understood=True, garbles=True),
    Fault("silence", _knobs(silent=True), SILENCE_S, _silence, forgets=True),
    Fault("begun in the middle", _knobs(mid_frame_bytes=3), garbles=True),
    Fault("unsteady", _knobs(unstable_s=3), 2.5, _nothing_steady),
    Fault("overload", lambda desk, scene: desk.obey(*scene.burden), judge=_nothing_steady),
    Fault("restart", lambda desk, _: desk.restart(), STARTING_S),
    Fault("unplugged", lambda desk, _: desk.replug(), 0.0, forgets=True, reopens=True),
)
