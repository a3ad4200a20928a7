"""From a payment of the till to its screen: the choice of a way, what it asks, that it brought nothing."""

from typing import Any

from edge.checkout.state import Paying, Stage, State
from edge.display.panels import Room
from edge.display.screens import Asks, Declined, Method, Pay, PriceTag
from retail.units import Money


def choice_of(state: State, frame: Any, offer: PriceTag | None, room: Room) -> Pay:
    """How the shopper can pay; `frame` is what every screen carries."""
    paying = state.paying
    left = paying.left or state.total
    assert left is not None, "the till asks how to pay, but there is no total"
    ways = tuple(Method(way.name, _part(way.amount, left)) for way in paying.ways)
    return Pay(
        **frame,
        offer=offer,
        ways=ways,
        at_once=room.at_once(len(ways)),
        left=left,
        paid=paying.paid,
        warns=paying.warns,
    )


def _part(takes: Money, left: Money) -> Money | None:
    """What a way takes, where that is not all."""
    return None if takes == left else takes


def asked_of(paying: Paying) -> Asks | None:
    """What the chosen way asks of the shopper; None where nothing was chosen."""
    if paying.way is None:
        return None
    return Asks(
        way=paying.way.name,
        shows=paying.way.shows,
        amount=paying.way.amount,
        code=paying.code,
        wants_code=paying.wants_code,
        finds_out=paying.asks,
        warns=paying.warns,
        prompt=paying.prompt,
    )


def refusal_of(state: State, frame: Any, offer: PriceTag | None) -> Declined:
    """An attempt that brought nothing, or a purchase that is over, and what can be done."""
    paying, names = state.paying, [way.name for way in state.paying.ways]
    again = paying.way.name if paying.way is not None and paying.way.name in names else ""
    others = [way for way in paying.ways if way.name != again]
    return Declined(
        **frame,
        offer=offer,
        outcome=paying.outcome or "cancelled",
        paid=paying.paid,
        again=again,
        others=any(way.shows != "desk" for way in others),
        desk=any(way.shows == "desk" for way in others),
        over=state.stage is Stage.CANCELLED,
        warns=paying.warns,
    )
