"""Listens to one input device by python-evdev, for so many events, and prints what a panel's driver hears."""

import select
import sys

import evdev
import msgspec

from edge.drivers.driver import Axis, InputFacts
from edge.drivers.touch.panel import Panel
from edge.readings import Nanoseconds, Reading
from tests.drivers.evdev.strokes import event

_PATIENCE_S = 20.0


def main(wanted: int) -> None:
    """Ask the device what it is, then hear it."""
    device = evdev.InputDevice("/dev/input/event0")
    known = device.capabilities(absinfo=False).get(evdev.ecodes.EV_ABS, [])
    axes = {code: Axis(device.absinfo(code).min, device.absinfo(code).max) for code in known}
    panel = Panel()
    panel.informed(InputFacts(device.name, axes))
    panel.opened(Nanoseconds(0))
    heard: list[Reading] = []
    seen = 0
    while seen < wanted and select.select([device.fd], [], [], _PATIENCE_S)[0]:
        for each in device.read():
            seen += 1
            heard += panel.receive(event(each.sec * 10**6 + each.usec, each.type, each.code, each.value))
    sys.stdout.buffer.write(msgspec.json.encode(heard))


if __name__ == "__main__":
    main(int(sys.argv[1]))
