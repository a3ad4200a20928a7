"""A world: some objects, a broker that lies and a hub; a bad day from one seed, and the evening after it."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.topics import address_of
from proofs.broker import CALM, Broker, End, some_temper
from proofs.card import Card
from proofs.chronicle import Chronicle, insist
from proofs.ground import BEGAN_MS
from proofs.hub import Hub
from proofs.kept import Journal
from proofs.objects import ShopObject
from proofs.shop import OBJECTS, first_key

# Many times the longest patience of anybody: who has not come to an end by then never will.
_EVENING_S: Final = 400
_LOOK_S: Final = 0.5
# Most worlds have one object: two are no more than two worlds, but for what they do to each other.
_HOW_MANY: Final = (1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4)


class World:
    """Everything of one seed; mishaps are brought from outside."""

    def __init__(self, root: Path, luck: random.Random) -> None:
        self._root = root
        self.luck = luck
        self.loop = asyncio.get_running_loop()
        self.chronicle = Chronicle()
        self.broker = Broker(luck, some_temper(luck))
        self.hub = Hub(root, luck, lambda: BEGAN_MS + round(self.loop.time() * 1e3), self.chronicle)
        self.hub.answered, self.hub.died = self.broker.publish, self._after_a_death
        self.broker.ends = self._ends
        self.objects: list[ShopObject] = []
        self._cards = 0
        for name in OBJECTS[: luck.choice(_HOW_MANY)]:
            card = Card(self.new_card())
            card.keep_key(first_key(name))
            self.place(name, card)

    def new_card(self) -> Path:
        """Where a card can be made."""
        self._cards += 1
        return self._root / f"card-{self._cards}"

    def place(self, name: str, card: Card, announced: int = 0) -> None:
        """An object begins to work with this card; so many deliveries are announced to it."""
        placed = ShopObject(name, card, self.broker, self.chronicle, self.luck)
        placed.confirmed, placed.announced = self._confirmed, announced
        self.objects.append(placed)
        placed.start()

    def hub_works(self) -> None:
        """The hub runs, and the broker gives it what it has kept."""
        if not self.hub.listens:
            self.hub.start()
        self.broker.flush()

    def broker_works(self) -> None:
        """The broker runs, and everybody who has a cable comes back."""
        self.broker.start()
        for each in self.objects:
            each.line()

    async def evening(self) -> None:
        """Everything is repaired, nothing fails any more, and the last of the day reaches the hub."""
        self.broker.temper, self.broker.full = CALM, False
        self.broker_works()
        self.hub.put_it_out()
        self.hub_works()
        for each in self.objects:
            each.card.make_room()
            each.dumb = each.deaf = False
            each.plug(into=False)
            each.plug(into=True)
            each.start()
        for _ in range(round(_EVENING_S / _LOOK_S)):
            await asyncio.sleep(_LOOK_S)
            if self._is_quiet():
                break
        insist(self._is_quiet(), f"the evening has no end: {'; '.join(self._standings())}")
        self.hub.project()

    def end(self) -> None:
        """Give everything back."""
        for each in self.objects:
            each.end()
        self.hub.end()

    def _is_quiet(self) -> bool:
        pens = [each.runtime.pen for each in self.objects if each.runtime is not None]
        if len(pens) < len(self.objects) or any(pen.acked < pen.head for pen in pens):
            return False
        generation = self.hub.held.generation
        return all(pen.generation == generation for pen in pens)

    def _standings(self) -> Iterator[str]:
        held = self.hub.held
        for each in self.objects:
            if each.runtime is None:
                yield f"{each.name} does not start"
                continue
            pen, there = each.runtime.pen, held.seq(each.runtime.journal)
            yield (
                f"{each.name} has {pen.acked} of {pen.head} confirmed by generation {pen.generation},"
                f" the hub of {held.generation} has {there}"
            )

    def _ends(self, topic: str) -> list[End]:
        if "/up/" in topic:
            return [self.hub]
        return [each for each in self.objects if each.name == address_of(topic).object]

    def _after_a_death(self) -> None:
        self.loop.call_later(4.0 * self.luck.random(), self.hub_works)

    def _confirmed(self, journal: Journal, receipt: Receipt) -> None:
        """A ledger believes a receipt: the hub of that generation must have had all that it says."""
        self.chronicle.counted["receipts"] += 1
        now = self.hub.held
        held = now if now.generation == receipt.generation else self.hub.generations.get(receipt.generation)
        insist(held is not None, f"{journal}: no hub ever had generation {receipt.generation}")
        assert held is not None
        insist(
            receipt.seq <= held.seq(journal),
            f"{journal}: {receipt.seq} is confirmed, and the hub of that generation has {held.seq(journal)}",
        )
        insist(
            receipt.safe <= self.hub.backed_up(journal),
            f"{journal}: {receipt.safe} is called safe, and backups have {self.hub.backed_up(journal)}",
        )
