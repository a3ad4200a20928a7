"""Giving back: what is due to shoppers is asked for at its provider until it has gone, or a person has it.

The same round hands in what was stored, and looks again at what was closed without money.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final, Protocol

import msgspec

from cloud_sync.contract.facts import SILENT, Closing, Paid, PaymentClosed
from edge.checkout.payments.book import AttemptLine, Due
from edge.checkout.payments.cashier import Cashier
from edge.checkout.payments.entries import Entries, Register
from edge.checkout.payments.postings import of_honoured, of_money_back
from edge.checkout.payments.provider import UNKNOWN, Said
from edge.checkout.payments.pursuit import SECOND_NS
from edge.offline_queue.outcomes import JournalClosedError
from edge.readings import Nanoseconds

_log: Final = logging.getLogger("opos.payments")

# Seconds between one try and the next: a line that is away for a minute costs a minute, and a provider that
# is away for a day is not asked more than once an hour.
_AGAIN_S: Final = (1, 5, 15, 60, 300, 3_600)

# Who has said nothing of a refund for so long, and to so many questions in one go, will not: a line or a
# provider that is away for a long weekend is no loss, and a shopper waits no longer for a word than that.
_SILENT_MS: Final = 3 * 24 * 3_600 * 1_000
_SILENT_TRIES: Final = 8

# When an attempt that was closed without money is looked at again, in seconds after that: late money comes
# within a minute, or after a batch of the night.
_LOOKS_S: Final = (30, 120, 600, 3_600, 21_600, 86_400)

# Late money is looked for among the attempts of so many days.
_WATCHED_MS: Final = 3 * 24 * 3_600 * 1_000

# A provider that has not answered a refund by then will not.
_ANSWER_S: Final = 60.0


# So many questions to providers at once: a shop with more than this to give back has a provider that is away.
_AT_ONCE: Final = 8


class Wall(Protocol):
    """All that giving back asks of time."""

    def now_ns(self) -> Nanoseconds:
        """Monotonic time."""
        ...

    def wall_ms(self) -> int:
        """Milliseconds since 1970."""
        ...


class _Turn(msgspec.Struct):
    """How often something was tried, and when it is tried next."""

    tries: int
    at_ns: int


class GivingBack:
    """`await run()` beside the cashier, for as long as the object works."""

    def __init__(self, cashier: Cashier, register: Register, clock: Wall) -> None:
        self._cashier = cashier
        self._book = cashier.book
        self._entries = Entries(register, cashier.book)
        self._clock = clock
        self._turns: dict[str, _Turn] = {}
        self._more = asyncio.Event()
        cashier.on_more = self._more.set

    async def run(self) -> None:
        """Give back what is due, for ever; ends when the journal writes no more."""
        try:
            while True:
                self._more.clear()
                await self._round()
                # Not `wait_for`: in Python 3.11 it loses a cancel that comes together with what it waits for.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause_s()):
                        await self._more.wait()
        except JournalClosedError:
            return  # the runtime has heard of it, and starts again

    async def _round(self) -> None:
        """One look at everything whose turn it is."""
        work: list[Callable[[], Coroutine[Any, Any, None]]] = [
            partial(self._give, due)
            for due in self._book.dues()
            if self._is_turn(due.id, _AGAIN_S, first_s=0)
        ]
        work += [
            partial(self._hand_in, line)
            for line in self._book.stored()
            if self._is_turn(f"stored/{line.attempt.id}", _AGAIN_S, first_s=0)
        ]
        since_ms = self._clock.wall_ms() - _WATCHED_MS
        work += [
            partial(self._cashier.look_again, line)
            for line in self._book.closed_since(since_ms)
            if self._is_turn(f"look/{line.attempt.id}", _LOOKS_S, first_s=_LOOKS_S[0])
        ]
        for at in range(0, len(work), _AT_ONCE):
            await asyncio.gather(*(begin() for begin in work[at : at + _AT_ONCE]))

    def _is_turn(self, what: str, ladder_s: Sequence[int], first_s: int) -> bool:
        """Whether it is time for `what`; if so, the next turn is set."""
        now_ns = self._clock.now_ns()
        turn = self._turns.setdefault(what, _Turn(0, now_ns + first_s * SECOND_NS))
        if now_ns < turn.at_ns:
            return False
        turn.tries += 1
        turn.at_ns = now_ns + ladder_s[min(turn.tries, len(ladder_s) - 1)] * SECOND_NS
        return True

    def _pause_s(self) -> float:
        """Until the next turn of anything that still waits for one."""
        waiting = {due.id for due in self._book.dues()}
        waiting |= {f"stored/{line.attempt.id}" for line in self._book.stored()}
        since_ms = self._clock.wall_ms() - _WATCHED_MS
        waiting |= {f"look/{line.attempt.id}" for line in self._book.closed_since(since_ms)}
        self._turns = {what: turn for what, turn in self._turns.items() if what in waiting}
        next_ns = min((turn.at_ns for turn in self._turns.values()), default=None)
        if next_ns is None:
            return float(_AGAIN_S[-1])
        return min(max(next_ns - self._clock.now_ns(), 0) / SECOND_NS, _AGAIN_S[-1])

    async def _give(self, due: Due) -> None:
        """Ask once for one refund, and write down what became of it."""
        line = self._book.line(due.attempt)
        if line is None:
            _log.error(
                "refund %s is of attempt %s, which is forgotten: a person must look", due.id, due.attempt
            )
            return
        said = await self._asked(line, due)
        match said.outcome:
            case "cancelled" if said.amount_minor == 0:
                await self._close(line, due, "refunded", said)  # it was held, and is let go
            case "refunded" | "cancelled" if _is_of(said, due.amount_minor, line.attempt.currency):
                await self._close(line, due, "refunded", said)
            case "refunded" | "cancelled" | "declined":
                _log.error("refund %s of %r: %s: a person must look", due.id, line.attempt, said.outcome)
                await self._close(line, due, "person", said)
            case _ if self._is_silent(due):
                _log.error("refund %s of %r: nobody answers: a person must look", due.id, line.attempt)
                await self._close(line, due, "person", Said("unknown", reason=SILENT))
            case _:
                pass  # nobody has said that it went back: it is asked for again, under the same key

    def _is_silent(self, due: Due) -> bool:
        """Whether a person should look whether it went back: from then on nobody asks for it any more.

        An object that was switched off for long asks some more times first; so does one whose clock jumps.
        """
        tries = self._turns[due.id].tries if due.id in self._turns else 0
        return tries >= _SILENT_TRIES and self._clock.wall_ms() - due.wall_ms >= _SILENT_MS

    async def _asked(self, line: AttemptLine, due: Due) -> Said:
        provider = self._cashier.providers.get(line.attempt.provider)
        if provider is None:
            return Said("declined", reason="no-provider")
        attempt = self._book.bounded(line.attempt)
        return await _answer(provider.refund(attempt, due.id, due.amount_minor))

    async def _hand_in(self, line: AttemptLine) -> None:
        """Ask once whether what was stored is good: the sale stays as it is, the money may be lost."""
        provider = self._cashier.providers.get(line.attempt.provider)
        if provider is None:
            return
        attempt, paid = line.attempt, line.paid
        assert paid is not None, "it is stored"
        said = await _answer(provider.capture(attempt))
        closed = PaymentClosed(
            *(attempt.sale, attempt.id, attempt.provider, "captured", paid.amount_minor, attempt.currency),
            reference=said.reference,
            postings=of_honoured(paid, attempt.currency),
        )
        match said.outcome:
            case "captured" if _is_of(said, paid.amount_minor, attempt.currency):
                await self._entries.write(closed, f"honoured/{attempt.id}")
            case "captured" | "declined" | "cancelled" | "refunded":
                _log.error("%r was stored, and is no good: %s", attempt, said.reason or said.outcome)
                lost = msgspec.structs.replace(
                    closed, outcome="person", postings=(), reason=said.reason or "not-honoured"
                )
                await self._entries.write(lost, f"dishonoured/{attempt.id}")
            case _:
                pass  # nobody has said: it is handed in again, under the same key

    async def _close(self, line: AttemptLine, due: Due, outcome: Closing, said: Said) -> None:
        attempt = line.attempt
        closed = PaymentClosed(
            *(attempt.sale, attempt.id, attempt.provider, outcome, due.amount_minor, attempt.currency),
            reference=said.reference,
            reason=said.reason,
            refund=msgspec.UNSET if due.id == attempt.id else due.id,
        )
        if outcome == "refunded":
            paid = line.paid or Paid(attempt.id, attempt.provider, due.amount_minor)
            back = of_money_back(paid, due.amount_minor, attempt.currency)
            closed = msgspec.structs.replace(closed, postings=back)
        await self._entries.write(closed, f"{outcome}/{due.id}")


def _is_of(said: Said, amount_minor: int, currency: str) -> bool:
    """Whether the evidence is of the same money."""
    return (said.amount_minor, said.currency) == (amount_minor, currency)


async def _answer(asked: Coroutine[Any, Any, Said]) -> Said:
    """What a provider says in time."""
    try:
        async with asyncio.timeout(_ANSWER_S):
            return await asked
    except (OSError, TimeoutError):
        return UNKNOWN
