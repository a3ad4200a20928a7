"""What hands do at the terminal: a shopper's card and PIN, the host, and mischief."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from simulators.terminals.nexo.cards import CardName

Times = Annotated[int, Meta(ge=0, le=1000)]


class _Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb"):
    """An order of a hand."""


class Tap(_Order, frozen=True, tag="tap"):
    """A card is held before the terminal, which may not be able to read it."""

    card: CardName = "visa"
    readable: bool = True


class Insert(_Order, frozen=True, tag="insert"):
    """A card is put into the slot, and stays there."""

    card: CardName = "visa"
    readable: bool = True


class Pin(_Order, frozen=True, tag="pin"):
    """A PIN is typed."""

    right: bool = True


class CancelKey(_Order, frozen=True, tag="cancel"):
    """The red key."""


class Remove(_Order, frozen=True, tag="remove"):
    """The card is taken out."""


class Decline(_Order, frozen=True, tag="decline"):
    """The host refuses the next payments, with words of its own."""

    times: Times = 1
    reason: Annotated[str, Meta(pattern="^[A-Za-z0-9 ]{1,60}$")] = "Not enough balance"


class Host(_Order, frozen=True, tag="host"):
    """The acquirer; `approve_minor` is the most that it approves, 0 for all that is asked."""

    reachable: bool = True
    delay_ms: Annotated[int, Meta(ge=0, le=3_600_000)] = 300
    approve_minor: Annotated[int, Meta(ge=0, le=999_999_999_999)] = 0


class Mischief(StrEnum):
    """What goes wrong between terminal and till, or terminal and host, the next so many times."""

    LOSE_REQUEST = "lose-request"  # a question is not heard
    LOSE_REPLY = "lose-reply"  # it is done, and the answer is lost
    CUT_REPLY = "cut-reply"  # it is done, and the line breaks in the middle of the answer
    LATE = "late"  # it is done, and the answer comes after `late_ms`
    BUSY = "busy"  # a payment or a reversal is refused as Busy
    IN_PROGRESS = "in-progress"  # a status says InProgress, whatever is true
    NOT_FOUND = "not-found"  # a status says NotFound, whatever is true
    STALE_STATUS = "stale-status"  # a status repeats the answer before the one that was asked for
    STALE_REPLY = "stale-reply"  # the answer is the one to the payment before, well sealed
    WRONG_HMAC = "wrong-hmac"  # the HMAC of the answer is not of its text
    OTHER_HEADER = "other-header"  # the header outside is not the sealed one
    RUN_DUPLICATE = "run-duplicate"  # a ServiceID that was used is run as if it were new
    WRONG_REVERSAL = "wrong-reversal"  # the last payment is taken back, whatever was asked for
    IGNORE_ABORT = "ignore-abort"  # an abort is heard and does nothing
    LOSE_HOST_REPLY = "lose-host-reply"  # the host has said yes, and the terminal does not hear it


class Trouble(_Order, frozen=True, tag="trouble"):
    """Mischief to come; 0 times takes it away."""

    what: Mischief
    times: Times = 1


class Abort(msgspec.Struct, frozen=True):
    """The till wants it to stop."""


Order = Tap | Insert | Pin | CancelKey | Remove | Decline | Host | Trouble
Event = Tap | Insert | Pin | CancelKey | Remove | Abort
VERBS: Final = ("tap", "insert", "pin", "cancel", "remove", "decline", "host", "trouble")
