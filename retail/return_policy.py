"""What a shop takes back, and at which price without a receipt: a policy as data, and one function."""

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec

DAY_MS: Final = 24 * 3_600 * 1_000
MINUTE_MS: Final = 60 * 1_000


class ReturnPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long and how much; amounts in minor units of the sale's currency."""

    # An object forgets a payment after 90 days, and could not give back by it.
    days: Annotated[int, msgspec.Meta(ge=1, le=89)] = 30
    """So long after a sale its goods are taken back."""
    void_minutes: Annotated[int, msgspec.Meta(ge=0, le=60)] = 10
    """So long the last sale can be voided as a whole."""
    lowest_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 30
    """Without a receipt goods are worth the lowest price of so many days."""
    unproven_minor: Annotated[int, msgspec.Meta(ge=0)] = 5_000
    """The most that one return without a receipt pays out."""
    unproven_units: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10
    needs_staff: bool = True
    """Whether a person of the shop has to look at what comes back with a receipt."""


class PriceFrom(msgspec.Struct, frozen=True):
    """From a moment on one unit of a product cost so much, whatever took it down: book or promotion."""

    gtin: str
    price_minor: int
    from_ms: int


def lowest_minor(prices: Iterable[PriceFrom], gtin: str, now_ms: int, days: int) -> int | None:
    """The lowest price of a unit in the `days` before `now_ms`; None if it had none by then.

    The price that held when those days began is one of them.
    """
    since_ms = now_ms - days * DAY_MS
    known = sorted(
        (each.from_ms, each.price_minor) for each in prices if each.gtin == gtin and each.from_ms <= now_ms
    )
    began_ms = max((from_ms for from_ms, _ in known if from_ms <= since_ms), default=since_ms)
    return min((price_minor for from_ms, price_minor in known if from_ms >= began_ms), default=None)
