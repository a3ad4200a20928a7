"""What the battery found: one report for each protocol, made once, read by the tests and by the table."""

from functools import cache
from importlib.util import find_spec
from itertools import islice
from typing import Final

import msgspec

from edge.drivers import registry
from simulators.devices import catalogue
from tests.drivers.conformance.battery import EXAMINATIONS
from tests.drivers.conformance.faults import FAULTS, faults_of, survived
from tests.drivers.conformance.scenes import SCENES
from tests.drivers.conformance.subjects import Subject, subject
from tests.drivers.conformance.vectors import known

# The first sentences say what is wrong; a driver that loses its step has thousands of them.
FLAWS_MAX: Final = 5


class Report(msgspec.Struct, frozen=True):
    """What one driver did: its flaws by examination and by fault, none where all is well."""

    protocol: str
    profile: str
    facts: str
    vectors: int
    understood: int
    """So many of its vectors are what their sources say."""
    simulated: bool
    examinations: dict[str, list[str]]
    faults: dict[str, list[str]]


def drivers() -> list[str]:
    """The protocols whose driver is there."""
    return [name for name, module in registry._MODULES.items() if _is_there(module)]


def simulated(protocol: str) -> bool:
    """Whether there is a simulator of such a device."""
    module = catalogue._MODULES.get(protocol)
    return module is not None and _is_there(module)


@cache
def report(protocol: str) -> Report:
    """Examine one driver; a driver that raises ends this with its own exception."""
    file = known(protocol)
    examined = subject(file)
    return Report(
        protocol,
        file.profile,
        file.facts,
        len(file.vector),
        sum(vector.wrong(examined.whole(vector)) is None for vector in file.vector),
        simulated(protocol),
        {name: [*islice(examine(examined), FLAWS_MAX)] for name, examine in EXAMINATIONS.items()},
        _faults(examined) if simulated(protocol) else {},
    )


def _faults(examined: Subject) -> dict[str, list[str]]:
    if (scene := SCENES.get(examined.protocol)) is None:
        return {fault.name: ["expected a scene, in scenes.py"] for fault in FAULTS}
    return {fault.name: [*survived(examined, scene, fault)] for fault in faults_of(examined, scene)}


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
