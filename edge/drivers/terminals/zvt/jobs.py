"""What a terminal is busy with for us, and what its end means for the money: the verdicts."""

from enum import Enum
from typing import Final

import msgspec

from edge.commands import Dispensed
from edge.drivers.terminals.zvt import facts
from edge.drivers.terminals.zvt.facts import Evidence
from edge.readings import TerminalDeed, TerminalOutcome, TerminalResult


class Task(Enum):
    """What was asked, in the terminal's own terms."""

    REGISTER = "register us"
    INITIALISE = "initialise itself"
    DIAGNOSE = "call its host"
    PAY = "take a payment"
    REVERSE = "take a payment back"
    REFUND = "give money to a card"
    END_DAY = "end the day"
    ENQUIRE = "tell its state"
    REPEAT = "repeat its last receipt"


DEEDS: Final[dict[Task, TerminalDeed]] = {
    Task.PAY: TerminalDeed.PAYMENT,
    Task.REVERSE: TerminalDeed.REVERSAL,
    Task.REFUND: TerminalDeed.REFUND,
    Task.END_DAY: TerminalDeed.END_OF_DAY,
    Task.ENQUIRE: TerminalDeed.ENQUIRY,
    Task.REPEAT: TerminalDeed.ENQUIRY,
}
"""Those that somebody has asked us for; the others are between the terminal and us."""

ONCE: Final = frozenset({Task.PAY, Task.REVERSE, Task.REFUND, Task.END_DAY})
"""What is never said again: who knows what the first time has done?"""

CARDS: Final = frozenset({Task.PAY, Task.REVERSE, Task.REFUND})
"""What may move the money of one card."""

APPROVED: Final = 0x00
# Nobody put a card in, or somebody pressed the red key.
_GIVEN_UP: Final = 0x6C


class Job:
    """One task and what was heard of it; it knows no time and sends nothing."""

    def __init__(
        self, task: Task, message: bytes, attempt: str = "", dispensed_minor: int | None = None
    ) -> None:
        self.task = task
        self.message = message
        self.attempt = attempt
        # What the goods cost that come out only after the approval; None where they are out already.
        self.dispensed_minor = dispensed_minor
        self.tries = 1
        self.evidence: Evidence | None = None
        self.was_approved = False
        # What is charged instead, once fewer goods came out.
        self.charged_minor: int | None = None
        self.dispensed: Dispensed | None = None
        self.doubted = False
        self.cancelled = False

    @property
    def approved(self) -> bool:
        """Whether the terminal has said that it was done."""
        return self.evidence is not None and self.evidence.result_code == APPROVED

    @property
    def dispense(self) -> bool:
        """Whether the approval waits for goods."""
        return self.dispensed_minor is not None

    @property
    def charge_minor_max(self) -> int:
        """What may be charged at most: what was asked for, and never more than was approved."""
        approved = self.evidence.amount_minor if self.evidence else None
        asked = self.dispensed_minor or 0
        return asked if approved is None else min(asked, approved)

    def heard(self, evidence: Evidence) -> bool:
        """Take note of a status information; whether it says anything new.

        One that repeats a result says less of it at times: what was known of that result stays known.
        """
        before = self.evidence
        if before is not None and before.result_code == evidence.result_code:
            evidence = facts.completed(evidence, before)
        self.evidence = evidence
        self.was_approved = self.was_approved or self.approved
        return evidence != before

    def completed(self) -> TerminalOutcome:
        """What the terminal's "completion" means: without a result of 00, never that money has moved."""
        if self.task not in CARDS:
            return TerminalOutcome.DONE
        if self.evidence is None or self.evidence.result_code is None:
            return TerminalOutcome.UNKNOWN
        if not self.approved:
            # What was approved before it was declined may have been two cards, or one that was paid back.
            return TerminalOutcome.UNKNOWN if self.was_approved else TerminalOutcome.DECLINED
        # It was told to take the payment back, and says that all went well: which of the two?
        return TerminalOutcome.UNKNOWN if self.dispensed is Dispensed.FAILED else TerminalOutcome.DONE

    def aborted(self, error: int | None) -> TerminalOutcome:
        """What its "abort" means: after an approval only that it was taken back where we asked for that."""
        if self.was_approved and self.task in CARDS:
            failed = self.dispensed is Dispensed.FAILED
            return TerminalOutcome.CANCELLED if failed else TerminalOutcome.UNKNOWN
        return TerminalOutcome.CANCELLED if error == _GIVEN_UP else TerminalOutcome.DECLINED

    def result(
        self, outcome: TerminalOutcome, error: int | None = None, *, complete: bool = True
    ) -> TerminalResult:
        """What is told of it, with all evidence."""
        told = msgspec.structs.asdict(self.evidence or Evidence())
        if error is not None:
            told["result_code"] = error
        if self.charged_minor is not None:
            told["amount_minor"] = self.charged_minor
        return TerminalResult(self.attempt, DEEDS[self.task], outcome, complete, **told)


def unasked(evidence: Evidence) -> TerminalResult:
    """A result that nobody has asked for since we began: of an attempt before that."""
    outcome = TerminalOutcome.DONE if evidence.result_code == APPROVED else TerminalOutcome.DECLINED
    if evidence.result_code is None:
        outcome = TerminalOutcome.UNKNOWN
    return TerminalResult(
        "", TerminalDeed.UNASKED, outcome, complete=False, **msgspec.structs.asdict(evidence)
    )
