"""Whether every device that the object needs is there."""

from collections.abc import Iterable, Iterator

from edge.events import WAITING, BackInService, Event, OutOfService
from edge.readings import DeviceFault, DeviceReady, Heard


class Service:
    """Faults and greetings of all devices in, "out of service" and "back in service" out.

    An object begins out of service: a device counts only once it has answered.
    """

    def __init__(self, sources: Iterable[str]) -> None:
        self._faults: dict[str, str] = dict.fromkeys(sources, WAITING)
        self._said: Event | None = None

    def hear(self, heard: Heard) -> Iterator[Event]:
        """What one reading means for the object as a whole."""
        match heard.reading:
            case DeviceFault(code=code):
                self._faults[heard.source] = code
            case DeviceReady():
                self._faults.pop(heard.source, None)
            case _:
                return
        event: Event = BackInService()
        if self._faults:
            source, code = min(self._faults.items())
            event = OutOfService(source, code)
        if event != self._said:
            self._said = event
            yield event
