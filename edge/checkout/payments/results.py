"""What a terminal's results are called here, which of them may go another time, and what it wants printed."""

from typing import Final, Literal

import msgspec

from edge.readings import TerminalLine, TerminalOutcome, TerminalResult, TerminalTotals

# The receipts of so many payments, reversals and questions are kept for whoever prints them.
_RECEIPTS_MAX: Final = 8
_LINES_MAX: Final = 200

BUSY: Final = frozenset({0x9C, 0xA0})
# What was asked for cannot be done: to a repeated receipt, that there is none.
IMPOSSIBLE: Final = 0x83
ALREADY_REVERSED: Final = 0xB4
# It may go another time: busy, no line, no host, nobody at the red key, a diagnosis that is due.
AGAIN: Final = frozenset({0x6C, 0x7D, 0x9C, 0xA0, 0xA1, 0xA3, 0xC2})

_REASONS: Final = {
    0x64: "card.unreadable",
    0x6A: "terminal.full",
    0x6C: "terminal.cancelled",
    0x6F: "terminal.other-currency",
    0x72: "card.chip",
    0x78: "card.expired",
    0x7D: "terminal.no-line",
    0x83: "terminal.impossible",
    0x9C: "terminal.busy",
    0xA0: "terminal.busy",
    0xA1: "terminal.no-host",
    0xA3: "terminal.no-host",
    0xB5: "terminal.not-reversible",
    0xC2: "terminal.diagnosis-due",
    0xC3: "amount.too-high",
    0xC8: "amount.too-low",
    0xCC: "terminal.no-printer",
    0xF0: "terminal.day-open",
}
"""What a result of ZVT is called here; those up to 63 are the host's refusals."""
_HOST_REFUSALS: Final = range(0x01, 0x64)

OTHER_REVERSED: Final = "terminal.reversed-another"
"""The reason when a terminal took back another payment than it was told to: a person must look at both."""
WHOLE_ONLY: Final = "terminal.whole-only"
"""The reason when a part of a payment should go back: the card has to be there for that, and a person."""
NO_RECEIPT: Final = "terminal.no-receipt"
"""The reason when nobody knows the receipt number of what should go back."""
OTHER_TERMINAL: Final = "terminal.other"
"""The reason when the payment was made at another terminal than the one that is here now."""


class NoAnswerError(ConnectionError):
    """The terminal cannot be asked now, or its answer says nothing."""


class BusyError(NoAnswerError):
    """The terminal says that it is at work."""


class DayEnd(msgspec.Struct, frozen=True):
    """What became of the end of a day; `waits` is a day that cannot be closed yet, as money is on its way."""

    outcome: Literal["closed", "waits", "refused", "unknown"]
    totals: TerminalTotals | None = None
    reason: str = ""


def reason(code: int | None) -> str:
    """A result as a stable code."""
    if code is None:
        return "terminal.not-ready"
    if code in _HOST_REFUSALS:
        return "card.refused"
    return _REASONS.get(code, f"terminal.error-{code:02x}")


def day_end(end: TerminalResult, totals: TerminalTotals | None) -> DayEnd:
    """What the last word on an end of day says of it."""
    match end.outcome:
        case TerminalOutcome.DONE:
            return DayEnd("closed", totals)
        case TerminalOutcome.UNKNOWN:
            return DayEnd("unknown")
        case _:
            return DayEnd("refused", reason=reason(end.result_code))


class Receipts:
    """What a terminal wants printed, by who had it asked; the last few are kept."""

    def __init__(self) -> None:
        self._lines: dict[str, list[TerminalLine]] = {}

    def add(self, line: TerminalLine) -> None:
        """One line more."""
        lines = self._lines.setdefault(line.attempt, [])
        if len(lines) < _LINES_MAX:
            lines.append(line)
        while len(self._lines) > _RECEIPTS_MAX:
            del self._lines[next(iter(self._lines))]

    def of(self, attempt: str) -> tuple[TerminalLine, ...]:
        """The lines of one attempt."""
        return tuple(self._lines.get(attempt, ()))

    def give(self, asked: str, attempt: str) -> None:
        """What was printed for a question is the receipt of this attempt."""
        if lines := self._lines.pop(asked, None):
            self._lines[attempt] = [msgspec.structs.replace(line, attempt=attempt) for line in lines]
