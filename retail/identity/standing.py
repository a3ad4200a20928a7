"""Whether what a label says may be sold here today."""

from collections.abc import Container
from datetime import date
from enum import Enum
from typing import Final, Protocol

import msgspec

from retail.identity.gs1.dates import day
from retail.units import Gtin


class Standing(Enum):
    """May it be sold, and if not, why not."""

    SELLABLE = "sellable"
    EXPIRED = "expired"  # its use-by day has passed; a best-before day is the shopper's own affair
    RECALLED = "recalled"
    ELSEWHERE = "elsewhere"  # its number means something in another shop or country


class Recall(msgspec.Struct, frozen=True):
    """What was called back: a product, or one lot or one item of it."""

    gtin14: Gtin
    lot: str | None = None
    serial: str | None = None


EVERYWHERE: Final[frozenset[str]] = frozenset()
"""A shop that gives no meaning to numbers of restricted circulation."""


class Labelled(Protocol):
    """All that is asked of a label: what `retail.identity.gs1.label.Label` says under these names."""

    @property
    def gtin14(self) -> str | None:
        """The product."""
        ...

    @property
    def serial(self) -> str | None:
        """The item."""
        ...

    @property
    def lot(self) -> str | None:
        """The batch that it was made in."""
        ...

    @property
    def expiry(self) -> str | None:
        """The last day that it may be used on, as YYMMDD."""
        ...

    @property
    def circulation(self) -> str | None:
        """Where its number means something, if not everywhere."""
        ...


def standing(
    label: Labelled, today: date, recalls: Container[Recall] = (), own: Container[str] = EVERYWHERE
) -> Standing:
    """Judge a label. `own` are the circulations (`geo`, `company`) that this shop gives a meaning to.

    A recall weighs more than a date, since it may concern those who have bought before.
    """
    if any(each in recalls for each in _could_be_recalled(label)):
        return Standing.RECALLED
    if label.expiry is not None and day(label.expiry, today.year) < today:
        return Standing.EXPIRED
    if label.circulation is not None and label.circulation not in own:
        return Standing.ELSEWHERE
    return Standing.SELLABLE


def _could_be_recalled(label: Labelled) -> tuple[Recall, ...]:
    if label.gtin14 is None:
        return ()
    gtin14 = Gtin(label.gtin14)
    return (
        Recall(gtin14),
        Recall(gtin14, lot=label.lot),
        Recall(gtin14, serial=label.serial),
        Recall(gtin14, lot=label.lot, serial=label.serial),
    )
