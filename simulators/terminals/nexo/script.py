"""A script: what the terminal does for one question, step by step, waiting for hands or for the host."""

from collections import deque
from collections.abc import Generator
from typing import Any, Final

import msgspec

from simulators.terminals.nexo.hand import Abort, Event

MILLISECOND_NS: Final = 1_000_000
# More than one shopper can do before the terminal looks.
EVENTS_MAX: Final = 8

Body = dict[str, Any]
"""A response, by its name."""


class Await(msgspec.Struct, frozen=True):
    """Go on with the first event of these kinds, or with None when the patience is over."""

    kinds: tuple[type[Event], ...]
    patience_ms: int


Script = Generator[Await, Event | None, Body]
Step = Generator[Await, Event | None, Any]


def until(patience_ms: int, *kinds: type[Event]) -> Generator[Await, Event | None, Event | None]:
    """Wait for a hand, or only for the time to pass."""
    return (yield Await(kinds, patience_ms))


class Running:
    """The script that runs, what it waits for, and what hands did in the meantime."""

    def __init__(self) -> None:
        self.stop()

    def stop(self) -> None:
        """Forget it all, as a power cut does."""
        self._script: Script | None = None
        self._step = Await((), 0)
        self._until_ns = 0
        self._events: deque[Event] = deque(maxlen=EVENTS_MAX)

    @property
    def busy(self) -> bool:
        """Whether something is being done."""
        return self._script is not None

    @property
    def wants(self) -> list[str]:
        """The verbs of a hand that it waits for."""
        kinds = self._step.kinds if self._script else ()
        return [str(kind.__struct_config__.tag) for kind in kinds if kind is not Abort]

    @property
    def wakes_ns(self) -> int | None:
        """When the patience of the script is over."""
        return self._until_ns if self._script else None

    def begin(self, script: Script, now_ns: int) -> Body | None:
        """Do something; its answer, if it has one already."""
        assert not self.busy, "one payment at a time"
        self._script = script
        return self._go_on(None, now_ns)

    def happened(self, event: Event, now_ns: int) -> Body | None:
        """A hand did something, or the till wants it to stop; it is kept until the script looks."""
        self._events.append(event)
        found = self._next_of(self._step.kinds)
        return None if found is None else self._go_on(found, now_ns)

    def tick(self, now_ns: int) -> Body | None:
        """Go on where the patience is over."""
        return self._go_on(None, now_ns) if self._script and now_ns >= self._until_ns else None

    def _go_on(self, reply: Event | None, now_ns: int) -> Body | None:
        """Run the script until it has to wait, or has an answer."""
        assert self._script, "somebody asked"
        while True:
            try:
                self._step = self._script.send(reply)
            except StopIteration as done:
                self.stop()
                body: Body = done.value
                return body
            reply = self._next_of(self._step.kinds)
            if reply is None and self._step.patience_ms:
                self._until_ns = now_ns + self._step.patience_ms * MILLISECOND_NS
                return None

    def _next_of(self, kinds: tuple[type[Event], ...]) -> Event | None:
        found = next((event for event in self._events if isinstance(event, kinds)), None)
        if found is not None:
            self._events.remove(found)
        return found
