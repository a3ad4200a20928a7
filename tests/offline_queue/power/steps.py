"""What was under way when a ledger was cut off, and what it may hold because of that."""

from collections.abc import Sequence
from typing import Final

import msgspec

from edge.offline_queue.pen import Order
from tests.offline_queue.power.history import History, Row, insist
from tests.offline_queue.power.witness import State

EPOCH_BEGINS: Final = ("genesis", "fork", "checkpoint", "boot")
"""The entries that the pen writes by itself when an epoch follows another; the first three in one commit."""


class Step(msgspec.Struct, frozen=True):
    """Something that was asked of the pen, and the changes to the disk from `begin` on and before `end`.

    A cut before its end leaves one of the states `before`, or `after`; or a head between if it is `gradual`.
    `orders` are the facts that it may have written without a promise.
    """

    name: str
    begin: int
    end: int
    before: tuple[State, ...]
    after: State
    history: History
    """What was written in the epoch of `after`; it goes on when the step is over."""
    gradual: bool = False
    orders: tuple[Order, ...] = ()
    ends: History | None = None
    """The epoch that this step ends, if it ends one: then `before` is what the old file may still hold."""

    def allows(self, found: State) -> bool:
        """Whether a cut within this step may leave `found`."""
        if found in self.before or found == self.after:
            return True
        return self.gradual and any(
            was == msgspec.structs.replace(found, head=was.head) and was.head <= found.head <= self.after.head
            for was in self.before
        )


def followed(rows: Sequence[Row], found: State, old: History) -> History:
    """The beginning of an epoch that follows `old`."""
    kinds = tuple(row[1] for row in rows)
    insist(
        found == State(found.head)
        and kinds == (*EPOCH_BEGINS[:3], *["boot"] * (found.head - 3))[: found.head],
        f"an epoch that follows another begins with {kinds}, {found}",
    )
    insist(not 0 < found.head < 3, f"an epoch that follows another has begun with {kinds}")
    told = History.following(old)
    for row in rows:
        told.add(row)
    return told


def told_by(rows: Sequence[Row], found: State, last: Step) -> History:
    """The history that the rows tell; it must be that of the diary, but for what was never promised."""
    history = last.history
    if rows == history.rows[found.floor - 1 : found.head]:
        return history.up_to(found.head)
    promised = min(state.head for state in last.before)
    told = history.up_to(promised)
    mine = told.rows[found.floor - 1 :]
    insist(rows[: len(mine)] == mine, f"the ledger is not what was promised up to entry {promised}")
    for row in rows[len(mine) :]:
        insist(row[2] in {order.idem for order in last.orders}, f"nobody ordered {row[2]}")
        told.add(row)
    return told
