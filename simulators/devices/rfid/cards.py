"""Cards in front of a reader that knows them by their numbers: a hand lays them down and takes them away."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from simulators.devices.device import RefusedError, read_order, understood


class PutCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="put"):
    """A hand lays a card before the reader."""

    uid: str


class TakeCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="take"):
    """A hand takes a card away."""

    uid: str


class ClearCards(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="clear"):
    """A hand takes every card away."""


class Deck(msgspec.Struct):
    """What stays when the power goes."""

    cards: list[str] = []


Hand = PutCard | TakeCard | ClearCards
VERBS: Final[tuple[str, ...]] = ("put", "take", "clear")


class Cards:
    """The cards, in the order in which they were laid down; `sizes` are the bytes that a number may have."""

    def __init__(self, sizes: tuple[int, ...], most: int) -> None:
        self._sizes = sizes
        self._most = most
        self.uids: list[bytes] = []

    def put(self, uid: str) -> None:
        """Lay a card down; one that lies there already stays where it is."""
        number = self._number(uid)
        if number in self.uids:
            return
        if len(self.uids) >= self._most:
            raise RefusedError(f"{self._most} cards are all that fit before it: take one away first")
        self.uids.append(number)

    def take(self, uid: str) -> None:
        """Take a card away."""
        number = self._number(uid)
        if number not in self.uids:
            raise RefusedError(f"the card {uid} is not before the reader")
        self.uids.remove(number)

    def obey(self, order: Mapping[str, Any]) -> None:
        """Do what a hand asks with one of VERBS."""
        hand: Hand = read_order(order, VERBS, Hand)
        match hand:
            case PutCard(uid=uid):
                self.put(uid)
            case TakeCard(uid=uid):
                self.take(uid)
            case ClearCards():
                self.uids.clear()

    def world(self) -> dict[str, Any]:
        """Say which cards lie there."""
        return {"cards": [uid.hex().upper() for uid in self.uids]}

    def restore(self, world: Mapping[str, Any]) -> None:
        """Put everything back."""
        self.uids.clear()
        deck: Deck = understood(world, Deck, "the cards before the reader")
        for uid in deck.cards:
            self.put(uid)

    def _number(self, uid: str) -> bytes:
        try:
            number = bytes.fromhex(uid)
        except ValueError:
            number = b""
        if len(number) not in self._sizes:
            sizes = " or ".join(str(2 * size) for size in self._sizes)
            raise RefusedError(f"{uid!r} is no number of a card: expected {sizes} hexadecimal digits")
        return number
