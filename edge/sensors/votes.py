"""Votes: when a code that the camera saw is certain enough to be acted on, and what to say when it is not.

One look may be wrong, and readers that go by edges are wrong together where the press made bars too wide. So
a code counts when two looks agree, when nothing in view names another product, and when the shop knows it.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from edge.readings import CodeSeen

# Two looks: two readers, or one reader at two crops.
VOTES_MIN: Final = 2

# Five frames are a third of a second: what was seen before may have been put down since.
FRAMES: Final = 5

# A frame that shows a sheet of labels; beyond it votes are dropped, and with so many rivals nothing is lost.
VOTES_A_FRAME_MAX: Final = 200

# A shopper who holds still for eight frames, and nothing is clear: the picture will not get better.
PATIENCE_FRAMES: Final = 8

# EAN and UPC are confirmed by the reader that measures; the others find them by their edges.
_EDGES_DECEIVE: Final = frozenset({"EAN13", "EAN8", "UPCA", "UPCE"})
MEASURE: Final = "measure"
_CORRECTED: Final = frozenset({"QRCode", "MicroQRCode", "RMQRCode", "DataMatrix"})

# A line across a corner of these reads as a shorter code.
_CUT_OFF: Final = frozenset({"ITF", "Codabar"})

Known = Callable[[str], bool]
"""Whether the shop's catalogue has a GTIN-14."""


class CameraAsked(msgspec.Struct, frozen=True):
    """What is to be looked through (a number or a path), and the products that a vote may be for."""

    source: str
    gtins: tuple[str, ...]


class Voted(msgspec.Struct, frozen=True):
    """One code with its votes; only an `accepted` one may be acted on without asking.

    `text` is plain data, with U+001D for a GS1 separator: it must never be shown or run as anything else.
    """

    symbology: str
    text: str
    gtin14: str | None
    votes: int
    accepted: bool


class Nothing(msgspec.Struct, frozen=True, tag=True):
    """No code is in view."""


class HoldStill(msgspec.Struct, frozen=True, tag=True):
    """Something was seen, but not clearly enough yet."""


class Accepted(msgspec.Struct, frozen=True, tag=True):
    """One code is certain."""

    code: Voted


class Ask(msgspec.Struct, frozen=True, tag=True):
    """The picture will not tell: let the shopper choose among these, or scan again. Nothing is charged."""

    candidates: tuple[Voted, ...]


Verdict = Nothing | HoldStill | Accepted | Ask


def count(votes: Iterable[CodeSeen], known: Known) -> tuple[Voted, ...]:
    """All codes of these votes, the most voted first."""
    piles: dict[str, list[CodeSeen]] = {}
    for vote in votes:
        piles.setdefault(_key(vote), []).append(vote)
    rivals = Counter(_contest(pile[0]) for pile in piles.values())
    counted = [_voted(pile, known, rivals=rivals[_contest(pile[0])] > 1) for pile in piles.values()]
    return tuple(sorted(counted, key=lambda code: (-code.votes, code.symbology, code.text)))


def _key(vote: CodeSeen) -> str:
    """Votes for one product are one pile; a code that names none stands for itself."""
    return vote.gtin14 or f"{vote.symbology} {vote.text}"


def _look(vote: CodeSeen, *, measured: bool) -> tuple[str, str]:
    """What counts once: a reader at a crop; all that go by edges together, until the code was measured."""
    if vote.symbology in _EDGES_DECEIVE and not measured:
        return "edges", ""
    return vote.reader, vote.crop


def _whole(vote: CodeSeen, known: Known) -> bool:
    """Whether a code is what it says: goods of the shop, or a text that cannot be a part of a longer one."""
    if vote.gtin14 is not None:
        return known(vote.gtin14)
    return vote.symbology not in _CUT_OFF


def _contest(vote: CodeSeen) -> str:
    """What only one code in view can be: the product, or the one text of a kind of bars.

    Matrix codes correct their errors, and several beside each other are what they are.
    """
    if vote.gtin14 is not None:
        return "product"
    return f"{vote.symbology} {vote.text}" if vote.symbology in _CORRECTED else vote.symbology


def _voted(pile: list[CodeSeen], known: Known, *, rivals: bool) -> Voted:
    first = min(pile, key=lambda vote: (vote.symbology, vote.text))
    measured = any(vote.reader == MEASURE for vote in pile)
    votes = len({_look(vote, measured=measured) for vote in pile})
    accepted = votes >= VOTES_MIN and not rivals and _whole(first, known)
    return Voted(first.symbology, first.text, first.gtin14, votes, accepted)


def glances(looks: Iterable[list[CodeSeen]], now_ns: Callable[[], int], budget_ns: int) -> list[CodeSeen]:
    """The votes of as many looks as one frame has time for, or until all that was seen was seen twice.

    The first look always fits, and one that has begun is ended.
    """
    until_ns = now_ns() + budget_ns
    votes: list[CodeSeen] = []
    for more in looks:
        votes += more
        settled = more and all(code.votes >= VOTES_MIN for code in count(votes, lambda _: True))
        if settled or now_ns() >= until_ns:
            break
    return votes


def same(one: Verdict, other: Verdict) -> bool:
    """Whether two verdicts tell the shopper the same, however many votes they rest on."""
    match one, other:
        case Accepted(), Accepted():
            return _named(one.code) == _named(other.code)
        case Ask(), Ask():
            return sorted(map(_named, one.candidates)) == sorted(map(_named, other.candidates))
        case _:
            return type(one) is type(other)


def _named(code: Voted) -> str:
    return code.gtin14 or f"{code.symbology} {code.text}"


class Watch:
    """Votes over frames: what the last few of them show, and what to say about it."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._frames: deque[list[CodeSeen]] = deque(maxlen=FRAMES)
        self._number = 0
        self._unclear = 0

    def frame(self, votes: Iterable[CodeSeen]) -> Verdict:
        """What is known after one more frame; the same crop of another frame is another look."""
        self._number += 1
        self._frames.append([_of_frame(vote, self._number) for vote in votes][:VOTES_A_FRAME_MAX])
        codes = count((vote for frame in self._frames for vote in frame), self._known)
        certain = [code for code in codes if code.accepted]
        if certain or not codes:
            self._unclear = 0
            return Accepted(min(certain, key=_goods_first)) if certain else Nothing()
        self._unclear += 1
        if self._unclear < PATIENCE_FRAMES:
            return HoldStill()
        return Ask(tuple(code for code in codes if code.gtin14 and self._known(code.gtin14)))


def _of_frame(vote: CodeSeen, number: int) -> CodeSeen:
    return msgspec.structs.replace(vote, crop=f"{number} {vote.crop}")


def _goods_first(code: Voted) -> tuple[bool, int]:
    return code.gtin14 is None, -code.votes
