"""A conversation with the till: a script says a message at a time and waits for answers and for hands."""

from collections import deque
from collections.abc import Callable, Generator
from typing import Final

import msgspec

from simulators.terminals.zvt.apdu import Apdu, Link
from simulators.terminals.zvt.hand import Abort, Event, Mischief
from simulators.terminals.zvt.sayings import ABORT, COMPLETION, STATUS

MILLISECOND_NS: Final = 1_000_000
# More than one shopper can do before the terminal looks.
EVENTS_MAX: Final = 8


class Say(msgspec.Struct, frozen=True):
    """Say this and go on with the till's answer, or with None when none came in time."""

    apdu: Apdu


class Await(msgspec.Struct, frozen=True):
    """Go on with the first event of these kinds, or with None when the patience is over."""

    kinds: tuple[type[Event], ...]
    patience_ms: int


Step = Say | Await
Reply = Apdu | Event | None
Script = Generator[Step, Reply, None]


def say(apdu: Apdu) -> Generator[Step, Reply, Apdu | None]:
    """Say one message; the till's answer."""
    answer = yield Say(apdu)
    assert answer is None or isinstance(answer, Apdu), "only the till answers a message"
    return answer


def until(patience_ms: int, *kinds: type[Event]) -> Generator[Step, Reply, Event | None]:
    """Wait for a hand."""
    event = yield Await(kinds, patience_ms)
    assert not isinstance(event, Apdu), "a hand does not speak ZVT"
    return event


class Conversation:
    """The script that runs, what it waits for, and what hands did in the meantime."""

    def __init__(self, link: Link, takes: Callable[[Mischief], bool], answer_ms: int) -> None:
        self._link = link
        self._takes = takes
        self._answer_ns = answer_ms * MILLISECOND_NS
        self.stop()

    def stop(self) -> None:
        """Forget it all, as a power cut does."""
        self._script: Script | None = None
        self._step: Step | None = None
        self._deaf = False
        self._until_ns = 0
        self._events: deque[Event] = deque(maxlen=EVENTS_MAX)

    @property
    def busy(self) -> bool:
        """Whether a command is being done."""
        return self._script is not None

    @property
    def wants(self) -> list[str]:
        """The verbs of a hand that it waits for."""
        kinds = self._step.kinds if isinstance(self._step, Await) else ()
        return [str(kind.__struct_config__.tag) for kind in kinds if kind is not Abort]

    @property
    def wakes_ns(self) -> int | None:
        """When the patience of the script is over."""
        return self._until_ns if self._script else None

    def begin(self, script: Script, now_ns: int) -> None:
        """Do a command."""
        assert not self.busy, "one command at a time"
        self._script = script
        self._go_on(None, now_ns)

    def answered(self, answer: Apdu, now_ns: int) -> None:
        """The till has answered; what nobody waits for is passed over."""
        if isinstance(self._step, Say) and not self._deaf:
            self._go_on(answer, now_ns)

    def happened(self, event: Event, now_ns: int) -> None:
        """A hand did something, or the till wants to stop; it is kept until the script looks."""
        self._events.append(event)
        if isinstance(self._step, Await) and (found := self._next_of(self._step.kinds)):
            self._go_on(found, now_ns)

    def tick(self, now_ns: int) -> None:
        """Go on where the patience is over; that for an answer begins when the till has the message."""
        if not self._script or now_ns < self._until_ns:
            return
        if isinstance(self._step, Say) and self._link.delivering:
            self._until_ns = now_ns + self._answer_ns
        else:
            self._go_on(None, now_ns)

    def _go_on(self, reply: Reply, now_ns: int) -> None:
        """Run the script until it has to wait."""
        while self._script:
            try:
                step = self._script.send(reply)
            except StopIteration:
                self.stop()
                return
            self._step = step
            if isinstance(step, Say):
                self._say(step.apdu)
                self._until_ns = now_ns + self._answer_ns
                return
            reply = self._next_of(step.kinds)
            if reply is None and step.patience_ms:
                self._until_ns = now_ns + step.patience_ms * MILLISECOND_NS
                return

    def _say(self, apdu: Apdu) -> None:
        lost = {STATUS: Mischief.LOSE_STATUS, COMPLETION: Mischief.LOSE_END, ABORT: Mischief.LOSE_END}
        mischief = lost.get(apdu.control)
        # What was never heard is never answered, whatever the till may say in the meantime.
        self._deaf = mischief is not None and self._takes(mischief)
        if not self._deaf:
            self._link.send(apdu)
            self._deaf = apdu.control == STATUS and self._takes(Mischief.LOSE_ANSWER)

    def _next_of(self, kinds: tuple[type[Event], ...]) -> Event | None:
        found = next((event for event in self._events if isinstance(event, kinds)), None)
        if found is not None:
            self._events.remove(found)
        return found
