"""Stock on the request lane: how much of a product lies in other places of a shop, and in other shops.

A number is the hub's, of the moment that it names; what objects have sold and not told of yet is in it still.
"""

from typing import Annotated, Final

import msgspec

from cloud_sync.contract.encoding import Whole

PRODUCTS_MAX: Final = 60
"""The most products of one question: what they come to, at 2^53 units each, still fits an answer."""

_Gtin = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{14}$")]
_Holder = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
_Gtins = Annotated[tuple[_Gtin, ...], msgspec.Meta(min_length=1, max_length=PRODUCTS_MAX)]
_Units = Annotated[dict[_Gtin, Whole], msgspec.Meta(max_length=PRODUCTS_MAX)]


class StockAsked(msgspec.Struct, frozen=True, tag_field="what", tag="stock"):
    """A question on the request lane: how many units of these products lie where `holder` does not sell from.

    `holder` is the place that the asker sells from, which knows best what is there.
    """

    holder: _Holder
    gtins: _Gtins


class StockTold(msgspec.Struct, frozen=True, tag_field="what", tag="stock"):
    """Units that can be sold somewhere, as the hub has counted them; by GTIN, all that were asked for."""

    as_of_ms: Whole
    """All that the hub had heard by then is in it."""
    shop: _Units
    """In the asker's site, without what its own holder has."""
    elsewhere: _Units
    """In the other sites of its tenant."""
