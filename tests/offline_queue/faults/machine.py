"""A pen beside a plain model of it: hypothesis asks both for anything, in any order, and they must agree."""

import random
import shutil
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from unittest import mock

import msgspec
import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import seal
from edge.offline_queue import ledger
from edge.offline_queue.outcomes import Appended, JournalForkedError, ReceiptRefusedError, Recorded
from edge.offline_queue.pen import Order, Pen
from edge.offline_queue.reader import as_entry
from tests.offline_queue.faults.keeper import PROJECTIONS, problems_of, read_entries
from tests.offline_queue.faults.model import Model
from tests.offline_queue.faults.shop import DEV, HUB_KEY, KEY, ShopClock, arrival, key_of, sale, staged

SHORT: Final = settings(
    max_examples=100,
    stateful_step_count=50,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
"""The suite's share: the same walks every time."""
# A process that dies loses nothing of what the kernel has, so that nobody here waits for a disk.
_UNHURRIED: Final = (*ledger._PRAGMAS, "PRAGMA synchronous = OFF")
_DAY_MS: Final = 24 * 3_600 * 1_000


def _order(name: int, units: int) -> Order:
    fact = sale(name, units) if name % 2 else arrival(name, units)
    return Order(fact, f"order {name}")


# Few names, so that the same key comes again, with the same fact and with another; no units are no sale.
ORDERS: Final = st.lists(st.builds(_order, st.integers(0, 20), st.integers(0, 2)), min_size=1, max_size=4)
WORDS: Final = st.fixed_dictionaries(
    {
        "back": st.integers(-2, 12),
        "kept": st.integers(-1, 8),
        "generation": st.sampled_from([0, 0, 0, 0, 0, 1, -1]),
        "true": st.sampled_from([1, 1, 1, 1, 0]),
        "ours": st.sampled_from([1, 1, 1, 1, 1, 1, 0]),
    }
)


class PenBesideModel(RuleBasedStateMachine):
    """Both are asked the same; `self._pen` answers from a file, `self._model` from memory."""

    def __init__(self) -> None:
        super().__init__()
        self._stage = ExitStack()
        self._root = Path(self._stage.enter_context(TemporaryDirectory()))
        self._stage.enter_context(staged(random.Random(1)))
        self._stage.enter_context(mock.patch("edge.offline_queue.ledger._PRAGMAS", _UNHURRIED))
        self._clock = ShopClock(step_ms=0)
        self._key = KEY
        self._cards = 0
        self._is_cloned = False
        self._path = self._new_card()
        self._pen = self._open(self._path)
        self._model = Model(self._pen.epoch)
        self._begin()

    def teardown(self) -> None:
        self._pen.close()
        self._stage.close()

    @rule(orders=ORDERS)
    def write(self, orders: list[Order]) -> None:
        """One group: what is new in it, what was written before, what contradicts it, what moves nothing."""
        answers = self._pen.write(orders)
        assert len(answers) == len(orders)
        for order, answer in zip(orders, answers, strict=True):
            expected = self._model.answer_to(order)
            if isinstance(answer, Appended):
                assert answer.recorded is expected
                self._check(answer)
            else:
                assert type(answer) is expected

    @rule()
    def crash(self) -> None:
        """The process dies; the machine goes on with the files as they are, on another card."""
        path = self._new_card()
        self._copy_to(path)
        self._pen.close()
        self._path = path
        self._start_again()

    @rule()
    def stop(self) -> None:
        """The runtime is stopped, looked at from outside, and started again."""
        self._pen.close()
        assert problems_of(self._path) == []
        self._start_again()

    @rule(words=WORDS)
    def hear(self, words: dict[str, int]) -> None:
        """A receipt: the next one, an old one, one too far ahead, one of another history or another hub."""
        self._hear(self._receipt(words))

    @rule(back=st.integers(0, 2), kept=st.integers(0, 3))
    def confirm(self, back: int, kept: int) -> None:
        """The hub does what it does on most days."""
        self._hear(self._receipt({"back": back, "kept": kept, "generation": 0, "true": 1, "ours": 1}))

    def _hear(self, receipt: Receipt) -> None:
        expected = self._model.hear(receipt)
        if expected is None:
            assert self._pen.acknowledge(receipt, _jws(receipt)) == self._model.acked
        else:
            with pytest.raises(ReceiptRefusedError) as refused:
                self._pen.acknowledge(receipt, _jws(receipt))
            assert refused.type is expected

    @rule()
    def checkpoint(self) -> None:
        self._model.take(self._pen.checkpoint().entry, self._clock.ms)

    @rule()
    def prune(self) -> None:
        assert self._pen.prune() == self._model.prune()

    @rule()
    def archive(self) -> None:
        """What a shop that sells for years does now and then, in its order."""
        self.checkpoint()
        self.confirm(back=0, kept=0)
        self.prune()

    @rule()
    def fold(self) -> None:
        while self._pen.fold():
            pass
        self._check_books()

    @rule()
    def rebuild(self) -> None:
        for _ in self._pen.rebuild():
            pass
        self._check_books()

    @rule()
    def flush(self) -> None:
        self._pen.flush()

    @rule(days=st.integers(-3, 60))
    def set_the_clock(self, days: int) -> None:
        """Forwards or back: a Pi has no clock after a power cut."""
        self._clock.ms += days * _DAY_MS

    @rule()
    def rotate(self) -> None:
        key = key_of(1_000 + self._model.head)
        self._model.take(self._pen.rotate(key).entry, self._clock.ms)
        self._key = key

    @precondition(lambda self: not self._is_cloned)
    @rule(mine=st.integers(0, 2), theirs=st.integers(0, 2))
    def clone(self, mine: int, theirs: int) -> None:
        """Somebody copies the card, and both objects go on: each is a fork to whoever knows the other."""
        self._is_cloned = True
        path = self._new_card()
        self._copy_to(path)
        common = self._model.head
        for number in range(mine):
            self.write([_order(100 + 10 * common + number, 1)])
        clone = self._open(path)
        clone.begin("cloned")
        for number in range(theirs):
            clone.write([Order(arrival(f"theirs {number}"), f"theirs {number}")])
        of_clone = self._receipt_of(clone.head, b64(_entry(clone, clone.head).hash))
        of_mine = self._receipt_of(self._model.head, self._model.hash_of(self._model.head))
        with pytest.raises(JournalForkedError):
            self._pen.acknowledge(of_clone, _jws(of_clone))
        if self._model.head > common:
            with pytest.raises(JournalForkedError):
                clone.acknowledge(of_mine, _jws(of_mine))
        clone.close()
        assert problems_of(path) == []

    @invariant()
    def they_agree(self) -> None:
        pen, model = self._pen, self._model
        assert (pen.head, pen.floor) == (model.head, model.floor)
        assert (pen.acked, pen.generation, pen.safe) == (model.acked, model.generation, model.safe)

    def _start_again(self) -> None:
        self._pen = self._open(self._path)
        self.they_agree()
        hashes = [entry.hash for entry in read_entries(self._path)]
        assert hashes == [line.hash for line in self._model.kept()]
        self._begin()

    def _open(self, path: Path) -> Pen:
        return Pen(path, self._key, DEV, self._clock, PROJECTIONS)

    def _begin(self) -> None:
        before = self._model.head
        self._pen.begin("1.0")
        for seq in range(before + 1, self._pen.head + 1):
            self._model.take(_entry(self._pen, seq), self._clock.ms)
        begun = [type(line.fact).__name__ for line in self._model.lines[before:]]
        assert begun == (["Boot"] if before else ["Genesis", "Boot"])

    def _check(self, appended: Appended) -> None:
        if appended.recorded is Recorded.NOW:
            self._model.take(appended.entry, self._clock.ms)
        assert appended.entry.hash == self._model.lines[appended.entry.seq - 1].hash
        assert appended.body.seq == appended.entry.seq

    def _check_books(self) -> None:
        db, model = self._pen._db, self._model
        stock = {
            (str(row[0]), str(row[1])): row[2] for row in db.execute("SELECT holder, gtin, units FROM stock")
        }
        assert stock == model.stock
        takings = {str(row[0]): row[1] for row in db.execute("SELECT tender, total_minor FROM takings")}
        assert takings == model.takings
        assert {row[0] for row in db.execute("SELECT transfer FROM transfer")} == model.transfers

    def _receipt(self, words: dict[str, int]) -> Receipt:
        seq = max(self._model.head - words["back"], 0)
        known = self._model.hash_of(min(seq, self._model.head))
        receipt = self._receipt_of(seq, known if words["true"] or not seq else b64(bytes(32)))
        return msgspec.structs.replace(
            receipt,
            epoch=receipt.epoch if words["ours"] else "another epoch",
            generation=max(self._model.generation + words["generation"], 0),
            safe=max(seq - words["kept"], 0),
        )

    def _receipt_of(self, seq: int, digest: str) -> Receipt:
        return Receipt(DEV, self._model.epoch, seq, digest, self._model.generation, 0, 0)

    def _new_card(self) -> Path:
        self._cards += 1
        card = self._root / f"card {self._cards}"
        card.mkdir()
        return card / "ledger.db"

    def _copy_to(self, path: Path) -> None:
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{self._path}{suffix}", f"{path}{suffix}")


def _entry(pen: Pen, seq: int) -> SignedEntry:
    sql = "SELECT seq, kid, prev, body, hash, sig FROM entry WHERE seq = ?"
    return as_entry(pen._db.execute(sql, (seq,)).get)


def _jws(receipt: Receipt) -> str:
    return seal(HUB_KEY, RECEIPT_TYPE, receipt)


def check_days() -> int:
    """The walks of the suite, each answer of the pen held against the model's; how many days they were."""
    days: list[Path] = []

    class Day(PenBesideModel):
        def teardown(self) -> None:
            super().teardown()
            days.append(self._path)

    run_state_machine_as_test(Day, settings=SHORT)
    return len(days)


def model_world(number: int) -> None:
    """The long form: other walks for each seed; what fails is printed as the shortest walk that does."""

    class Walk(PenBesideModel):
        pass

    seed(number)(Walk)
    run_state_machine_as_test(Walk, settings=settings(SHORT, derandomize=False, max_examples=5))
