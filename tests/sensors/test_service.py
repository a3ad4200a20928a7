"""An object sells only while every device that it needs answers."""

from edge.events import BackInService, Event, OutOfService
from edge.readings import DeviceFault, DeviceReady, Heard, Nanoseconds, Reading, RoundEnded
from edge.sensors.service import Service

GONE = DeviceFault("device.gone", "The scale is gone.")


def say(service: Service, *said: tuple[str, Reading]) -> list[Event]:
    return [
        event for source, reading in said for event in service.hear(Heard(source, Nanoseconds(0), reading))
    ]


def test_it_begins_out_of_service_until_every_device_has_answered() -> None:
    service = Service(["reader", "scale"])
    assert say(service, ("reader", DeviceReady())) == [OutOfService("scale", "device.waiting")]
    assert say(service, ("scale", DeviceReady())) == [BackInService()]


def test_a_device_that_dies_and_comes_back_is_said_once_each() -> None:
    service = Service(["scale"])
    events = say(
        service,
        ("scale", DeviceReady()),
        ("scale", GONE),
        ("scale", GONE),
        ("scale", RoundEnded()),
        ("scale", DeviceReady()),
        ("scale", DeviceReady()),
    )
    assert events == [BackInService(), OutOfService("scale", "device.gone"), BackInService()]


def test_two_dead_devices_need_two_answers() -> None:
    service = Service(["reader", "scale"])
    say(service, ("reader", DeviceReady()), ("scale", DeviceReady()), ("reader", GONE), ("scale", GONE))
    assert say(service, ("reader", DeviceReady())) == [OutOfService("scale", "device.gone")]
    assert say(service, ("scale", DeviceReady())) == [BackInService()]
