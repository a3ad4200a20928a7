"""What the till is doing right now, as one frozen noun: all that the glass needs to know."""

from enum import Enum

import msgspec

from retail.units import Money


class Stage(Enum):
    """Where the shopper stands with this object."""

    UNPAIRED = "unpaired"  # no signed price book yet: nothing may be sold
    IDLE = "idle"  # nothing is in front of the object, or in a hand
    OFFERED = "offered"  # goods are there, priced, and can be bought
    RECORDING = "recording"  # "Buy now" was tapped: the sale is on its way to the disk
    DONE = "done"  # the sale is durable: the goods are the shopper's
    DISAGREE = "disagree"  # the sensors contradict each other: nothing can be charged
    OUT_OF_SERVICE = "out-of-service"  # a device or the disk that selling needs is gone


class Goods(msgspec.Struct, frozen=True):
    """A product as the glass may show it: words in every language that the book has, price and unit price."""

    gtin: str
    names: dict[str, str]
    """Language -> name."""
    details: dict[str, tuple[str, ...]]
    """Language -> what else a shopper wants to know, in order."""
    price: Money
    unit_price: Money | None
    """Price of a kilogram, where the law wants it beside the price."""
    here: int | None
    """Units that can be had here; None when the object cannot vouch for a number."""


class BasketLine(msgspec.Struct, frozen=True):
    """So many units of one product, and what they cost together."""

    goods: Goods
    units: int
    total: Money


class TaxShown(msgspec.Struct, frozen=True):
    """One row of the tax table: the rate in basis points, and the tax at that rate in the total."""

    rate_bp: int
    tax: Money


class Sold(msgspec.Struct, frozen=True):
    """A sale that is in the journal: receipt number, what was charged, and the receipt as a compact JWS."""

    sale: str
    number: str
    total: Money
    units: int
    receipt: str


class State(msgspec.Struct, frozen=True):
    """The till at one moment.

    `number` grows with every change: a tap names the number that it was painted on, and the till ignores a
    tap on anything older.
    """

    number: int
    stage: Stage
    online: bool
    language: str
    """The language that the shopper chose, or the site's own."""
    languages: tuple[str, ...]
    lines: tuple[BasketLine, ...] = ()
    total: Money | None = None
    taxes: tuple[TaxShown, ...] = ()
    offer: Goods | None = None
    """What a shelf holds for sale while nobody has taken any: shown while idle."""
    sold: Sold | None = None
    trouble: str | None = None
    """Why it is out of service or disagrees: a stable code for the glass to find words for."""
    identify: bool = False
    """Somebody in the shop looks for this object."""


class Tap(Enum):
    """What a shopper can ask for."""

    BUY = "buy"
    DONE = "done"
    LANGUAGE = "language"


class Answer(Enum):
    """What became of a tap."""

    ACCEPTED = "accepted"
    STALE = "stale"  # it was painted on an older screen: nothing was done
    REFUSED = "refused"  # this screen has no such control
