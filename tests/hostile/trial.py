"""A trial at a door: whatever is knocked, nothing is written but counts, and the next good word is taken."""

import random
from typing import Final, Protocol

KNOCKS: Final = 6
"""So many bad words come before a good one."""


class Door(Protocol):
    """A door that takes bytes from outside, and somebody honest who uses it too."""

    def bent(self, luck: random.Random) -> bytes:
        """A word that was bent on its way, or was made to harm."""
        ...

    def knock(self, payload: bytes) -> None:
        """Bring a word to the door, which may raise nothing."""
        ...

    def kept(self) -> object:
        """All that bad words must not change: everything that is kept, without counts and alarms."""
        ...

    def prove(self) -> None:
        """Bring a good word; fail if it is not taken, or not answered."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


def check_attempt(door: Door, luck: random.Random) -> None:
    """One trial."""
    before = door.kept()
    knocked = [door.bent(luck) for _ in range(luck.randint(1, KNOCKS))]
    for payload in knocked:
        door.knock(payload)
    assert door.kept() == before, [payload[:200] for payload in knocked]
    door.prove()
