"""A pen, and the diary of whoever holds it: what was promised, and at which change to the disk."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.facts import Arrived, HeadOf
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.signing import SoftwareKey
from edge.offline_queue.outcomes import (
    Appended,
    ForeignLedgerError,
    IdemConflictError,
    JournalForkedError,
    ReceiptRefusedError,
    Recorded,
)
from edge.offline_queue.pen import Order, Pen
from edge.offline_queue.set_aside import set_aside
from tests.offline_queue.power import shop
from tests.offline_queue.power.history import BrokenPromiseError, History, Row, b64, insist
from tests.offline_queue.power.steps import EPOCH_BEGINS, Step, followed, told_by
from tests.offline_queue.power.witness import (
    NEW,
    State,
    check_beside,
    check_closing,
    check_set_aside,
    rows_from,
    state_of,
)

LEDGER: Final = "ledger.db"


class Ballast:
    """A reserve that can be given up once."""

    def __init__(self) -> None:
        self.there = True

    def release(self) -> bool:
        there, self.there = self.there, False
        return there


class Diary:
    """One process that holds the pen."""

    def __init__(
        self,
        root: Path,
        luck: random.Random,
        clock: shop.JumpingClock,
        position: Callable[[], int] = lambda: 0,
    ) -> None:
        self.path = root / LEDGER
        self.luck = luck
        self.clock = clock
        self.steps: list[Step] = []
        self.history = History()
        self.state = NEW
        self.ballast = Ballast()
        self.ordered: dict[str, Order] = {}
        self.position = position
        self._began = 0
        self._numbers = luck.randrange(10**9)

    def open(self, last: Step, *, cut: bool) -> None:
        """Open what may have been left by a crash within `last`; `cut` if the power was lost too."""
        self._began = self.position()
        self.pen = self._take_the_pen(last)
        self._recognise(last)
        ends = last.ends if self.history.previous is last.ends else None
        before = (self.state,) if cut or last.ends else (*last.before, self.state)
        self.pen.begin(shop.VERSION)
        self._read_on()
        orders = () if cut else last.orders
        self._promise("begin", before=before, gradual=True, orders=orders, ends=ends)

    def _take_the_pen(self, last: Step) -> Pen:
        """With the key that was in use, or the one that it was about to hand over to."""
        heads = sorted({last.after.head, *(state.head for state in last.before)})
        signers = [*dict.fromkeys(last.history.up_to(head).signer for head in heads)]
        for signer in signers[:-1]:
            with suppress(ForeignLedgerError):
                return self._pen(signer)
        return self._pen(signers[-1])

    def _pen(self, signer: SoftwareKey) -> Pen:
        return Pen(self.path, signer, shop.DEV, self.clock, shop.VIEWS, reserve=self.ballast)

    def close(self) -> None:
        """Give the ledger back."""
        self._began = self.position()
        self.pen.close()
        self._promise("close")

    def die(self) -> None:
        """End the process without a word: the log stays as long as it is."""
        self.pen._db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        self.pen.close()

    def _recognise(self, last: Step) -> None:
        """What is there must be what was promised, and no more than what was under way."""
        rows = rows_from(self.pen._db, 1)
        found = state_of(self.pen._db, rows)
        if last.ends is None:
            insist(
                last.allows(found), f"found {found} after a crash in {last.name}: {last.before}, {last.after}"
            )
            self.history = told_by(rows, found, last)
        elif self.pen.epoch == last.ends.epoch:
            insist(found in last.before, f"found {found} after a crash in {last.name}: {last.before}")
            self.history = last.ends.up_to(found.head)
        else:
            self.history = followed(rows, found, last.ends)
        self.state = found
        self._check_memory()
        check_beside(self.pen._db, self.history, self.state.floor)
        if self.history.previous is not None:
            check_set_aside(self.path.parent, self.history.previous)

    def _read_on(self) -> None:
        """What the pen has written by itself."""
        for row in rows_from(self.pen._db, self.history.head + 1):
            own = {"genesis", "boot"} if self.history.previous is None else EPOCH_BEGINS
            insist(row[1] in own, f"nobody ordered a {row[1]}")
            self.history.add(row)
        insist(self.history.rows[-1][1] == "boot", "a start is written down")

    def write(self, orders: Sequence[Order]) -> None:
        """Write a group, which may hold keys that are known already; look at each answer."""
        self._began = self.position()
        answers = self.pen.write(orders)
        insist(len(answers) == len(orders), "each order is answered")
        for order, answer in zip(orders, answers, strict=True):
            self._check_answer(order, answer)
        self._promise("write", orders=orders)

    def try_to_write(self, orders: Sequence[Order]) -> Step | None:
        """Write a group on a disk that may fail; what a crash may find if it did, and the pen is closed."""
        try:
            self.write(orders)
        except apsw.Error:
            self.pen.close()
            after = msgspec.structs.replace(self.state, head=self.state.head + len(orders))
            self.steps.append(
                Step(
                    "a fault",
                    self._began,
                    self.position(),
                    (self.state,),
                    after,
                    self.history,
                    orders=tuple(orders),
                )
            )
            return self.steps[-1]
        return None

    def _check_answer(self, order: Order, answer: Appended | ValueError) -> None:
        known = self.history.idems.get(order.idem)
        if isinstance(order.fact, Arrived) and any(move.units <= 0 for move in order.fact.moves):
            insist(isinstance(answer, ValueError), f"{order.idem} moves nothing, and was taken")
        elif order.idem in self.history.spent:
            insist(isinstance(answer, IdemConflictError), f"{order.idem} was used in the epoch before")
        elif known is None:
            self._take(answer, order)
            self.ordered[order.idem] = order
        elif known < self.state.floor or self._says_else(known, order):
            insist(isinstance(answer, IdemConflictError), f"{order.idem} was used before, for another fact")
        else:
            insist(isinstance(answer, Appended), f"a retry of {order.idem} was refused")
            assert isinstance(answer, Appended)
            insist(answer.recorded is Recorded.ALREADY, f"{order.idem} was written again")
            insist(_row(order.idem, answer) == self.history.row(known), f"{order.idem} was another entry")

    def _says_else(self, seq: int, order: Order) -> bool:
        body: dict[str, Any] = msgspec.json.decode(self.history.row(seq)[5])
        return bool(body["fact"] != shop.as_json(order.fact))

    def _take(self, answer: Appended | ValueError, order: Order | None) -> None:
        insist(isinstance(answer, Appended), f"the pen has refused {order}: {answer}")
        assert isinstance(answer, Appended)
        insist(answer.recorded is Recorded.NOW, f"entry {answer.entry.seq} was not there before")
        self.history.add(
            _row(answer.body.idem, answer), shop.as_json(order.fact) if order is not None else None
        )

    def sell(self) -> None:
        """Write one to four new facts in one commit."""
        self.write([self.fresh() for _ in range(self.luck.choice((1, 1, 2, 4)))])

    def fresh(self) -> Order:
        """A sale or an arrival that was never written before."""
        self.clock.go_on(self.luck)
        self._numbers += 1
        make = shop.sale if self.luck.random() < 0.7 else shop.arrival
        return make(self.luck, self._numbers)

    def checkpoint(self) -> None:
        """Have the state of the views signed for; it must be what the harness counts."""
        self._began = self.position()
        books = self.history.books[-1]
        self._take(self.pen.checkpoint(), None)
        insist(self.history.rows[-1][1] == "checkpoint", "a checkpoint was asked for")
        self._promise("checkpoint")
        check_closing(self.pen._db, self.history, self.history.head, books)

    def prune(self) -> None:
        """Let go of what is old: only below a checkpoint that a backup of the hub covers."""
        self._began = self.position()
        pruned, floor = self.pen.prune(), self.pen.floor
        insist(pruned == floor - self.state.floor, f"{pruned} pruned from {self.state.floor} to {floor}")
        if pruned:
            insist(floor in self.history.checkpoints, f"the ledger begins at {floor}, which is no checkpoint")
            insist(floor <= self.state.safe, f"pruned up to {floor}, and safe is {self.state.safe}")
        else:
            due = [seq for seq in self.history.checkpoints if floor < seq <= self.state.safe]
            insist(not due, f"nothing pruned, and {due} are safe")
        self.state = msgspec.structs.replace(self.state, floor=floor)
        self._promise("prune", before=(msgspec.structs.replace(self.state, floor=floor - pruned),))

    def acknowledge(self, receipt: Receipt) -> None:
        """Bring a receipt, which may be one that must be refused."""
        self._began = self.position()
        before, wanted = self.state, self._believed(receipt)
        if wanted is None:
            with suppress(ReceiptRefusedError):
                told = self.pen.acknowledge(receipt, shop.words_of(receipt))
                raise BrokenPromiseError(f"acked {told} by {receipt}, which is not for this ledger")
        else:
            told = self.pen.acknowledge(receipt, shop.words_of(receipt))
            insist(told == wanted.acked, f"acked {told} after {receipt}, expected {wanted.acked}")
            self.state = wanted
        self._promise("acknowledge", before=(before,))

    def _believed(self, receipt: Receipt) -> State | None:
        """What the ledger must hold after a receipt, by our own rule; None if it must be refused."""
        state = self.state
        stranger = (receipt.dev, receipt.epoch) != (shop.DEV, self.history.epoch)
        if stranger or receipt.safe > receipt.seq:
            return None
        if receipt.seq > state.head:
            return None
        known = receipt.seq >= max(state.floor - 1, 1)
        if known and receipt.hash != b64(self.history.row(receipt.seq)[6]):
            return None
        if (receipt.generation, receipt.seq) < (state.generation, state.acked):
            return state
        if receipt.seq < state.floor - 1:
            return None
        safe = max(state.safe, receipt.safe) if receipt.generation == state.generation else receipt.safe
        return msgspec.structs.replace(state, acked=receipt.seq, generation=receipt.generation, safe=safe)

    def rotate(self) -> None:
        """Hand over to the next key."""
        self._began = self.position()
        self._take(self.pen.rotate(shop.KEYS[shop.KEYS.index(self.history.signer) + 1]), None)
        self._promise("rotate")

    def fork(self) -> None:
        """The hub has what this file has not: the file is set aside, and a new epoch begins."""
        self._began = self.position()
        old, before = self.history, self.state
        proof = HeadOf(before.head + 2, b64(bytes(32)))
        said = shop.receipt_of(old.epoch, proof.seq, proof.hash, before.generation, before.safe)
        with suppress(JournalForkedError):
            self.pen.acknowledge(said, shop.words_of(said))
            raise BrokenPromiseError(f"{said} confirms what is not there, and was taken")
        self.pen.close()
        set_aside(self.path, "behind-the-hub", "the hub has more", proof)
        self.pen = self._pen(old.signer)
        self.history, self.state = History.following(old), NEW
        self.pen.begin(shop.VERSION)
        self._read_on()
        self._promise("fork", before=(before,), ends=old)
        check_beside(self.pen._db, self.history, 1)
        check_set_aside(self.path.parent, old)

    def fold(self) -> None:
        """Bring the views up to date."""
        self._began = self.position()
        self.pen.fold()
        self._promise("fold")

    def rebuild(self) -> None:
        """Drop the views and fold them anew."""
        self._began = self.position()
        for _ in self.pen.rebuild():
            pass
        self._promise("rebuild")
        check_beside(self.pen._db, self.history, self.state.floor)

    def flush(self) -> None:
        """Move the log into the file."""
        self._began = self.position()
        self.pen.flush()
        self._promise("flush")

    def _promise(
        self,
        name: str,
        *,
        before: tuple[State, ...] | None = None,
        gradual: bool = False,
        orders: Sequence[Order] = (),
        ends: History | None = None,
    ) -> None:
        """Note that a step has come to its end, and what a later look must find."""
        was = before or (self.state,)
        self.state = msgspec.structs.replace(self.state, head=self.history.head)
        if name != "close":
            self._check_memory()
        self.steps.append(
            Step(
                name,
                self._began,
                self.position(),
                was,
                self.state,
                self.history,
                gradual,
                tuple(orders),
                ends,
            )
        )

    def _check_memory(self) -> None:
        """What the pen says of itself is what is in the file."""
        pen = self.pen
        said = State(pen.head, pen.floor, pen.acked, pen.generation, pen.safe)
        insist(said == self.state, f"the pen says {said}, and the ledger holds {self.state}")


def _row(idem: str, appended: Appended) -> Row:
    entry: SignedEntry = appended.entry
    kind: str = msgspec.json.decode(entry.body)["fact"]["kind"]
    return (entry.seq, kind, idem, entry.kid, entry.prev, entry.body, entry.hash, entry.sig)
