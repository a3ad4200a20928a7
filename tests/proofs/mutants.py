"""Bugs that we know how to make between object and hub: each is the product with one thing wrong."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final
from unittest.mock import patch

import msgspec
from sqlalchemy import Connection

from cloud_sync.agent import receipts
from cloud_sync.agent.receipts import LatestReceipt, ReceiptDoor
from cloud_sync.agent.uplink import Outcome, Uplink
from cloud_sync.contract.batch import Batch
from cloud_sync.contract.encoding import unb64
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import unseal
from cloud_sync.hub.backup import making, restoring
from cloud_sync.hub.ingest import group, intake
from cloud_sync.hub.ingest.verdict import Cursor, Step, Verdict, judge
from cloud_sync.hub.projections import fold, projector
from cloud_sync.hub.store.database import Store
from edge.offline_queue import ledger
from edge.offline_queue.outcomes import ReceiptRefusedError
from edge.offline_queue.pen import Pen
from proofs.runtime import Runtime
from proofs.shop import arrival

Mutant = Callable[[], AbstractContextManager[Any]]


@contextmanager
def _answered_whatever_became_of_the_commit() -> Iterator[None]:
    """Every fifth transaction ends as if the hub had been killed before its commit, and nobody looks."""
    usual, count = Store.writing, 0

    @contextmanager
    def writing(self: Store) -> Iterator[Connection]:
        nonlocal count
        count += 1
        with usual(self) as connection:
            yield connection
            if count % 5 == 0:
                undone = connection.get_transaction()
                assert undone is not None
                undone.rollback()

    with patch.object(Store, "writing", writing):
        yield


def _hashes_are_not_looked_at() -> AbstractContextManager[Any]:
    def lax(cursor: Cursor, batch: Batch, kept: Mapping[int, bytes]) -> Verdict:
        seen = judge(cursor, batch, kept)
        if seen.step is not Step.FORK:
            return seen
        last = batch.header.first + batch.header.n - 1
        return Verdict(Step.APPEND, cursor.seq + 1) if last > cursor.seq else Verdict(Step.DUPLICATE, last)

    return patch.object(group, "judge", lax)


def _a_gap_is_no_reason_to_wait() -> AbstractContextManager[Any]:
    def lax(cursor: Cursor, batch: Batch, kept: Mapping[int, bytes]) -> Verdict:
        seen = judge(cursor, batch, kept)
        return Verdict(Step.APPEND, batch.header.first) if seen.step is Step.GAP else seen

    return patch.object(group, "judge", lax)


def _what_overlaps_is_taken_again() -> AbstractContextManager[Any]:
    def lax(cursor: Cursor, batch: Batch, kept: Mapping[int, bytes]) -> Verdict:
        seen = judge(cursor, batch, kept)
        return Verdict(Step.APPEND, batch.header.first) if seen.step is Step.DUPLICATE else seen

    return patch.object(group, "judge", lax)


def _a_fork_is_passed_over() -> AbstractContextManager[Any]:
    def lax(cursor: Cursor, batch: Batch, kept: Mapping[int, bytes]) -> Verdict:
        seen = judge(cursor, batch, kept)
        return Verdict(Step.DUPLICATE, seen.seq) if seen.step is Step.FORK else seen

    return patch.object(group, "judge", lax)


def _a_fork_leaves_no_evidence() -> AbstractContextManager[Any]:
    return patch.object(group, "set_aside", lambda *_: None)


def _refusals_are_not_counted() -> AbstractContextManager[Any]:
    return patch.object(group, "raise_alarm", lambda *_: None)


def _a_restored_hub_keeps_its_generation() -> AbstractContextManager[Any]:
    return patch.object(restoring, "_next_generation", lambda tape, _now_ms: tape.heading.generation)


def _everything_is_called_safe() -> AbstractContextManager[Any]:
    """What the hub has confirmed is said to be in a backup, whether it is or not."""

    def receipt(**said: Any) -> Receipt:
        return Receipt(**{**said, "safe": said["seq"]})

    return patch.object(intake, "Receipt", receipt)


@contextmanager
def _relied_on_before_it_is_written() -> Iterator[None]:
    """Objects may forget what a backup is going to have."""
    usual = making._write

    def write(store: Store, *others: Any) -> Any:
        with store.writing() as connection:
            making.vouch(
                connection,
                {
                    (row.dev, row.epoch): row.seq
                    for row in connection.exec_driver_sql("SELECT dev, epoch, seq FROM cursor")
                },
            )
        return usual(store, *others)

    with patch.object(making, "_write", write):
        yield


def _the_figures_move_on_by_themselves() -> AbstractContextManager[Any]:
    """Every fifth stretch is said to be projected, and is not."""
    usual, count = projector._fold, 0

    def fold_most(connection: Connection, tellings: Any) -> None:
        nonlocal count
        count += 1
        if count % 5:
            usual(connection, tellings)

    return patch.object(projector, "_fold", fold_most)


@contextmanager
def _a_delivery_counts_as_often_as_it_is_told() -> Iterator[None]:
    """At the hub; the objects have lost their books of deliveries, and tell each of them again."""
    usual = fold._claim

    def claim(before: fold.Before, *others: Any) -> Any:
        return usual(msgspec.structs.replace(before, arrived=set()), *others)

    def take_in(self: Runtime, announced: int) -> None:
        if not self._card.is_full:
            told = [arrival(self.journal[0], number) for number in range(announced)]
            self._write([msgspec.structs.replace(each, idem=f"{each.idem}/{self.pen.head}") for each in told])

    with patch.object(fold, "_claim", claim), patch.object(Runtime, "take_in", take_in):
        yield


def _a_puback_is_believed() -> AbstractContextManager[Any]:
    usual = Uplink.sent

    def sent(self: Uplink, first: int, last: int, now_ns: int) -> None:
        usual(self, first, last, now_ns)
        if self.flowing:
            self.acked = max(self.acked, last)
            self._land(now_ns)

    return patch.object(Uplink, "sent", sent)


def _what_is_lost_is_not_sent_again() -> AbstractContextManager[Any]:
    return patch.object(Uplink, "_go_back", lambda self: self._flights.clear())


def _silence_is_patience() -> AbstractContextManager[Any]:
    return patch.object(Uplink, "tick", lambda _self, _now_ns: None)


@contextmanager
def _an_old_receipt_takes_back_a_new_one() -> Iterator[None]:
    """A lower seq is believed without a higher generation, by the agent and by the ledger."""
    heard = Uplink.received
    usual = Pen.acknowledge

    def acknowledge(self: Pen, receipt: Receipt, jws: str) -> int:
        before = self.generation, self.acked
        self.generation, self.acked = 0, 0
        try:
            return usual(self, receipt, jws)
        finally:
            if (self.generation, self.acked) == (0, 0):
                self.generation, self.acked = before

    def received(self: Uplink, receipt: Receipt, now_ns: int) -> Outcome:
        outcome = heard(self, receipt, now_ns)
        return Outcome.REPEATED if outcome is Outcome.STALE else outcome

    forgetting = "NEW.generation < OLD.generation OR (NEW.generation = OLD.generation AND NEW.seq < OLD.seq)"
    with (
        _ledger_without(forgetting, "FALSE"),
        patch.object(Pen, "acknowledge", acknowledge),
        patch.object(Uplink, "received", received),
    ):
        yield


def _a_higher_generation_is_nothing_special() -> AbstractContextManager[Any]:
    usual = Uplink.received

    def received(self: Uplink, receipt: Receipt, now_ns: int) -> Outcome:
        return Outcome.STALE if receipt.seq < self.acked else usual(self, receipt, now_ns)

    return patch.object(Uplink, "received", received)


def _receipts_are_not_verified() -> AbstractContextManager[Any]:
    def lax(jws: str, _typ: str, _keys: object, into: type[Receipt]) -> Receipt:
        return msgspec.json.decode(unb64(jws.split(".")[1]), type=into)

    return patch.object(receipts, "unseal", lax)


def _receipts_of_another_epoch_are_believed() -> AbstractContextManager[Any]:
    usual = ReceiptDoor._checked

    def checked(self: ReceiptDoor, jws: bytes, expected: Any) -> Receipt:
        try:
            return usual(self, jws, expected)
        except receipts.NoReceiptError:
            told = unseal(jws.decode("ascii"), RECEIPT_TYPE, self._keys, Receipt)
            return msgspec.structs.replace(told, dev=expected.dev, epoch=expected.epoch)

    return patch.object(ReceiptDoor, "_checked", checked)


def _a_receipt_is_kept_to_oneself() -> AbstractContextManager[Any]:
    """The agent goes by it, and the ledger never hears of it."""
    return patch.object(LatestReceipt, "offer", lambda *_, **__: None)


def _any_receipt_moves_acked() -> AbstractContextManager[Any]:
    return patch.object(Pen, "_check_history", lambda _self, _receipt: None)


def _a_fork_is_only_a_bad_receipt() -> AbstractContextManager[Any]:
    """The object hears that the hub has more than its card, and goes on as before."""
    usual = Pen._check_history

    def check(self: Pen, receipt: Receipt) -> None:
        try:
            usual(self, receipt)
        except ReceiptRefusedError as error:
            raise ReceiptRefusedError(str(error)) from error

    return patch.object(Pen, "_check_history", check)


@contextmanager
def _pruned_above_safe() -> Iterator[None]:
    usual = Pen.prune

    def prune(self: Pen) -> int:
        safe, self.safe = self.safe, self.acked
        try:
            return usual(self)
        finally:
            self.safe = safe

    with (
        _ledger_without("seq <= (SELECT safe FROM acked)", "TRUE"),
        patch.object(Pen, "prune", prune),
    ):
        yield


@contextmanager
def _ledger_without(old: str, new: str) -> Iterator[None]:
    """The ledger's schema with some of its words replaced: the database refuses less than it should."""
    schema = ledger._schema()
    assert schema.count(old) == 1, f"expected {old!r} once in the schema"
    with patch.object(ledger, "_schema", lambda: schema.replace(old, new)):
        yield


MUTANTS: Final[dict[str, Mutant]] = {
    "answered whatever became of the commit": _answered_whatever_became_of_the_commit,
    "hashes are not looked at": _hashes_are_not_looked_at,
    "a gap is no reason to wait": _a_gap_is_no_reason_to_wait,
    "what overlaps is taken again": _what_overlaps_is_taken_again,
    "a fork is passed over": _a_fork_is_passed_over,
    "a fork leaves no evidence": _a_fork_leaves_no_evidence,
    "refusals are not counted": _refusals_are_not_counted,
    "a restored hub keeps its generation": _a_restored_hub_keeps_its_generation,
    "everything is called safe": _everything_is_called_safe,
    "relied on before it is written": _relied_on_before_it_is_written,
    "the figures move on by themselves": _the_figures_move_on_by_themselves,
    "a delivery counts as often as it is told": _a_delivery_counts_as_often_as_it_is_told,
    "a PUBACK is believed": _a_puback_is_believed,
    "what is lost is not sent again": _what_is_lost_is_not_sent_again,
    "silence is patience": _silence_is_patience,
    "an old receipt takes back a new one": _an_old_receipt_takes_back_a_new_one,
    "a higher generation is nothing special": _a_higher_generation_is_nothing_special,
    "receipts are not verified": _receipts_are_not_verified,
    "receipts of another epoch are believed": _receipts_of_another_epoch_are_believed,
    "a receipt is kept to oneself": _a_receipt_is_kept_to_oneself,
    "any receipt moves acked": _any_receipt_moves_acked,
    "a fork is only a bad receipt": _a_fork_is_only_a_bad_receipt,
    "pruned above safe": _pruned_above_safe,
}
