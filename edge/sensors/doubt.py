"""How long sensors may disagree before somebody is asked, and how it is said that they agree again."""

from collections.abc import Callable, Iterator
from typing import Final

from edge.events import Agreed, Ambiguous, Event
from edge.readings import Nanoseconds

# A shelf where something moves all the time is asked about in the end, even if each movement was short.
_BUSY_NS_MAX: Final = Nanoseconds(15_000_000_000)


class Doubt:
    """Begins in agreement."""

    def __init__(self) -> None:
        self._odd_since_ns: Nanoseconds | None = None
        self._busy_since_ns: Nanoseconds | None = None
        self._asked = False

    @property
    def is_open(self) -> bool:
        """Whether something is not understood, asked about or not."""
        return self._busy_since_ns is not None

    def move(self) -> None:
        """Something moves again: patience begins anew."""
        self._odd_since_ns = None

    def begin(self) -> None:
        """What was counted until now does not matter any more."""
        self._odd_since_ns = self._busy_since_ns = None

    def agree(self) -> Iterator[Event]:
        """Everything is understood."""
        self.begin()
        if self._asked:
            self._asked = False
            yield Agreed()

    def disagree(
        self, now_ns: Nanoseconds, patience_ns: Nanoseconds, why: Callable[[], Ambiguous]
    ) -> Iterator[Event]:
        """Something is not understood: after a while it is said, once."""
        self._odd_since_ns = now_ns if self._odd_since_ns is None else self._odd_since_ns
        self._busy_since_ns = now_ns if self._busy_since_ns is None else self._busy_since_ns
        tired = now_ns - self._busy_since_ns > _BUSY_NS_MAX
        if not self._asked and (tired or now_ns - self._odd_since_ns > patience_ns):
            self._asked = True
            yield why()
