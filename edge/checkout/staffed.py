"""What somebody of the shop does at the glass, as one frozen noun: all that a screen for staff needs."""

from typing import Final, Literal

import msgspec

from edge.checkout.asked import AgeAsked
from retail.units import Money

StaffStep = Literal["pin", "age", "menu", "receipt", "lines", "goods", "confirm", "done"]
"""Type the PIN; say whether a shopper is old enough; choose a deed; show a receipt; say what of it came back;
show goods that came without one; confirm the amount; read how it goes back."""

PAGE_LINES: Final = 4
"""So many lines stand on the glass at once: the smallest panel has room for that many fingers."""


class StaffLine(msgspec.Struct, frozen=True):
    """Goods that came back: `units` of at most `most`, and what one line of them cost."""

    name: str
    units: int
    most: int
    total: Money


class MoneyBack(msgspec.Struct, frozen=True):
    """How a part of the money goes back.

    By the way itself; in cash out of the drawer at once; at the desk under `code`; or by hand: another object
    took it, or its provider will not give it back, such as a card terminal a part of a payment.
    """

    how: Literal["way", "cash", "desk", "person"]
    way: str
    amount: Money
    code: str = ""


class Staffed(msgspec.Struct, frozen=True):
    """One moment of somebody's work at the glass.

    `said` is a stable code of what went wrong; `busy` says that something is being looked up or written.
    """

    step: StaffStep
    deed: str = ""
    """What is being done, as `operator` entries name it."""
    acts: tuple[str, ...] = ()
    """What the menu offers."""
    dots: int = 0
    """So many digits of a PIN were typed."""
    typed: str = ""
    """The digits of a receipt's number."""
    number: str = ""
    """The receipt that is looked at; when it is done, the notes of credit."""
    lines: tuple[StaffLine, ...] = ()
    """Those of this page."""
    page: int = 1
    pages: int = 1
    amount: Money | None = None
    money: tuple[MoneyBack, ...] = ()
    said: str = ""
    busy: bool = False
    age: AgeAsked | None = None
    """What a shopper who waits has to be old enough for."""
