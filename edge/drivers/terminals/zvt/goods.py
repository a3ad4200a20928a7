"""Goods that come out after the approval: what the terminal is told each time that it asks for them."""

from edge.commands import Dispensed
from edge.drivers.terminals.zvt import asks
from edge.drivers.terminals.zvt.jobs import APPROVED, Job
from edge.drivers.terminals.zvt.messages import Message


def answer(job: Job, message: Message) -> bytes:
    """The answer to a status information of a payment that waits for goods."""
    if int.from_bytes(message.field(0x27) or b"\xff") != APPROVED:
        return asks.ACCEPTED
    match job.dispensed:
        case None:
            return asks.STILL_DISPENSING
        case Dispensed.ISSUED:
            return asks.ACCEPTED
        case Dispensed.FAILED:
            return asks.NOT_DISPENSED
        case Dispensed.PARTLY:
            assert job.charged_minor is not None, "it was checked when it was told"
            return asks.partly_dispensed(job.charged_minor)
