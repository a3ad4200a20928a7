"""What is held up to a mirror: the tags in front of its glass."""

from collections.abc import Iterator

from edge.events import Event, Left, Presented
from edge.readings import Heard
from edge.sensors.presence import Appeared, TagPresence, Vanished


class MirrorSense:
    """Readings of the mirror's reader in, what came and left out."""

    def __init__(self) -> None:
        self._presence = TagPresence()

    def hear(self, heard: Heard) -> Iterator[Event]:
        """What one reading means."""
        for change in self._presence.hear(heard):
            match change:
                case Appeared(epc=epc):
                    yield Presented(epc)
                case Vanished(epc=epc):
                    yield Left(epc)
