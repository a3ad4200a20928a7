"""The numbers of a payment terminal: how far it had counted, what it did since, and whose that can be.

A terminal that speaks ZVT does not know our attempts. It gives each of its transactions a trace, one after
the other, and tells of the last one when it is asked: what lies behind the fence of an attempt is that
attempt's, or nobody knows.
"""

import logging
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from edge.checkout.payments.provider import UNKNOWN, Attempt, Said
from edge.checkout.payments.results import reason
from edge.readings import TerminalDeed, TerminalOutcome, TerminalResult

_log: Final = logging.getLogger("opos.payments")

# After the last trace comes 1 again (six BCD digits).
_TRACE_MAX: Final = 999_999

# So many transactions are remembered; what is asked about lies behind the last two or three.
_SEEN_MAX: Final = 64

APPROVED: Final = 0x00

# A reversal that does not say of what.
_UNTOLD: Final = 0

REVERSED: Final = "terminal.reversed"
"""The reason when a terminal took a payment back by itself, or was told to."""


class Mark(msgspec.Struct, frozen=True):
    """A place in the counting of one terminal; trace 0 is before the first."""

    terminal: str
    trace: int
    receipt: int = 0

    def __str__(self) -> str:
        """As entries have it: `12345678/000042/0017`, a fence without its receipt."""
        receipt = f"/{self.receipt:04d}" if self.receipt else ""
        return f"{self.terminal}/{self.trace:06d}{receipt}"

    def is_of(self, terminal: str) -> bool:
        """Whether it is of this terminal, as far as either tells."""
        return not self.terminal or not terminal or self.terminal == terminal


def mark(text: str) -> Mark | None:
    """Read what `str` has written; None if it is nothing like that."""
    terminal, _, numbers = text.partition("/")
    trace, _, receipt = numbers.partition("/")
    if not trace.isdecimal() or not (receipt.isdecimal() or not receipt):
        return None
    return Mark(terminal, int(trace), int(receipt or 0))


def distance(before: int, trace: int) -> int:
    """How many traces it is from one to the other; beyond half of them, `trace` came first."""
    if before == 0 or trace == 0:
        return trace - before if before == 0 else -before
    steps = (trace - before) % _TRACE_MAX
    return steps if steps <= _TRACE_MAX // 2 else steps - _TRACE_MAX


def back(trace: int) -> int:
    """The trace before this one."""
    return trace - 1 if trace > 1 else _TRACE_MAX


class Deed(msgspec.Struct, frozen=True):
    """One transaction that a terminal has told of; `original` is the trace that it took back, if it did."""

    trace: int
    receipt: int
    amount_minor: int | None
    currency: str
    result_code: int
    card: str = ""
    original: int | None = None


class History:
    """What one terminal has told of its transactions since we listen."""

    def __init__(self) -> None:
        self.terminal = ""
        self.last = 0
        """How far it has counted, by all that it has told."""
        self.told = 0
        """The trace that it told last: where that is before `last`, it tells of the past, or began anew."""
        self._seen: dict[int, Deed] = {}

    def is_on(self, terminal: str) -> None:
        """It says which terminal it is: another one counts for itself."""
        if terminal and terminal != self.terminal:
            if self.terminal:
                self.told = 0
                self.begin_anew()
            self.terminal = terminal

    def begin_anew(self) -> None:
        """What it told before counts no more, but for the last word."""
        kept = self._seen.get(self.told)
        self._seen = {} if kept is None else {kept.trace: kept}
        self.last = self.told

    def note(self, told: TerminalResult, currency: str) -> Deed | None:
        """It has told a result; None if that has no trace, as one that came to nothing, or proves nothing.

        `currency` is what it counts in where it does not say.
        """
        self.is_on(told.terminal_id)
        is_evidence = told.outcome is TerminalOutcome.DONE or told.deed is TerminalDeed.UNASKED
        if not is_evidence or not told.trace or told.result_code is None:
            return None
        deed = Deed(
            *(told.trace, told.receipt or 0, told.amount_minor, told.currency or currency, told.result_code),
            card_of(told),
            _UNTOLD if told.original is None and told.deed is TerminalDeed.REVERSAL else told.original,
        )
        if deed.original and deed.original not in self._seen:
            self._keep(msgspec.structs.replace(deed, trace=deed.original, receipt=0, original=None))
        self._keep(deed)
        self.told = deed.trace
        return deed

    def _keep(self, deed: Deed) -> None:
        before = self._seen.pop(deed.trace, deed)
        if deed.original is None:  # it may say less when it is asked again
            deed = msgspec.structs.replace(deed, original=before.original)
        self._seen[deed.trace] = deed
        while len(self._seen) > _SEEN_MAX:
            del self._seen[next(iter(self._seen))]
        if not self.last or distance(self.last, deed.trace) > 0:
            self.last = deed.trace

    def mark(self, deed: Deed) -> Mark:
        """Its place, as entries have it."""
        return Mark(self.terminal, deed.trace, deed.receipt)

    def deed(self, trace: int) -> Deed | None:
        """The transaction of a trace."""
        return self._seen.get(trace)

    def is_reversed(self, trace: int) -> bool:
        """Whether it has told that it took this one back."""
        return any(deed.original == trace and deed.result_code == APPROVED for deed in self._seen.values())

    def standing(self) -> list[Deed]:
        """The payments that it has told of and that were not taken back, as far as it has told."""
        return [
            deed
            for deed in self._seen.values()
            if deed.result_code == APPROVED and deed.original is None and not self.is_reversed(deed.trace)
        ]

    def backwards(self, fence: int, end: int) -> Iterator[Deed | None]:
        """What was done from `end` back to after `fence`, the last first; ends with None where a gap is."""
        while distance(fence, end) > 0:
            deed = self._seen.get(end)
            if deed is None:
                # A terminal that knew of nothing began somewhere: then what it tells is all there is.
                if fence or end == self.told:
                    yield None
                return
            yield deed
            end = back(end)


def judged(
    history: History, fence: Mark, until: Mark | None, amount_minor: int, is_claimed: Callable[[Mark], bool]
) -> Said | None:
    """What the attempt between two fences came to, by what the terminal has told; None if it cannot be said.

    Only the same amount is ours: a transaction of another one may be anybody's.
    """
    end = until.trace if until is not None and until.is_of(history.terminal) else history.told
    if not fence.is_of(history.terminal) or distance(fence.trace, end) < 0:
        return None  # another terminal, or one that counts backwards
    declined = False
    for deed in history.backwards(fence.trace, end):
        if deed is None:
            return None
        if deed.original is not None or is_claimed(history.mark(deed)):
            continue
        if deed.amount_minor != amount_minor:
            return None
        if deed.result_code == APPROVED:
            return _of(history, deed)
        declined = True
    return Said("declined") if declined else Said("not-found")


def _of(history: History, deed: Deed) -> Said:
    """What an approved payment means, which may have been taken back since."""
    if history.is_reversed(deed.trace):
        return Said("cancelled", reason=REVERSED)
    return Said(*("captured", deed.amount_minor or 0, deed.currency, str(history.mark(deed))), card=deed.card)


def word(history: History, attempt: Attempt, told: TerminalResult, currency: str) -> Said:
    """What the result of a payment says of the attempt that it is the answer to."""
    match told.outcome:
        case TerminalOutcome.DONE:
            return _captured(history, attempt, told, currency)
        case TerminalOutcome.DECLINED | TerminalOutcome.REFUSED:
            return Said("declined", reason=reason(told.result_code))
        case TerminalOutcome.CANCELLED:
            return Said("cancelled", reason=reason(told.result_code))
        case TerminalOutcome.UNKNOWN:
            return UNKNOWN


def _captured(history: History, attempt: Attempt, told: TerminalResult, currency: str) -> Said:
    fence = mark(attempt.fence)
    place = Mark(history.terminal, told.trace or 0, told.receipt or 0)
    if fence is None or (told.trace and not _is_after(fence, place)):
        _log.error("%r was answered by a payment that was there before: %s", attempt, place)
        return UNKNOWN
    return Said(
        *("captured", told.amount_minor or 0, told.currency or currency, str(place)), card=card_of(told)
    )


def _is_after(fence: Mark, place: Mark) -> bool:
    return fence.is_of(place.terminal) and distance(fence.trace, place.trace) > 0


def card_of(told: TerminalResult) -> str:
    """The card as a receipt may show it: its name and its last four digits."""
    return " ".join(part for part in (told.card_name.strip(), told.card_last4) if part)
