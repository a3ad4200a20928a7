"""Whether every device that the object needs is there, and which of those that help it are missed."""

from collections.abc import Iterable, Iterator

from edge.events import WAITING, BackInService, DeviceFound, DeviceMissed, Event, OutOfService
from edge.readings import DeviceFault, DeviceReady, Heard


class Service:
    """Faults and greetings of all devices in, "out of service" and "back in service" out.

    An object begins out of service: each device that it `needs` counts only once it has answered. Of its
    `eyes` (what reads codes, where it lives by codes alone) one is enough; what else is gone is missed.
    """

    def __init__(self, needs: Iterable[str], eyes: Iterable[str] = ()) -> None:
        self._needs = frozenset(needs)
        self._eyes = frozenset(eyes)
        # An eye is started on demand, or says nothing before its first code: it is believed to be there.
        self._faults: dict[str, str] = dict.fromkeys(self._needs, WAITING)
        self._said: Event | None = None if self._needs else BackInService()

    def hear(self, heard: Heard) -> Iterator[Event]:
        """What one reading means for the object as a whole."""
        match heard.reading:
            case DeviceFault(code=code):
                yield from self._missed(heard.source, code)
                self._faults[heard.source] = code
            case DeviceReady():
                yield from self._found(heard.source)
                self._faults.pop(heard.source, None)
            case _:
                return
        event = self._whole()
        if event != self._said:
            self._said = event
            yield event

    def _whole(self) -> Event:
        """Whether it can sell at all."""
        gone = self._needs & self._faults.keys()
        if self._eyes and self._eyes <= self._faults.keys():
            gone |= self._eyes
        return OutOfService(min(gone), self._faults[min(gone)]) if gone else BackInService()

    def _missed(self, source: str, code: str) -> Iterator[Event]:
        if source not in self._needs and self._faults.get(source) != code:
            yield DeviceMissed(source, code)

    def _found(self, source: str) -> Iterator[Event]:
        if source not in self._needs and source in self._faults:
            yield DeviceFound(source)
