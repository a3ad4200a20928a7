"""Which of the tags that are heard lie on a scale: the set that explains its weight, if only one does."""

from collections.abc import Mapping
from typing import Final

import msgspec

from edge.sensors.account import Change
from edge.sensors.weights import Pack

# All that speaks for a set or against it is counted in decibans: ten are 10 to 1, twenty 100 to 1. One set is
# believed if it is a hundred times as likely as any other, and not too much speaks against it.
_MARGIN: Final = 20
_AGAINST_MAX: Final = 40
_SEEN: Final = _AGAINST_MAX + _MARGIN

# Another explanation of any weight is a thing whose tag nobody has heard: a deciban less likely with every
# other round, and at last only a thing without a tag that happens to weigh the same.
_ROUNDS_A_DECIBAN: Final = 2
_UNHEARD_MAX: Final = 10

# A weight that is off by one standard deviation costs so many hundredths of a deciban, by n of them n squared
# times as many. Packs differ evenly within their tolerance, each by itself: a third of its square is their
# variance. What is off by more than 3.4 standard deviations is not explained.
_A_VARIANCE: Final = 217
_MISFIT_MAX: Final = 25

# Past so many sets nobody has seen all that are likely: the tags have to be heard better first.
_STEPS_MAX: Final = 2_000
_SETS_MAX: Final = 6


class Tag(msgspec.Struct, frozen=True):
    """A tag that is heard: what its item weighs, how likely it lies here, and whether it did before."""

    pack: Pack
    decibans: int
    lay: bool


class Solved(msgspec.Struct, frozen=True):
    """These lie here, and nothing else explains the weight nearly as well; `rivals` do it worse."""

    epcs: frozenset[str]
    rivals: tuple[frozenset[str], ...] = ()


class Several(msgspec.Struct, frozen=True):
    """More than one set fits, or the one that does is not likely enough: more rounds may tell."""

    candidates: tuple[tuple[str, ...], ...]


class Misfit(msgspec.Struct, frozen=True):
    """No likely set of these tags fits: so much more has come than the likeliest, or less."""

    off_mg: int


class _Way(msgspec.Struct, frozen=True):
    """One set, as those tags that are not where they most likely are; and what speaks against it."""

    against: int
    odd: tuple[str, ...]


def solve(tags: Mapping[str, Tag], change: Change, rounds: int) -> Solved | Several | Misfit:
    """What lies in a heap after its weight has changed, and the reader has listened for so many rounds."""
    likeliest = frozenset(epc for epc, tag in tags.items() if tag.decibans >= 0)
    search = _Search(tags, likeliest, change)
    search.go()
    ways = sorted(search.ways, key=lambda way: (way.against, way.odd))
    if search.complete and (not ways or ways[0].against > _AGAINST_MAX):
        return Misfit(search.off_mg)
    sets = [likeliest.symmetric_difference(way.odd) for way in ways]
    if not ways or not search.complete or not _is_clear(ways) or not _are_heard(tags, sets[0], rounds):
        return Several(tuple(sorted(tuple(sorted(lying)) for lying in sets[:_SETS_MAX])))
    return Solved(sets[0], tuple(sets[1 : 1 + _SETS_MAX]))


def _is_clear(ways: list[_Way]) -> bool:
    return len(ways) == 1 or ways[1].against - ways[0].against >= _MARGIN


def _are_heard(tags: Mapping[str, Tag], lying: frozenset[str], rounds: int) -> bool:
    return all(tags[epc].lay or is_heard(tags[epc].decibans, rounds) for epc in lying)


def is_heard(decibans: int, rounds: int) -> bool:
    """Whether it is likelier that this tag has come than a thing of the same weight that nobody has heard."""
    return decibans + min(rounds // _ROUNDS_A_DECIBAN, _UNHEARD_MAX) >= _MARGIN


class _Search:
    """A walk over the sets that are not too unlikely: each tag may be where it likely is not, at a price."""

    def __init__(self, tags: Mapping[str, Tag], likeliest: frozenset[str], change: Change) -> None:
        self._tags = sorted(tags.items(), key=lambda each: (abs(each[1].decibans), each[0]))
        self._odd: list[str] = []
        self._steps = 0
        moved = [tag for epc, tag in self._tags if tag.lay is not (epc in likeliest)]
        self.off_mg = change.change_mg - sum(_effect_mg(tag) for tag in moved)
        self._likeliest = likeliest
        # The error of a change is taken for one standard deviation, though it is more: loads creep.
        self._variance_3 = sum(tag.pack.tolerance_mg**2 for tag in moved) + 3 * change.error_mg**2
        self.ways: list[_Way] = []
        self.complete = True

    def go(self) -> None:
        """Find all."""
        self._go(0, 0, self.off_mg, self._variance_3)

    def _go(self, at: int, against: int, off_mg: int, variance_3: int) -> None:
        self._steps += 1
        if self._steps > _STEPS_MAX:
            self.complete = False
            return
        misfit = 3 * _A_VARIANCE * off_mg**2 // (100 * max(variance_3, 1))
        if misfit <= _MISFIT_MAX and against + misfit <= _SEEN:
            self.ways.append(_Way(against + misfit, tuple(self._odd)))
        for then, (epc, tag) in enumerate(self._tags[at:], at + 1):
            if against + abs(tag.decibans) > _SEEN:
                break  # those that follow cost more
            sign = 1 if tag.lay is (epc in self._likeliest) else -1  # it has moved after all, or has not
            self._odd.append(epc)
            self._go(
                then,
                against + abs(tag.decibans),
                off_mg - sign * _effect_mg(tag),
                variance_3 + sign * tag.pack.tolerance_mg**2,
            )
            self._odd.pop()


def _effect_mg(tag: Tag) -> int:
    """How the weight changes when it moves."""
    return -tag.pack.mass_mg if tag.lay else tag.pack.mass_mg
