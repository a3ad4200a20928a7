"""The plays before a mirror, and their judge: what was shown, held against what was held up."""

import random
from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec

from simulators.shoppers import mirror
from simulators.shoppers.mirror import Mirror
from simulators.shoppers.session import AFTER_MS, BEFORE_MS, Outcome, Said, Session, Span, Verdict
from simulators.shoppers.stage import Actor, after

# A shopper has seen something within half a second, or wonders whether the mirror works.
SHOWN_MS_MAX: Final = 500
# On the way to the glass a garment may be shown a second early, and for a while after it was lowered.
EARLY_MS, LINGER_MS = 1_500, 3_000


class Play(msgspec.Struct, frozen=True):
    """One kind of session: `share` of all, and the actors who come at the same time."""

    share: int
    actors: tuple[Callable[[Mirror], Actor], ...]


PLAYS: Final = {
    "holds one up": Play(30, (mirror.holding,)),
    "compares two": Play(12, (mirror.holding, mirror.comparing)),
    "chooses another": Play(12, (mirror.choosing_another,)),
    "turns around": Play(10, (mirror.holding, mirror.turning)),
    "holds one up, one passes": Play(10, (mirror.holding, mirror.passing)),
    "holds one up, one carries off": Play(10, (mirror.holding, mirror.carrying_off)),
    "passes": Play(4, (mirror.passing,)),
    "carries off": Play(8, (mirror.carrying_off,)),
    "rummages": Play(4, (mirror.rummaging,)),
}


def session(luck: random.Random) -> Session:
    """Draw a play, and the garments that it is played with."""
    (name,) = luck.choices(list(PLAYS), [play.share for play in PLAYS.values()])
    place = Mirror(luck)
    actors = [after(BEFORE_MS, act(place)) for act in PLAYS[name].actors]
    return Session(name, {}, {}, place.stage.play(actors, AFTER_MS), place.stage.diary, partial(judge, place))


def judge(place: Mirror, said: list[Said]) -> Verdict:
    """Compare what was shown at each moment with what was held up."""
    shown: dict[str, list[Span]] = {}
    for each in said:
        if each.kind == "Presented":
            shown.setdefault(each.event["epc"], []).append(Span(round(each.at_ms)))
        elif each.kind == "Left" and each.event["epc"] in shown:
            shown[each.event["epc"]][-1].until_ms = round(each.at_ms)
    delays_ms = tuple(
        delay_ms for epc, held in place.front.items() for delay_ms in _delays(held, shown.get(epc, []))
    )
    things = sorted((_done(place, epc), "shown" if epc in shown else "nothing") for epc in _around(place))
    return Verdict(_outcome(place, shown, delays_ms), tuple(things), delays_ms)


def _outcome(place: Mirror, shown: dict[str, list[Span]], delays_ms: tuple[int, ...]) -> Outcome:
    for epc, spans in shown.items():
        held = place.front.get(epc, [])
        if any(not any(_fits(span, each) for each in held) for span in spans):
            return Outcome.WRONG
    if len(delays_ms) < sum(len(held) for held in place.front.values()):
        return Outcome.MISSED
    if any(len(shown[epc]) > len(held) for epc, held in place.front.items()):
        return Outcome.FLICKERED
    return Outcome.LATE if any(delay_ms > SHOWN_MS_MAX for delay_ms in delays_ms) else Outcome.EXACT


def _fits(span: Span, held: Span) -> bool:
    """Whether a garment was shown about while it was held up, and not for ever."""
    assert held.until_ms is not None, "a play ends when everything is lowered"
    return held.since_ms - EARLY_MS <= span.since_ms and (
        span.until_ms is not None and span.until_ms <= held.until_ms + LINGER_MS
    )


def _delays(held: list[Span], shown: list[Span]) -> list[int]:
    """For each time that a garment was held up and shown, how long that took; early is at once."""
    found = [next((s for s in shown if s.meets(h.since_ms, h.until_ms or 0)), None) for h in held]
    return [max(s.since_ms - h.since_ms, 0) for h, s in zip(held, found, strict=True) if s is not None]


def _around(place: Mirror) -> list[str]:
    return [item.epc for item in (*place.rail, place.first, place.second, place.other)]


def _done(place: Mirror, epc: str) -> str:
    return "held up" if epc in place.front else "elsewhere"
