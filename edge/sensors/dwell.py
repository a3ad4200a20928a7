"""What people do with products, as a retailer may learn of it: interest, and nobody's name.

It tells of products and durations only. No item's serial number leaves here, no time of day, and nothing that
would tell one shopper from another; durations are whole seconds, so that two lists of them do not match.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from edge.events import Act, Event, Interest, Left, Presented, PutBack, Took
from edge.readings import Nanoseconds

# A grip that is over sooner was a hand that moved a pack aside: picked up, but not looked at.
_LOOK_NS: Final = Nanoseconds(2_000_000_000)

# Two products in hand together for so long are being compared; less is laying one down to take the other.
_COMPARE_NS: Final = Nanoseconds(1_000_000_000)

# A basket past this is no longer one person's look at products.
_HELD_MAX: Final = 100


class _Held(msgspec.Struct):
    """One item in a hand, and what has been told of it."""

    gtin: str
    since_ns: Nanoseconds
    looked: bool = False


class Dwell:
    """Events of a mirror, a shelf or a tray in, `Interest` out; `product` gives the GTIN of an item."""

    def __init__(self, product: Callable[[str], str | None]) -> None:
        self._product = product
        self._held: dict[str, _Held] = {}
        self._compared: set[tuple[str, str]] = set()

    def hear(self, event: Event, now_ns: Nanoseconds) -> Iterator[Interest]:
        """What one event says about interest."""
        match event:
            case Presented(epc=epc) | Took(epc=epc):
                yield from self._pick_up(epc, now_ns)
            case Left(epc=epc) | PutBack(epc=epc):
                yield from self._lay_down(epc, now_ns)
            case _:
                return

    def bought(self, epcs: Iterable[str], now_ns: Nanoseconds) -> Iterator[Interest]:
        """These items were sold; that they leave afterwards is no loss of interest."""
        yield from self.tick(now_ns)
        for epc in epcs:
            held = self._held.pop(epc, None)
            if held is not None:
                yield Interest(Act.BOUGHT, held.gtin, _lasted_ms(held, now_ns))
        self._forget_pairs()

    def tick(self, now_ns: Nanoseconds) -> Iterator[Interest]:
        """Time has passed: what is held for long enough is looked at, or compared."""
        for held in self._held.values():
            if not held.looked and now_ns - held.since_ns >= _LOOK_NS:
                held.looked = True
                yield Interest(Act.LOOKED_AT, held.gtin, _lasted_ms(held, now_ns))
        ready = sorted({held.gtin for held in self._held.values() if now_ns - held.since_ns >= _COMPARE_NS})
        for at, gtin in enumerate(ready):
            for other in ready[at + 1 :]:
                if (gtin, other) not in self._compared:
                    self._compared.add((gtin, other))
                    yield Interest(Act.COMPARED, gtin, other_gtin=other)

    def _pick_up(self, epc: str, now_ns: Nanoseconds) -> Iterator[Interest]:
        gtin = self._product(epc)
        if gtin is None or epc in self._held or len(self._held) >= _HELD_MAX:
            return
        yield from self.tick(now_ns)
        self._held[epc] = _Held(gtin, now_ns)
        yield Interest(Act.PICKED_UP, gtin)

    def _lay_down(self, epc: str, now_ns: Nanoseconds) -> Iterator[Interest]:
        yield from self.tick(now_ns)
        held = self._held.pop(epc, None)
        if held is not None:
            yield Interest(Act.ABANDONED, held.gtin, _lasted_ms(held, now_ns))
        self._forget_pairs()

    def _forget_pairs(self) -> None:
        """A pair that is taken up again later is compared again."""
        gtins = {held.gtin for held in self._held.values()}
        self._compared = {pair for pair in self._compared if gtins.issuperset(pair)}


def _lasted_ms(held: _Held, now_ns: Nanoseconds) -> int:
    return (now_ns - held.since_ns) // 1_000_000_000 * 1_000
