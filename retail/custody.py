"""The algebra of stock rights: units move from one holder to another and are never made or lost.

A holder is a place that can sell (`floor`, an object's name), or one of the four edges of the shop's world:
`supplier`, `transit`, `sold` and `count` (what a correction came from or went to).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

SUPPLIER: Final = "supplier"
TRANSIT: Final = "transit"
SOLD: Final = "sold"
COUNT: Final = "count"
QUARANTINE: Final = "quarantine"
"""The place of goods that came back, until a person has looked at them: nobody sells from it."""

EDGES: Final = frozenset({SUPPLIER, TRANSIT, SOLD, COUNT})
"""Holders that are no place in the shop: their balance may be negative."""


class CustodyError(ValueError):
    """A sale was asked for that moves nothing, or goods of a holder that has none to sell."""


class Move(msgspec.Struct, frozen=True, gc=False):
    """`units` (> 0) of one GTIN go from `giver` to `taker`: what one loses is what the other gains."""

    gtin: str
    giver: str
    taker: str
    units: int


Holdings = Mapping[tuple[str, str], int]
"""(holder, gtin) -> units."""


def after(holdings: Holdings, moves: Iterable[Move]) -> dict[tuple[str, str], int]:
    """What every holder has once `moves` are done."""
    result: Counter[tuple[str, str]] = Counter(dict(holdings))
    for move in moves:
        result[move.giver, move.gtin] -= move.units
        result[move.taker, move.gtin] += move.units
    return dict(result)


def moves_of_a_sale(held: Mapping[str, int], sold: Mapping[str, int], holder: str) -> tuple[Move, ...]:
    """The moves that a sale of `sold` (gtin -> units) from `holder` posts, given what it has (`held`).

    Goods in the hand are never refused for book stock: where the book has too few, the sale posts its own
    count correction first, so that rights never fall below zero and the overdraft stays visible. Raises
    CustodyError when `holder` is an edge, or when no units of a GTIN are sold.
    """
    if holder in EDGES:
        raise CustodyError(f"expected a place that sells, got {holder!r}: an edge of the shop has no goods")
    moves: list[Move] = []
    for gtin, units in sorted(sold.items()):
        if units <= 0:
            raise CustodyError(f"expected units of {gtin} above 0, got {units}")
        missing = units - held.get(gtin, 0)
        if missing > 0:
            moves.append(Move(gtin, COUNT, holder, missing))
        moves.append(Move(gtin, holder, SOLD, units))
    return tuple(moves)
