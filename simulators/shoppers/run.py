"""One run: as many sessions as were asked for, all from one seed, heard by one process."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from simulators.shoppers import loose, mirror_plays, shelf_plays, tray_plays
from simulators.shoppers.sensing import command, sensed
from simulators.shoppers.session import Outcome, Said, Session
from simulators.shoppers.stage import Act
from simulators.shoppers.table import Judged, Table, table

_PLAYS: Final[Mapping[str, Callable[[random.Random], Session]]] = {
    "shelf": shelf_plays.session,
    "mirror": mirror_plays.session,
    "loose": loose.session,
    "alike": loose.session_alike,
    "tray": tray_plays.session,
}


class Told(msgspec.Struct, frozen=True):
    """One session from both sides."""

    play: str
    outcome: Outcome
    done: list[Act]
    said: list[Said]


def drawn(objects: str, seed: int, number: int) -> Session:
    """The session of this number: the same for the same seed, however many there are."""
    return _PLAYS[objects](random.Random(f"{objects} {seed} {number}"))  # noqa: S311 (a play, no secret)


def run(objects: str, sessions: int, seed: int, sensing: Sequence[str] | None = None) -> Table:
    """Let a sensing hear the sessions, and judge what it said; without `sensing` it is the product's own.

    Raises SensingError.
    """
    played: dict[str, Session] = {}

    def play() -> Iterator[tuple[str, Session]]:
        for number in range(sessions):
            played[str(number)] = drawn(objects, seed, number)
            yield str(number), played[str(number)]

    said = sensed(sensing or command(objects), play())
    judged = [Judged(int(n), each.play, each.judge(said.get(n, []))) for n, each in played.items()]
    return table(objects, seed, judged)


def one(objects: str, seed: int, number: int) -> Told:
    """Play a single session again, and tell what was done beside what was said.

    Raises SensingError.
    """
    session = drawn(objects, seed, number)
    said = sensed(command(objects), [(str(number), session)]).get(str(number), [])
    return Told(session.play, session.judge(said).outcome, session.diary, said)
