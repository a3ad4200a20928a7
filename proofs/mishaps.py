"""What can befall a shop in a day: its business, and everything that goes wrong with it."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Final

from proofs.card import Card
from proofs.chronicle import insist
from proofs.hub import Backup
from proofs.kept import Journal
from proofs.objects import ShopObject
from proofs.shop import TRANSFERS
from proofs.world import World

# What is repaired is repaired within seconds, so that a day of some minutes sees much.
_REPAIR_S: Final = 8.0
# A card that was copied is used again at any time; one copy more is not another sort of day.
_COPIES_MAX: Final = 4
_CLONES_MAX: Final = 2
_NEW_KEYS_FROM: Final = 1_000
# A night is as long as it takes: the books are closed, backed up, confirmed, and what is old goes.
_NIGHT_S: Final = 2.5
# Nobody restores a hub twice within a second, by which its generation is counted.
_BETWEEN_RESTORES_S: Final = 1.5
# At least and at most so many things befall in a day.
_DEEDS: Final = (4, 14)
_A_SORT_IS_KNOWN: Final = 0.4

Deed = tuple[int, str, Callable[[], None]]
"""How often it happens, how it is counted, and what is done."""


class Mishaps:
    """The day of one world; what befell is counted in its chronicle."""

    def __init__(self, world: World) -> None:
        self._world, self._luck = world, world.luck
        self._counted = world.chronicle.counted
        self._copies: list[tuple[str, Card, Journal]] = []
        self._pruned: dict[Journal, int] = {}
        self._prunes = self._luck.random() < 0.7
        self._clones = 0
        self._keys = _NEW_KEYS_FROM
        self._is_evening = False
        self._restored_s = 0.0

    async def befall(self) -> None:
        """A day, from opening to closing."""
        deeds = [*self._business(), *self._troubles()]
        often = [weight for weight, _, _ in deeds]
        for _ in range(self._luck.randint(*_DEEDS)):
            await asyncio.sleep(self._luck.choice((0.0, 0.05, 0.5, 4.0)) * self._luck.random())
            _, name, do = self._luck.choices(deeds, often)[0]
            self._counted[name] += 1
            do()
        self._is_evening = True

    def _business(self) -> list[Deed]:
        return [
            (30, "sales", self._sell),
            (7, "deliveries", self._take_in),
            (3, "projections", self._world.hub.project),
        ]

    def _troubles(self) -> Iterator[Deed]:
        """What goes wrong in this world: each knows some sorts of trouble, and has more of those."""
        for sort in self._sorts_of_trouble():
            if self._luck.random() < _A_SORT_IS_KNOWN:
                yield from sort

    def _sorts_of_trouble(self) -> list[list[Deed]]:
        hub, broker = self._world.hub, self._world.broker
        return [
            [(4, "cables pulled", self._pull_a_cable), (5, "black holes", self._open_a_black_hole)],
            [(3, "brokers killed", self._kill_the_broker), (3, "brokers full", self._fill_the_broker)],
            [(5, "old words repeated", broker.say_again)],
            [(8, "fuses lit at the hub", hub.light_a_fuse)],
            [
                (6, "disks of the hub lost", self._lose_a_disk),
                (6, "nights", self._go_through_a_night),
                (2, "prunings", self._prune),
            ],
            [(4, "runtimes killed", self._kill_a_runtime), (4, "agents killed", self._kill_an_agent)],
            [(5, "cards copied", self._copy_a_card), (7, "copies used", self._use_a_copy)],
            [(4, "keys replaced", self._replace_a_key)],
            [(3, "cards full", self._fill_a_card), (2, "clocks set", self._set_a_clock)],
        ]

    def _one(self) -> ShopObject:
        return self._luck.choice(self._world.objects)

    def _later(self, repair: Callable[[], None]) -> None:
        self._world.loop.call_later(_REPAIR_S * self._luck.random(), repair)

    def _sell(self, one: ShopObject | None = None) -> None:
        if (runtime := (one or self._one()).runtime) is not None:
            runtime.sell(self._luck, self._luck.choice((1, 1, 1, 2, 5)))

    def _take_in(self) -> None:
        one = self._one()
        one.announced = min(one.announced + 1, TRANSFERS)
        if one.runtime is not None:
            one.runtime.take_in(one.announced)

    def _close_the_books(self, one: ShopObject) -> None:
        if one.runtime is not None:
            one.runtime.close_the_books()

    def _prune(self) -> None:
        """Entries may go only where a backup of the hub has them."""
        if not self._prunes:
            return
        for each in self._world.objects:
            if each.runtime is not None:
                journal, floor = each.runtime.journal, each.runtime.prune()
                safe = self._world.hub.backed_up(journal)
                insist(
                    floor == 1 or floor - 1 <= safe, f"{journal}: pruned below {floor}, backups have {safe}"
                )
                self._counted["ledgers pruned"] += floor > self._pruned.get(journal, 1)
                self._pruned[journal] = max(self._pruned.get(journal, 1), floor)

    def _pull_a_cable(self) -> None:
        one = self._one()
        one.plug(into=False)
        self._later(lambda: one.plug(into=True))

    def _open_a_black_hole(self) -> None:
        one = self._one()
        one.dumb, one.deaf = self._luck.choice(((True, True), (True, False), (False, True)))

        def heal() -> None:
            one.dumb = one.deaf = False
            # What was open and silent breaks at last, and is made anew.
            one.plug(into=False)
            one.plug(into=True)

        self._later(heal)

    def _kill_the_broker(self) -> None:
        self._world.broker.die()
        for each in self._world.objects:
            each.line()
        self._later(self._world.broker_works)

    def _fill_the_broker(self) -> None:
        self._world.broker.full = True

        def tidy() -> None:
            self._world.broker.full = False

        self._later(tidy)

    def _back_up(self) -> None:
        """Now and then the hub is killed while it makes one."""
        if self._luck.random() < 0.3 and not self._is_evening:
            self._world.hub.light_a_fuse()
        self._world.hub.back_up()

    def _lose_a_disk(self) -> None:
        """The hub comes back from a backup: from an old one, or from one that was made just before."""
        if not self._world.hub.backups:
            self._back_up()
        self._world.loop.call_later(
            _REPAIR_S * self._luck.random(), self._unless_it_is_evening, self._restore
        )

    def _restore(self) -> None:
        fit = [backup for backup in self._world.hub.backups if self._may_come_back(backup)]
        if fit and self._world.loop.time() > self._restored_s + _BETWEEN_RESTORES_S:
            self._restored_s = self._world.loop.time()
            self._world.hub.come_back(self._luck.choice(fit))
            self._world.hub_works()

    def _may_come_back(self, backup: Backup) -> bool:
        """Where objects prune, a hub comes back from the newest backup alone: they rely on what it has."""
        hub = self._world.hub
        relied = {journal: hub.backed_up(journal) for each in hub.backups for journal in each.held.heads}
        return not self._prunes or all(backup.held.seq(journal) >= seq for journal, seq in relied.items())

    def _go_through_a_night(self) -> None:
        """What a shop does every night, which makes room on its cards."""
        one = self._one()
        night = (lambda: self._close_the_books(one), self._back_up, lambda: self._sell(one), self._prune)
        for hour, do in enumerate(night):
            self._world.loop.call_later(_NIGHT_S * hour / len(night), do)

    def _unless_it_is_evening(self, do: Callable[[], None]) -> None:
        if not self._is_evening:
            do()

    def _replace_a_key(self) -> None:
        """A card with older keys than its hub knows is no object any more: so no copies in such a world."""
        one = self._one()
        if one.runtime is not None and not self._copies:
            self._keys += 1
            one.runtime.hand_over(self._keys)

    def _kill_a_runtime(self) -> None:
        one = self._one()
        one.kill_runtime(one.copied_to(self._world.new_card()))

    def _kill_an_agent(self) -> None:
        self._one().kill_agent()

    def _copy_a_card(self) -> None:
        """Somebody makes a copy of a card, for a bad purpose or a good one."""
        one = self._one()
        unused = len(self._copies) < _COPIES_MAX and self._keys == _NEW_KEYS_FROM
        if one.runtime is not None and unused:
            copy = one.copied_to(self._world.new_card())
            self._copies.append((one.name, copy, one.runtime.journal))

    def _use_a_copy(self) -> None:
        """A copy is put into its object (which is rolled back), or into another board (which is a clone)."""
        if not self._copies:
            self._copy_a_card()
        if not self._copies:
            return
        name, copy, journal = self._luck.choice(self._copies)
        card = copy.copied_to(self._world.new_card())
        victim = self._luck.choice([each for each in self._world.objects if each.name == name])
        if self._luck.random() < 0.5 and self._clones < _CLONES_MAX:
            self._clones += 1
            self._world.chronicle.doctor(journal, "clones")
            self._world.place(name, card, victim.announced)
            return
        if victim.runtime is not None:
            self._world.chronicle.gone.add(victim.runtime.journal)
            self._world.chronicle.doctor(journal, "rollbacks")
            victim.kill_runtime(card)

    def _fill_a_card(self) -> None:
        one = self._one()
        card = one.card
        card.fill()
        self._later(card.make_room)

    def _set_a_clock(self) -> None:
        self._one().set_clock()
