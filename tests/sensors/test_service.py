"""An object sells only while every device that it needs answers."""

from edge.events import BackInService, DeviceFound, DeviceMissed, Event, OutOfService
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


def test_a_device_that_only_helps_is_missed_and_the_object_goes_on() -> None:
    service = Service(["reader"])
    say(service, ("reader", DeviceReady()), ("scanner", DeviceReady()))
    assert say(service, ("scanner", GONE), ("scanner", GONE)) == [DeviceMissed("scanner", "device.gone")]
    assert say(service, ("scanner", DeviceReady()), ("scanner", DeviceReady())) == [DeviceFound("scanner")]


def test_who_lives_by_codes_needs_one_eye_and_sees_from_the_beginning() -> None:
    service = Service([], eyes=["camera", "scanner"])
    assert say(service, ("scanner", DeviceReady())) == []
    assert say(service, ("camera", GONE)) == [DeviceMissed("camera", "device.gone")]
    assert say(service, ("scanner", GONE)) == [
        DeviceMissed("scanner", "device.gone"),
        OutOfService("camera", "device.gone"),
    ]
    assert say(service, ("scanner", DeviceReady())) == [DeviceFound("scanner"), BackInService()]
