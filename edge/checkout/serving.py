"""Serving: who of the shop is called, comes, and works at the glass, beside what shoppers do there."""

from edge.checkout.calling import Calling
from edge.checkout.ports import Attending, Clock
from edge.checkout.staffed import Staffed
from edge.checkout.state import Stage, Tap
from edge.events import CodeShown, Event

_OF_ANYBODY = frozenset({Tap.LANGUAGE, Tap.STAY})


class Serving:
    """The call for staff, and the attendant where the object has one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.calling = Calling()
        self.attendant: Attending | None = None

    @property
    def staffed(self) -> Staffed | None:
        """What somebody of the shop does here."""
        return None if self.attendant is None else self.attendant.shown()

    def badge(self, shown: CodeShown, *, free: bool) -> bool:
        """A badge was shown: nobody waits for staff any more; whether it opened something.

        While somebody pays the glass is not `free`: then staff only looks on.
        """
        if self.attendant is None:
            return False
        if self.attendant.badge(shown.ticket, free=free):
            self.calling.end("badge", self._clock.now_ns())
        return free

    def hear(self, event: Event) -> bool:
        """What staff shows; True if nobody else has to hear of it."""
        return self.attendant is not None and self.attendant.hear(event)

    def takes(self, tap: Tap, stage: Stage) -> bool:
        """Whether it is a tap for staff, or of theirs."""
        return tap is Tap.STAFF or (stage is Stage.STAFF and tap not in _OF_ANYBODY)

    async def tap(self, tap: Tap, stage: Stage, value: str | None) -> bool:
        """Call, or do what staff asks for; False where there is no such control."""
        if stage is not Stage.STAFF:
            self.calling.tap(self._clock.now_ns())
            return True
        return self.attendant is not None and await self.attendant.tap(tap, value)

    def tick(self) -> None:
        """Time has passed."""
        self.calling.tick(self._clock.now_ns())
        if self.attendant is not None:
            self.attendant.tick()
