"""The watch: asks about attempts that their objects have left alone, and ends them when their time is over.

What an object does not ask any more may still be paid: the shopper's phone shows a password field, and the
object has no power. So that nobody pays for goods that nobody will hand over, the hub climbs the provider's
ladder by itself. The object finds what came of it in the same books.
"""

import logging
from collections.abc import Callable, Mapping
from threading import Event
from typing import Final, Protocol

import msgspec

from cloud_sync.hub.payments.ladder import Ladder
from cloud_sync.hub.payments.pushes import Hint
from cloud_sync.hub.requests import books
from cloud_sync.hub.requests.books import Line
from cloud_sync.hub.store.database import Store

_log = logging.getLogger(__name__)

# What nobody knows after three days is found in the provider's settlement, by a person.
_WATCHED_MS: Final = 3 * 24 * 3600 * 1000
_ROUND_S: Final = 2.0


class Looking(Protocol):
    """All that the watch asks of the gateway."""

    def has(self, provider: str) -> bool:
        """Whether there is an account with a provider."""
        ...

    def look(self, provider: str, hint: Hint) -> Line | None:
        """Ask how an attempt stands; raises OSError without an answer."""
        ...

    def end(self, line: Line) -> Line:
        """Have an attempt ended."""
        ...


class _Turn(msgspec.Struct):
    """How often an attempt was asked about, and when it is next."""

    tries: int
    at_ms: int


class Watch:
    """`step` it now and then, on one thread."""

    def __init__(
        self, store: Store, gateway: Looking, ladders: Mapping[str, Ladder], clock_ms: Callable[[], int]
    ) -> None:
        self._store, self._gateway, self._ladders, self._clock_ms = store, gateway, ladders, clock_ms
        self._turns: dict[str, _Turn] = {}

    def work(self, closing: Event) -> None:
        """Watch until `closing`."""
        while not closing.wait(_ROUND_S):
            self.step()

    def step(self) -> None:
        """Ask about each attempt whose turn it is."""
        now_ms = self._clock_ms()
        with self._store.reading() as connection:
            lines = books.unfinished(connection, now_ms - _WATCHED_MS)
        waiting = {line.attempt.id for line in lines}
        self._turns = {name: turn for name, turn in self._turns.items() if name in waiting}
        for line in lines:
            ladder = self._ladders.get(line.attempt.provider)
            if (
                ladder is not None
                and self._gateway.has(line.attempt.provider)
                and self._is_turn(line, ladder, now_ms)
            ):
                self._pursue(line, ladder, now_ms)

    def _is_turn(self, line: Line, ladder: Ladder, now_ms: int) -> bool:
        """Whether it is time to ask; if so, the next time is set."""
        first = _Turn(0, line.attempt.asked_ms + ladder.ask_s[0] * 1000)
        turn = self._turns.setdefault(line.attempt.id, first)
        if now_ms < turn.at_ms:
            return False
        turn.tries += 1
        turn.at_ms = now_ms + ladder.ask_s[min(turn.tries, len(ladder.ask_s) - 1)] * 1000
        return True

    def _pursue(self, line: Line, ladder: Ladder, now_ms: int) -> None:
        attempt = line.attempt
        if now_ms - attempt.asked_ms >= ladder.end_after_s * 1000:
            self._gateway.end(line)
            return
        try:
            self._gateway.look(attempt.provider, Hint(attempt.id))
        except OSError as error:
            _log.info("%s does not answer about attempt %s: %s", attempt.provider, attempt.id, error)
