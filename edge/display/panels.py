"""The panels: how that of each kind of object is laid out, and what fits on it."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Kind = Literal["mirror", "shelf", "tray", "panel"]
Layout = Literal["mirror", "shelf", "wide"]

LAYOUTS: Final[Mapping[Kind, Layout]] = {
    "mirror": "mirror",
    "shelf": "shelf",
    "tray": "wide",
    "panel": "wide",
}
"""How the panel of each kind of object is laid out."""


class Room(msgspec.Struct, frozen=True):
    """The rows of a basket that fit a panel, and how many of them give way to something else.

    `tall` are the rows when some have a button; a `notice`, of which there are `notices` at most, and a
    `choice` of products take the place of so many.
    """

    lines: int
    tall: int
    notices: int
    notice: int
    choice: int
    ways: int = 7
    """So many ways to pay have room for a finger each."""

    def at_once(self, ways: int) -> int:
        """How many of so many ways to pay stand there: of too many, the last place leads to the others."""
        return ways if ways <= self.ways else self.ways - 1


ROOMS: Final[Mapping[Layout, Room]] = {
    "mirror": Room(lines=6, tall=4, notices=2, notice=1, choice=2),
    "shelf": Room(lines=4, tall=3, notices=1, notice=1, choice=0, ways=5),
    "wide": Room(lines=6, tall=5, notices=2, notice=2, choice=2),
}
"""Of a longer basket the last row says what the others come to."""

LARGER: Final[Mapping[Layout, Room]] = {
    "mirror": Room(lines=5, tall=3, notices=2, notice=1, choice=1),
    "shelf": Room(lines=2, tall=2, notices=1, notice=1, choice=0, ways=5),
    "wide": Room(lines=4, tall=3, notices=1, notice=1, choice=1),
}
"""The same in larger letters."""


def room_of(layout: Layout, *, larger: bool) -> Room:
    """What fits on a panel."""
    return (LARGER if larger else ROOMS)[layout]
