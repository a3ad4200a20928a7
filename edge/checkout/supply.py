"""Supply: what lies in other places of this shop, and in others, as far as the hub vouches for it."""

from collections.abc import Mapping
from typing import Final

import msgspec

# Half of what is on a rail may be sold in an hour; in a quarter of one, nobody walks there for nothing.
SUPPLY_MS_MAX: Final = 15 * 60 * 1_000


class Supply(msgspec.Struct, frozen=True):
    """Units by GTIN in places that this object does not sell from, as the hub knew them at `as_of_ms`.

    Of a product that is not among them the hub has said nothing.
    """

    as_of_ms: int
    shop: Mapping[str, int]
    elsewhere: Mapping[str, int]


NO_SUPPLY: Final = Supply(0, {}, {})


def vouched(supply: Supply, now_ms: int, *, online: bool) -> Supply | None:
    """The supply, if somebody can vouch for it now; None of what is old, or from a clock that is wrong."""
    is_fresh = 0 <= now_ms - supply.as_of_ms <= SUPPLY_MS_MAX
    return supply if online and is_fresh else None
