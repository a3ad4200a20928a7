"""A call for staff: a shopper taps for somebody of the shop; a badge ends it, or the same button, or time."""

from collections.abc import Callable
from typing import Final, Literal

from edge.events import Event, StaffCalled, StaffCame

# By then whoever called has gone, or has found somebody.
CALL_NS: Final = 15 * 60 * 1_000_000_000

_SECOND_NS: Final = 1_000_000_000

How = Literal["badge", "taken-back", "nobody"]


class Calling:
    """One call at a time; `on_event` is told of each, for the shop to hear of it."""

    def __init__(self) -> None:
        self._since_ns: int | None = None
        self.on_event: Callable[[Event], None] = lambda _event: None

    @property
    def open(self) -> bool:
        """Whether somebody waits."""
        return self._since_ns is not None

    def tap(self, now_ns: int) -> None:
        """Call, or take it back."""
        if self.open:
            self.end("taken-back", now_ns)
            return
        self._since_ns = now_ns
        self.on_event(StaffCalled())

    def end(self, how: How, now_ns: int) -> None:
        """Nobody waits any more."""
        if self._since_ns is None:
            return
        waited_s = (now_ns - self._since_ns) // _SECOND_NS
        self._since_ns = None
        self.on_event(StaffCame(how, waited_s))

    def tick(self, now_ns: int) -> None:
        """Time has passed."""
        if self._since_ns is not None and now_ns - self._since_ns >= CALL_NS:
            self.end("nobody", now_ns)
