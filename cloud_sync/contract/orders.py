"""Orders: what the shop asks of an object from afar, signed, for a while, and each obeyed once."""

from typing import Annotated, Final, Literal

import msgspec

from cloud_sync.contract.encoding import Whole
from cloud_sync.contract.requests import Id

ORDER_TYPE: Final = "opos-command"
"""The `typ` of the compact JWS that carries an `Order`, sealed by the hub's key for documents."""

VALID_S_MAX: Final = 24 * 3600
"""The longest life of an order: what was not obeyed within a day is not what the shop wants any more."""


class Identify(msgspec.Struct, frozen=True, tag_field="verb", tag="identify"):
    """Show on the glass which object you are, for so long: somebody stands in the shop and looks for it."""

    seconds: Annotated[int, msgspec.Meta(ge=1, le=600)] = 30


class CloseDoors(msgspec.Struct, frozen=True, tag_field="verb", tag="close-doors"):
    """Sell nothing until `OpenDoors`, also after a restart; what is being paid is ended first."""


class OpenDoors(msgspec.Struct, frozen=True, tag_field="verb", tag="open-doors"):
    """Sell again."""


class RotateKey(msgspec.Struct, frozen=True, tag_field="verb", tag="rotate-key"):
    """Make a new key, and say so in an entry that the old one signs."""


class SyncNow(msgspec.Struct, frozen=True, tag_field="verb", tag="sync-now"):
    """Send what waits, on a metered line too."""


class EndOfDay(msgspec.Struct, frozen=True, tag_field="verb", tag="end-of-day"):
    """Have the card terminal hand in what it took, as soon as nobody pays: an entry says what came of it."""


_Code = Annotated[str, msgspec.Meta(min_length=6, max_length=16)]
_Amount = Annotated[int, msgspec.Meta(ge=1, le=10**12)]
_Staff = Annotated[str, msgspec.Meta(pattern=r"^\w{12,32}$")]
"""A pseudonym: it stands in an entry for good."""


class TakeMoney(msgspec.Struct, frozen=True, tag_field="verb", tag="take-money"):
    """At the desk `staff` has taken this money for the code that the glass shows."""

    code: _Code
    amount_minor: _Amount
    staff: _Staff
    means: Literal["cash", "cheque"] = "cash"


class HandOut(msgspec.Struct, frozen=True, tag_field="verb", tag="hand-out"):
    """At the desk `staff` has handed this money back to the shopper of this code."""

    code: _Code
    amount_minor: _Amount
    staff: _Staff


Deed = Identify | CloseDoors | OpenDoors | RotateKey | SyncNow | TakeMoney | HandOut | EndOfDay


class Order(msgspec.Struct, frozen=True):
    """An order for the object `dev`, made and void at these milliseconds since 1970 by the hub's clock.

    An object knows the hub's time from its receipts; without any it takes the order for as fresh as the
    broker does, which forgets it when it is void.
    """

    dev: str
    id: Id
    at_ms: Whole
    expires_ms: Whole
    do: Deed


def verb_of(deed: Deed) -> str:
    """The word for a deed, as the command line has it."""
    tag = type(deed).__struct_config__.tag
    assert isinstance(tag, str)
    return tag
