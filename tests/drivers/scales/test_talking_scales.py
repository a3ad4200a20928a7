"""Scales that talk by themselves: indicators with endless lines, USB scales, and the ends of a load cell."""

import pytest

from edge.commands import Tare, Zero
from edge.drivers.scales.hidscale import HidScale
from edge.drivers.scales.hidscale import Settings as HidSettings
from edge.drivers.scales.hx711 import Hx711
from edge.drivers.scales.stgs import StGs
from edge.readings import CellLoaded, DeviceReady, Garbled
from tests.drivers.scales.talk import at, codes, weighed

LINE = b"ST,GS,   245.6 g\r\n"
STABLE, AT_ZERO, OVER = (bytes.fromhex(text) for text in ("030402001400", "030202000000", "030602000000"))


@pytest.mark.parametrize(("driver", "data"), [(StGs(), LINE), (HidScale(), STABLE)])
def test_nothing_is_asked_and_silence_is_a_fault_once(driver: StGs | HidScale, data: bytes) -> None:
    driver.opened(at(0))
    assert driver.to_send() == b""
    assert DeviceReady() in [*driver.receive(data)]
    heard = [reading for tenths in range(300) for reading in driver.tick(at(tenths / 10))]
    assert codes(heard) == ["device.silent"]
    assert (driver.deadline_ns, driver.to_send()) == (None, b"")
    assert DeviceReady() in [*driver.receive(data)]


def test_overload_of_an_indicator_is_told_once_and_ends_with_a_weight() -> None:
    heard = [*StGs().receive(b"OL,GS,1\x84,         kg\r\n" * 3 + LINE)]
    assert codes(heard) == ["scale.overload"]
    assert heard[1:] == [DeviceReady(), weighed(245_600)]


def test_overload_of_a_usb_scale_is_told_once_and_ends_with_a_weight() -> None:
    heard = [*HidScale().receive(OVER * 3 + STABLE)]
    assert codes(heard) == ["scale.overload"]
    assert heard[1:] == [DeviceReady(), weighed(20_000)]


def test_a_chain_of_reports_that_is_begun_in_the_middle_is_in_step_with_the_next_one() -> None:
    for start in range(1, 6):
        heard = [*HidScale().receive(STABLE[start:] + STABLE * 2)]
        assert heard[-1] == weighed(20_000)
        assert all(isinstance(reading, Garbled) or reading == weighed(20_000) for reading in heard)


def test_a_usb_scale_with_a_report_for_it_is_zeroed() -> None:
    driver = HidScale(HidSettings(zero_report="0202"))
    driver.command(Zero())
    assert [driver.to_send(), driver.to_send()] == [b"\x02\x02", b""]
    assert [*driver.receive(STABLE + AT_ZERO)] == [weighed(20_000), DeviceReady(), weighed(0)]


def test_a_zero_that_a_usb_scale_does_not_take_is_given_up_and_said_so() -> None:
    driver = HidScale(HidSettings(zero_report="0202"))
    driver.command(Zero())
    assert codes(driver.receive(STABLE * 200)) == ["scale.zero-refused"]


def test_a_usb_scale_without_a_report_for_it_refuses_a_zero() -> None:
    driver = HidScale()
    driver.command(Tare())
    assert codes(driver.receive(STABLE)) == []
    driver.command(Zero())
    assert driver.to_send() == b""
    assert codes(driver.receive(STABLE)) == ["scale.zero-refused"]


def test_a_cell_is_heard_once_its_converter_has_settled() -> None:
    driver = Hx711()
    driver.opened(at(0))
    assert [*driver.receive(b"8380000\n" * 4)] == [DeviceReady()]
    assert [*driver.receive(b"8388609\n")] == [CellLoaded(1)]


@pytest.mark.parametrize("end", [b"0\n", b"16777215\n"])
def test_a_cell_at_the_end_of_its_range_counts_nothing(end: bytes) -> None:
    heard = [*Hx711().receive(end * 3 + b"8388609\n")]
    assert codes(heard) == ["cell.saturated"]
    assert heard[1:] == [DeviceReady(), CellLoaded(1)]
