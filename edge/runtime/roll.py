"""The roll of an object's devices: which of them answer, and what those say that do not."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from edge.readings import DeviceFault, DeviceReady, Reading, TerminalReady


class Called(msgspec.Struct, frozen=True):
    """How a device stands: nobody has heard of it yet, it works, or it has a fault (code and sentence)."""

    stands: Literal["waited-for", "ready", "faulty"]
    code: str = ""
    sentence: str = ""


class Roll:
    """Every device of the object's file, by its source."""

    def __init__(self, sources: Iterable[str] = ()) -> None:
        self._called = dict.fromkeys(sources, Called("waited-for"))

    def heard(self, source: str, reading: Reading) -> None:
        """Take note of what a device says of itself; what it senses is no concern of the roll's."""
        match reading:
            case DeviceReady() | TerminalReady():
                self._called[source] = Called("ready")
            case DeviceFault(code=code, sentence=sentence):
                self._called[source] = Called("faulty", code, sentence)
            case _:
                pass

    def call(self) -> dict[str, Called]:
        """How each of them stands."""
        return dict(self._called)
