"""The roll of devices: who answers, as the runtime has heard it from them."""

from edge.readings import DeviceFault, DeviceReady, Garbled, Milligrams, TerminalReady, Weighed
from edge.runtime.roll import Called, Roll

GONE = DeviceFault("device.gone", "The scale is gone: check its plug.")


def test_nobody_is_well_before_they_have_said_so() -> None:
    roll = Roll(["reader", "scale"])
    roll.heard("reader", DeviceReady())
    assert roll.call() == {"reader": Called("ready"), "scale": Called("waited-for")}


def test_a_fault_lasts_until_the_device_is_ready_again() -> None:
    roll = Roll(["scale"])
    for reading in (DeviceReady(), GONE, Weighed(Milligrams(1), steady=True), Garbled("00", "noise")):
        roll.heard("scale", reading)
    assert roll.call()["scale"] == Called("faulty", "device.gone", GONE.sentence)
    roll.heard("scale", DeviceReady())
    assert roll.call()["scale"].stands == "ready"


def test_a_terminal_comes_on_the_roll_when_it_registers() -> None:
    roll = Roll()
    roll.heard("zvt", TerminalReady("52500041", "EUR"))
    assert roll.call() == {"zvt": Called("ready")}


def test_who_has_called_the_roll_keeps_what_was_heard_then() -> None:
    roll = Roll(["scale"])
    before = roll.call()
    roll.heard("scale", GONE)
    assert before == {"scale": Called("waited-for")}
