"""A runtime of another version may say anything: no word of it ends the agent or silences the object."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, cast

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from cloud_sync.agent.desk import AgentStatus
from cloud_sync.contract.encoding import encode
from cloud_sync.contract.state import Fault, ObjectState
from cloud_sync.exposition import Table
from cloud_sync.hub.ingest.presence import _state
from edge.health.desk import HealthDesk
from edge.health.looking import Looker
from edge.health.metrics import MEASURES, Seen, samples
from edge.offline_queue.budget import Level
from edge.wellbeing import Wellbeing

# What may stand in a line of the runtime's: JSON of any shape, words as they are now, and any other.
_ANYTHING: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_WORDS: Final = st.sampled_from(
    [
        "idle",
        "unpaired",
        "roomy",
        "prune",
        "refuse",
        "ready",
        "faulty",
        "waited-for",
        "0.1.0",
        "scale",
        "sc-1",
    ]
) | st.text(max_size=60)
_DEVICES: Final = st.lists(
    st.fixed_dictionaries({"source": _WORDS, "stands": _WORDS}, optional={"code": _WORDS}), max_size=40
)
_SAID: Final = st.fixed_dictionaries(
    {
        "program": _WORDS,
        "stage": _WORDS,
        "selling": st.booleans(),
        "sales": st.integers(),
        "disk": _WORDS,
        "devices": _DEVICES,
    },
    optional={"told-by-a-later-version": _ANYTHING},
)


def said(**changed: Any) -> dict[str, Any]:
    """What a runtime says that is well, with something of it changed."""
    well = {"program": "0.1.0", "stage": "idle", "selling": True, "sales": 3, "disk": "roomy", "devices": []}
    return well | changed


def device(source: str, stands: str = "ready", code: str = "") -> dict[str, str]:
    return {"source": source, "stands": stands, "code": code}


class Told:
    """What the agent tells on: to the hub, at its desk, in numbers."""

    def __init__(self, line: bytes) -> None:
        self.program, self.faults = "", tuple[Fault, ...]()
        self.wellbeing: Wellbeing | None = None
        desk = HealthDesk(cast("Looker", self), self._hear, None)
        desk.said(msgspec.json.decode(line, type=Wellbeing))

    def _hear(self, program: str, faults: tuple[Fault, ...]) -> None:
        self.program, self.faults = program, faults

    @property
    def state(self) -> ObjectState:
        """As the hub reads it, which refuses what it cannot show."""
        return _state(
            "mirror-4", encode(ObjectState(True, "e1", 5, 4, program=self.program, faults=self.faults))
        )

    @property
    def status(self) -> AgentStatus:
        """As a command on the object reads it."""
        status = AgentStatus(True, "flowing", 0, None, 0, 0, program=self.program, faults=self.faults)
        return msgspec.json.decode(msgspec.json.encode(status), type=AgentStatus)

    @property
    def numbers(self) -> dict[tuple[str, ...], float]:
        """As Prometheus reads them, which refuses a whole file in which something stands twice."""
        seen = Seen("demo", "corner", "mirror", self.status, "trusted", wellbeing=self.wellbeing)
        text = Table(MEASURES, {"object": "mirror-4"}).text(samples(seen)).decode()
        found = [
            ((each.name, *sorted(each.labels.values())), each.value)
            for family in text_string_to_metric_families(text)
            for each in family.samples
        ]
        assert [name for name, times in Counter(name for name, _ in found).items() if times > 1] == []
        return {tuple(word for word in name if word != "mirror-4"): value for name, value in found}


def names(numbers: Iterable[tuple[str, ...]]) -> set[str]:
    return {name for name, *_ in numbers}


@given(_SAID)
@example(said(disk="full-of-water"))
@example(said(program="1" * 80))
@example(said(program="1.0\n"))
@example(said(sales=-1))
@example(said(sales=10**400))
@example(said(devices=[device("Scale", code="device.gone")]))
@example(said(devices=[device("scale", code="device.gone\n")]))
@example(said(devices=[device("scale"), device("scale", "faulty", "device.gone")]))
@example(said(devices=[device("scale", "warming-up")]))
@example(said(devices=[device(f"scanner-{number}") for number in range(1000)]))
def test_whatever_a_runtime_says_is_told_on_so_that_everybody_takes_it(words: dict[str, Any]) -> None:
    try:
        told = Told(msgspec.json.encode(words))
    except ValueError:
        return  # that is no runtime's word at all: whoever reads the line sees to it
    assert told.state.online
    assert told.status.faults == told.state.faults
    assert len(told.numbers) < 100


def test_a_level_of_the_disk_that_nobody_knows_is_not_told() -> None:
    told = Told(msgspec.json.encode(said(disk="full-of-water")))
    assert "opos_disk_level" not in names(told.numbers)
    assert told.numbers[("opos_selling",)] == 1


@pytest.mark.parametrize("level", list(Level))
def test_every_level_of_our_own_is_told(level: Level) -> None:
    told = Told(msgspec.json.encode(said(disk=level.name.lower())))
    assert told.numbers[("opos_disk_level",)] == list(Level).index(level)


def test_a_device_that_stands_as_nobody_knows_is_neither_up_nor_down() -> None:
    told = Told(msgspec.json.encode(said(devices=[device("scale", "warming-up"), device("reader")])))
    assert {name: value for name, value in told.numbers.items() if name[0] == "opos_device_up"} == {
        ("opos_device_up", "reader"): 1
    }


def test_of_two_devices_with_one_name_the_one_that_is_down_counts() -> None:
    told = Told(
        msgspec.json.encode(said(devices=[device("scale", "faulty", "device.gone"), device("scale")]))
    )
    assert told.numbers[("opos_device_up", "scale")] == 0


def test_a_fault_of_a_device_with_an_impossible_name_is_told_all_the_same() -> None:
    told = Told(msgspec.json.encode(said(devices=[device("Waage Süd", "faulty", "device.gone")])))
    assert told.state.faults == (Fault("device.gone", "device"),)
