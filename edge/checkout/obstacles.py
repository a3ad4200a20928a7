"""Obstacles: what selling needs and this object has not, and which of it matters most."""

from edge.events import WAITING, BackInService, Event, OutOfService


class Obstacles:
    """The journal, the shop's leave, the disk and the devices; each sets what it knows."""

    def __init__(self) -> None:
        self.over = False
        """The ledger must not be written any more."""
        self.broken = False
        """Whether the last sale was written, only the file can tell."""
        self.payment = False
        """What became of the last payment has still to be found out."""
        self.closed = False
        """The shop does not let this object sell."""
        self.disk: str | None = None
        self._device: str | None = None

    def hear(self, event: Event) -> None:
        """A device is gone, or all of them answer."""
        match event:
            case OutOfService(source=source, code=code):
                # A device that has not answered yet is no fault: the glass says "one moment", not "broken".
                self._device = code if code == WAITING else source
            case BackInService():
                self._device = None
            case _:
                pass

    @property
    def first(self) -> str | None:
        """The code of what matters most; None when nothing forbids a sale."""
        if self.over:
            return "ledger"
        if self.broken:
            return "journal"
        if self.payment:
            return "payment"
        return "doors" if self.closed else self.disk or self._device
