"""The order of a dialogue: whose turn it is, what a message is to that order, and what follows from both."""

from enum import Enum
from typing import Final

from edge.drivers.terminals.zvt.messages import Code, Message


class Turn(Enum):
    """Whose turn it is."""

    CLOSED = "nobody's: there is no port"
    REST = "ours: the terminal waits to be asked"
    ASKED = "the terminal's: it has been asked, and has not said yes or no"
    WORK = "the terminal's: it works, and is master until it says that it is done"
    DOUBT = "nobody knows: it has been silent for too long, and may still speak"


class Said(Enum):
    """What a message is, to the order of a dialogue."""

    YES = "80 00"
    NO = "84 xx"
    NEWS = "it works"
    DONE = "06 0F"
    ABORTED = "06 1E"
    OTHER = "something that we cannot do"


# Turn, what is said -> the turn after it. A job ends when the turn goes back to REST. What is not in it
# changes nothing: an answer that comes late, or to a cancellation.
MOVES: Final[dict[tuple[Turn, Said], Turn]] = {
    (Turn.ASKED, Said.YES): Turn.WORK,
    (Turn.ASKED, Said.NO): Turn.REST,
    # Its "yes" was lost on the way; that it works says as much.
    (Turn.ASKED, Said.NEWS): Turn.WORK,
    (Turn.ASKED, Said.DONE): Turn.REST,
    (Turn.ASKED, Said.ABORTED): Turn.REST,
    (Turn.WORK, Said.NEWS): Turn.WORK,
    (Turn.WORK, Said.DONE): Turn.REST,
    (Turn.WORK, Said.ABORTED): Turn.REST,
    # It speaks again: what was unknown will be known.
    (Turn.DOUBT, Said.YES): Turn.WORK,
    (Turn.DOUBT, Said.NEWS): Turn.WORK,
    (Turn.DOUBT, Said.DONE): Turn.REST,
    (Turn.DOUBT, Said.ABORTED): Turn.REST,
}

_SAID: Final[dict[int, Said]] = {
    Code.ACCEPTED: Said.YES,
    Code.SET_TIME: Said.NEWS,
    Code.STATUS_INFORMATION: Said.NEWS,
    Code.INTERMEDIATE_STATUS: Said.NEWS,
    Code.PRINT_LINE: Said.NEWS,
    Code.PRINT_TEXT: Said.NEWS,
    Code.COMPLETION: Said.DONE,
    Code.ABORT: Said.ABORTED,
}


def said(message: Message) -> Said:
    """What a message is to the order of a dialogue."""
    return Said.NO if message.refusal is not None else _SAID.get(message.code, Said.OTHER)
