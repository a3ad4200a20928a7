"""What a hub answers when people ask: figures, objects, sales, goods, and what needs a look.

Dataclasses, since the HTTP side describes those in its OpenAPI page by itself.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """The shop in numbers of one moment: sales, money and stock are those of exactly `entries` entries.

    `pending` more are here for good and not yet counted.
    """

    sales: dict[str, int]
    """Object -> sales."""
    money: dict[str, int]
    """Currency -> what was charged, in its minor unit."""
    stock: dict[str, int]
    """GTIN -> units in the shop: on the floor, on objects, on their way to them."""
    sold: dict[str, int]
    """GTIN -> units."""
    acked: dict[str, int]
    """Object -> the last entry of its present journal that is here for good."""
    entries: int
    pending: int


@dataclass(frozen=True)
class Fault:
    """What an object says is wrong with it: a stable word, and which device or part it is about."""

    code: str
    source: str


@dataclass(frozen=True)
class Standing:
    """An object as the hub knows it; `online` is None while it has told nothing of itself."""

    object: str
    tenant: str
    site: str
    name: str
    kind: str
    kid: str
    epoch: str
    acked: int
    head: int
    online: bool | None
    heard_ms: int
    sales: int
    money: dict[str, int]
    program: str
    """The version that sells there; '' before it was said."""
    faults: list[Fault]
    """What was wrong when it was heard last."""


@dataclass(frozen=True)
class SoldLine:
    """One line of a sale."""

    gtin: str
    name: str
    units: int
    total_minor: int


@dataclass(frozen=True)
class SoldSale:
    """A sale as an object recorded it."""

    object: str
    place: str
    """What people call the object."""
    sale: str
    number: str
    business_date: str
    tender: str
    currency: str
    total_minor: int
    units: int
    wall_ms: int
    lines: list[SoldLine]


@dataclass(frozen=True)
class Held:
    """So many units of a product with one holder."""

    tenant: str
    site: str
    holder: str
    gtin: str
    name: str
    units: int


@dataclass(frozen=True)
class Trouble:
    """Something that a person should look at: an alarm, or a case in quarantine."""

    kind: str
    subject: str
    sentence: str
    times: int
    at_ms: int


@dataclass(frozen=True)
class SiteNamed:
    """A site as people call it, and the currency that it sells in."""

    tenant: str
    site: str
    name: str
    currency: str
