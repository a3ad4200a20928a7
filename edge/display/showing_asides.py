"""From what stands in the place of the goods to its screen: staff, an age check, sign-in, no network."""

from typing import Any

from msgspec.structs import replace

from edge.checkout.asked import AgeAsked, Away, SigningIn
from edge.checkout.state import State
from edge.display.screens import AgeCheck, Offline, PriceTag, SignIn, Staff


def beside(state: State, frame: Any, offer: PriceTag | None) -> Staff | AgeCheck | SignIn | Offline:
    """What stands in the place of the goods for a while; `frame` is what every screen carries."""
    if state.staffed is not None:
        return Staff(**frame, work=state.staffed, offer=offer)
    match state.aside:
        case AgeAsked() as asked:
            return AgeCheck(**frame, years=asked.years, comes=asked.comes, offer=offer)
        case SigningIn() as signing:
            return SignIn(**frame, signing=signing, offer=offer)
        case Away() as away:
            ways = state.paying.ways if away.what == "way" else state.ways
            works = tuple(way.name for way in ways)
            away_from = Offline(**frame, what=away.what, way=away.way, works=works, offer=offer)
            return replace(away_from, paid=state.paying.paid, warns=away.warns)
        case None:
            raise AssertionError(f"the till is at {state.stage.value}, but there is nothing of it")
