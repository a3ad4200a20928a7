"""What hands do at the terminal: a shopper's card and PIN, the merchant's paper, the host, and mischief."""

from enum import StrEnum
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

CardName = Literal["visa", "mastercard", "girocard", "maestro", "amex"]
Times = Annotated[int, Meta(ge=0, le=1000)]


class _Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb"):
    """An order of a hand."""


class Tap(_Order, frozen=True, tag="tap"):
    """A card is held before the terminal."""

    card: CardName = "visa"


class Insert(_Order, frozen=True, tag="insert"):
    """A card is put into the slot, and stays there."""

    card: CardName = "visa"


class Pin(_Order, frozen=True, tag="pin"):
    """A PIN is typed."""

    right: bool = True


class CancelKey(_Order, frozen=True, tag="cancel"):
    """The red key."""


class Remove(_Order, frozen=True, tag="remove"):
    """The card is taken out."""


class Decline(_Order, frozen=True, tag="decline"):
    """The host refuses the next payments, with a result of its own (hexadecimal 01 to 63)."""

    times: Times = 1
    result: Annotated[int, Meta(ge=0x01, le=0x63)] = 0x21


class Fail(_Order, frozen=True, tag="fail"):
    """The next commands are accepted and end in this error, whatever they are; nothing is done."""

    times: Times = 1
    result: Annotated[int, Meta(ge=0x01, le=0xFF)] = 0xFF


class Host(_Order, frozen=True, tag="host"):
    """The acquirer; `approve_minor` is the most that it approves, 0 for all that is asked."""

    reachable: bool = True
    delay_ms: Annotated[int, Meta(ge=0, le=3_600_000)] = 300
    approve_minor: Annotated[int, Meta(ge=0, le=999_999_999_999)] = 0


class Paper(_Order, frozen=True, tag="paper"):
    """The terminal's own roll."""

    state: Literal["ok", "out"] = "ok"


class Mischief(StrEnum):
    """What goes wrong between terminal and till, or terminal and host, the next so many times."""

    LOSE_COMMAND = "lose-command"  # a command of the till is not heard
    LOSE_ACCEPT = "lose-accept"  # it is done, but our 80 00 00 is lost
    LOSE_STATUS = "lose-status"  # our 04 0F is lost
    LOSE_ANSWER = "lose-answer"  # the till's answer to our 04 0F is lost
    LOSE_END = "lose-end"  # our 06 0F or 06 1E is lost
    REFUSE = "refuse"  # a command is refused as busy
    DOUBLE_STATUS = "double-status"  # 04 0F comes twice
    END_FIRST = "end-first"  # 06 0F comes before 04 0F
    STALE_REPEAT = "stale-repeat"  # 06 20 tells of the transaction before the last
    WRONG_REVERSAL = "wrong-reversal"  # 06 30 takes back the last payment, whatever receipt was asked for
    LOSE_HOST_REPLY = "lose-host-reply"  # the host has said yes, and the terminal does not hear it


class Trouble(_Order, frozen=True, tag="trouble"):
    """Mischief to come; 0 times takes it away."""

    what: Mischief
    times: Times = 1


class Abort(msgspec.Struct, frozen=True):
    """The till has sent 06 B0."""


Order = Tap | Insert | Pin | CancelKey | Remove | Decline | Fail | Host | Paper | Trouble
Event = Tap | Insert | Pin | CancelKey | Remove | Abort
VERBS: Final = ("tap", "insert", "pin", "cancel", "remove", "decline", "fail", "host", "paper", "trouble")
