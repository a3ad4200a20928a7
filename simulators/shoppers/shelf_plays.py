"""The plays before a shelf: who comes, how often, and whether an honest sensing may have to ask."""

import random
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import msgspec

from simulators.shoppers import shelf_actors as actors
from simulators.shoppers.goods import Item
from simulators.shoppers.session import AFTER_MS, BEFORE_MS, Asks, Expected, Session
from simulators.shoppers.shelf import Shelf
from simulators.shoppers.shelf_judge import judge
from simulators.shoppers.stage import Actor, after


class Play(msgspec.Struct, frozen=True):
    """One kind of session: `share` of all, and the actors who come at the same time."""

    share: int
    actors: tuple[Callable[[Shelf], Actor], ...]
    asks: Asks = Asks.NEVER


# What can only be understood by asking is rarer than shopping, and still is a tenth of it.
PLAYS: Final = {
    "takes one": Play(18, (actors.taking,)),
    "takes two": Play(10, (partial(actors.taking, count=2),)),
    "takes three": Play(6, (partial(actors.taking, count=3),)),
    "grabs two": Play(6, (actors.grabbing,)),
    "puts back": Play(12, (actors.thinking_better,)),
    "swaps": Play(10, (actors.swapping,)),
    "leans": Play(6, (actors.leaning,), Asks.IN_PASSING),
    "looks": Play(5, (actors.looking,)),
    "walks past": Play(5, (actors.passing,)),
    "two take": Play(5, (actors.taking, actors.taking)),
    "one takes, one puts back": Play(5, (actors.taking, actors.thinking_better)),
    "one takes, one leans": Play(2, (actors.taking, actors.leaning), Asks.IN_PASSING),
    "leaves a strange thing": Play(3, (actors.misplacing,), Asks.MUST),
    "leaves it next door": Play(2, (actors.misplacing_next_door,), Asks.ALWAYS_ALLOWED),
    "hides a tag": Play(2, (actors.hiding,), Asks.ALWAYS_ALLOWED),
    "tears a tag off": Play(2, (actors.tearing_off,), Asks.MUST),
    "replaces it": Play(1, (actors.replacing,), Asks.MUST),
}


def session(luck: random.Random) -> Session:
    """Draw a play, and what it is played with."""
    (name,) = luck.choices(list(PLAYS), [play.share for play in PLAYS.values()])
    play, place = PLAYS[name], Shelf(luck)
    cast = [after(BEFORE_MS, act(place)) for act in play.actors]
    return Session(
        name,
        _told(place.goods),
        _told(item for item in place.strangers if item.is_ours),
        place.stage.play(cast, AFTER_MS),
        place.stage.diary,
        partial(judge, place, play.asks),
    )


def _told(items: Iterable[Item]) -> dict[str, Expected]:
    return {item.epc: Expected(item.nominal_mg, item.tolerance_mg) for item in items}
