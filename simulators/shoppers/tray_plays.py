"""The plays at a tray, and their judge: what was listed for the till, held against what lay there."""

import random
from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec

from simulators.shoppers import tray
from simulators.shoppers.goods import Item
from simulators.shoppers.session import AFTER_MS, BEFORE_MS, Asks, Expected, Outcome, Said, Session, Verdict
from simulators.shoppers.stage import Actor, after
from simulators.shoppers.tray import Tray


class Play(msgspec.Struct, frozen=True):
    """One kind of session: `share` of all, and the actors who come at the same time."""

    share: int
    actors: tuple[Callable[[Tray], Actor], ...]
    asks: Asks = Asks.NEVER


PLAYS: Final = {
    "empties the basket": Play(34, (tray.emptying,)),
    "empties it, one queues": Play(16, (tray.emptying, tray.queueing)),
    "finds one more": Play(12, (tray.remembering,)),
    "takes one out": Play(12, (tray.thinking_better,)),
    "leans": Play(8, (tray.emptying, tray.leaning), Asks.IN_PASSING),
    "loses keys": Play(8, (tray.emptying, tray.losing_keys), Asks.MUST),
    "loses keys for a moment": Play(5, (tray.emptying, tray.losing_keys_for_a_moment), Asks.IN_PASSING),
    "loses keys, one queues": Play(2, (tray.emptying, tray.losing_keys, tray.queueing), Asks.MUST),
    "takes one out, one queues": Play(2, (tray.thinking_better, tray.queueing)),
    "brings strange goods": Play(5, (tray.emptying, tray.bringing_strange_goods), Asks.MUST),
}


def session(luck: random.Random) -> Session:
    """Draw a play, and the basket that it is played with."""
    (name,) = luck.choices(list(PLAYS), [play.share for play in PLAYS.values()])
    play, place = PLAYS[name], Tray(luck)
    actors = [after(BEFORE_MS, act(place)) for act in play.actors]
    lines = place.stage.play(actors, AFTER_MS)
    return Session(name, _told(place), {}, lines, place.stage.diary, partial(judge, place, play.asks))


def judge(place: Tray, asks: Asks, said: list[Said]) -> Verdict:
    """Compare the last list, and every list before it, with what lay in the tray."""
    is_asking, asked = False, 0
    lists: list[frozenset[str]] = []
    for each in said:
        if each.kind in {"Ambiguous", "Agreed"}:
            is_asking = each.kind == "Ambiguous"
            asked += is_asking
        elif each.kind == "Listed":
            lists.append(frozenset(each.event["epcs"]))
    listed = lists[-1] if lists else frozenset()
    told = "asked" if is_asking else "not listed"
    things = sorted(
        (_done(place, item), "listed" if item.epc in listed else told)
        for item in (*place.goods, *place.next_ones, place.stranger)
    )
    return Verdict(_outcome(place, asks, lists, is_asking=is_asking, asked=asked), tuple(things))


def _outcome(place: Tray, asks: Asks, lists: list[frozenset[str]], *, is_asking: bool, asked: int) -> Outcome:
    if any(listed - place.ever for listed in lists):
        return Outcome.WRONG
    if is_asking:
        return Outcome.ASKED_RIGHTLY if asks is Asks.MUST else Outcome.ASKED
    listed, ours = lists[-1] if lists else frozenset[str](), place.lying - {place.stranger.epc}
    if listed - ours:
        return Outcome.WRONG
    if ours - listed:
        return Outcome.MISSED
    if asks is Asks.MUST:
        return Outcome.UNTOLD
    return Outcome.ASKED_IN_PASSING if asked and asks is Asks.NEVER else Outcome.EXACT


def _done(place: Tray, item: Item) -> str:
    if item.epc in place.lying:
        return "strange" if item is place.stranger else "laid there"
    return "taken out" if item.epc in place.ever else "elsewhere"


def _told(place: Tray) -> dict[str, Expected]:
    return {
        item.epc: Expected(item.nominal_mg, item.tolerance_mg) for item in (*place.goods, *place.next_ones)
    }
