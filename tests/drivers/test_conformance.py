"""Every driver keeps its promises: on what its device is known to say, and before its simulated device."""

import pytest

from tests.drivers.conformance.battery import EXAMINATIONS
from tests.drivers.conformance.faults import FAULTS
from tests.drivers.conformance.report import drivers, report
from tests.drivers.conformance.subjects import TRAITS, Traits
from tests.drivers.conformance.table import PAGE, written
from tests.drivers.conformance.vectors import known, protocols

VECTORS_MIN = 4


@pytest.mark.parametrize("protocol", drivers())
def test_what_a_device_says_is_known_from_its_maker(protocol: str) -> None:
    assert protocol in protocols(), f"expected tests/drivers/vectors/{protocol}.toml"
    mute = TRAITS.get(protocol, Traits()).mute
    assert len(known(protocol).vector) >= (0 if mute else VECTORS_MIN)
    assert known(protocol).facts


@pytest.mark.parametrize("examination", EXAMINATIONS)
@pytest.mark.parametrize("protocol", drivers())
def test_a_driver_understands_its_device_and_nothing_else(protocol: str, examination: str) -> None:
    assert report(protocol).examinations[examination] == []


@pytest.mark.parametrize("fault", [fault.name for fault in FAULTS])
@pytest.mark.parametrize("protocol", drivers())
def test_a_driver_survives_what_befalls_its_line(protocol: str, fault: str) -> None:
    found = report(protocol)
    assert found.simulated, f"expected a simulated {protocol}, in simulators/devices/catalogue.py"
    assert found.faults.get(fault, []) == []


def test_the_table_of_the_page_of_devices_is_what_was_found() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "run: python -m tests.drivers.conformance --write"


def test_a_page_without_marks_is_not_written_over() -> None:
    with pytest.raises(ValueError, match="expected the lines"):
        written("# Devices")
