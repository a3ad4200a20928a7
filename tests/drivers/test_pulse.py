"""A device is silent, in trouble or ready: each is said once, when it begins."""

from edge.drivers.pulse import Pulse
from edge.readings import DeviceFault, DeviceReady, Nanoseconds

SILENT = DeviceFault("device.silent", "It does not answer.")
OVERLOAD = DeviceFault("scale.overload", "Too much.")
SECOND = 1_000_000_000


def at(seconds: float) -> Nanoseconds:
    return Nanoseconds(int(seconds * SECOND))


def opened() -> Pulse:
    pulse = Pulse(3 * SECOND, SILENT)
    pulse.opened(at(0))
    return pulse


def test_a_device_is_ready_at_its_first_answer_and_not_again() -> None:
    pulse = opened()
    assert [*pulse.well(), *pulse.well()] == [DeviceReady()]


def test_a_device_that_never_answers_is_silent_once_its_patience_is_over() -> None:
    pulse = opened()
    assert [*pulse.tick(at(2.9))] == []
    assert pulse.deadline_ns == at(3)
    assert [*pulse.tick(at(3)), *pulse.tick(at(4))] == [SILENT]
    assert pulse.deadline_ns is None


def test_an_answer_puts_the_silence_off() -> None:
    pulse = opened()
    list(pulse.alive())
    assert [*pulse.tick(at(3)), *pulse.tick(at(5.9))] == []
    assert [*pulse.tick(at(6))] == [SILENT]


def test_a_silent_device_that_answers_is_ready_again() -> None:
    pulse = opened()
    list(pulse.tick(at(3)))
    assert [*pulse.alive()] == [DeviceReady()]


def test_a_trouble_is_over_with_work_done_and_not_with_a_mere_answer() -> None:
    pulse = opened()
    list(pulse.well())
    assert [*pulse.troubled(OVERLOAD), *pulse.troubled(OVERLOAD)] == [OVERLOAD]
    assert [*pulse.alive()] == []
    assert [*pulse.well()] == [DeviceReady()]


def test_a_device_in_trouble_can_fall_silent_too() -> None:
    pulse = opened()
    list(pulse.troubled(OVERLOAD))
    assert [*pulse.tick(at(1)), *pulse.tick(at(4))] == [SILENT]


def test_a_restart_is_always_said() -> None:
    pulse = opened()
    assert [*pulse.well(), *pulse.restarted(), *pulse.restarted()] == [DeviceReady()] * 3


def test_a_port_that_is_opened_again_waits_for_its_first_answer_again() -> None:
    pulse = opened()
    list(pulse.well())
    pulse.opened(at(10))
    assert pulse.deadline_ns == at(13)
    assert [*pulse.well()] == [DeviceReady()]


def test_a_driver_without_a_port_is_neither_silent_nor_ready() -> None:
    pulse = Pulse(3 * SECOND, SILENT)
    assert [*pulse.well(), *pulse.tick(at(100))] == []
    assert pulse.deadline_ns is None
