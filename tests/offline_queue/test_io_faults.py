"""One call to the disk fails, whichever it is: the pen keeps its promises, or it raises."""

import asyncio
import random
from collections import Counter
from pathlib import Path
from unittest import mock

import apsw
import pytest

from edge.offline_queue.journal import Journal, open_journal
from edge.offline_queue.outcomes import JournalClosedError
from tests.offline_queue.faults.disk import Call, Fault, FaultyDisk
from tests.offline_queue.faults.keeper import PROJECTIONS, Keeper
from tests.offline_queue.faults.one_fault import calls_of_a_life, check_fault, check_what_is_left, live
from tests.offline_queue.faults.shop import DEV, KEY, ShopClock, sale, staged

# Where there are hundreds of calls of a kind, two faults share them: where the process dies after the one, it
# closes its files after the other.
MANY: list[tuple[Call, int, int]] = [
    ("write", apsw.SQLITE_IOERR_WRITE, 0),
    ("write", apsw.SQLITE_FULL, 1),
    ("read", apsw.SQLITE_IOERR_READ, 0),
    ("read", apsw.SQLITE_IOERR_SHORT_READ, 1),
]
FEW: list[tuple[Call, int]] = [
    ("sync", apsw.SQLITE_IOERR_FSYNC),
    ("truncate", apsw.SQLITE_IOERR_TRUNCATE),
    ("open", apsw.SQLITE_CANTOPEN),
    ("size", apsw.SQLITE_IOERR_FSTAT),
    ("delete", apsw.SQLITE_IOERR_DELETE),
]
WRITING = {"stock", "sell", "rotate"}
"""What only `Pen.write` does: a full disk may not stop it while there is a reserve."""


@pytest.fixture(scope="module")
def calls() -> Counter[Call]:
    return calls_of_a_life()


@pytest.mark.parametrize(("call", "code", "odd"), MANY)
def test_a_promise_outlives_the_failure_of_any_read_or_write(
    calls: Counter[Call], call: Call, code: int, odd: int
) -> None:
    for nth in range(calls[call]):
        outcome = check_fault(Fault(call, nth, code), dies=nth % 2 == odd)
        assert outcome.raised == "" or code != apsw.SQLITE_FULL or outcome.doing not in WRITING, nth


@pytest.mark.parametrize(("call", "code"), FEW)
@pytest.mark.parametrize("dies", [True, False], ids=["then dies", "then closes"])
def test_a_promise_outlives_the_failure_of_any_other_call(
    calls: Counter[Call], call: Call, code: int, *, dies: bool
) -> None:
    for nth in range(calls[call]):
        check_fault(Fault(call, nth, code), dies=dies)


def test_a_write_that_fails_half_way_leaves_nothing_half_written(calls: Counter[Call]) -> None:
    for nth in range(0, calls["write"], 12):
        check_fault(Fault("write", nth, apsw.SQLITE_IOERR_WRITE, partial=True), dies=True)


def test_a_full_disk_is_given_the_reserve_once_and_the_sale_goes_on(calls: Counter[Call]) -> None:
    outcomes = [
        check_fault(Fault("write", nth, apsw.SQLITE_FULL, lasting=True), dies=True)
        for nth in range(0, calls["write"], 12)
    ]
    sold = [one for one in outcomes if WRITING & set(one.released)]
    assert sold
    assert {(one.raised, len(one.released)) for one in sold} == {("", 1)}


def test_a_full_disk_without_a_reserve_is_said_and_costs_no_promise(calls: Counter[Call]) -> None:
    for nth in range(0, calls["write"], 12):
        fault = Fault("write", nth, apsw.SQLITE_FULL, lasting=True)
        outcome = check_fault(fault, dies=True, ballast=False)
        # While it closes there is nobody left to tell.
        assert outcome.doing == "close" or "Full" in outcome.raised or "Closed" in outcome.raised


@pytest.mark.parametrize("nth", range(5))
def test_a_ledger_whose_making_fails_can_be_made_again(tmp_path: Path, nth: int) -> None:
    keeper = Keeper(tmp_path / "ledger.db")
    failing = [None] * nth + [OSError(5, "Input/output error")] + [None] * 99
    with staged(random.Random(1)), FaultyDisk(), mock.patch("os.fsync", side_effect=failing):
        try:
            live(keeper)
        except JournalClosedError:
            keeper.close()
    check_what_is_left(keeper, keeper.path)


def test_a_sync_that_failed_is_not_tried_again_and_ends_the_journal(tmp_path: Path) -> None:
    path, failures = tmp_path / "ledger.db", list[str]()

    async def sell(journal: Journal, *names: str) -> list[object]:
        sales = (journal.append(sale(name), name) for name in names)
        return await asyncio.gather(*sales, return_exceptions=True)

    with FaultyDisk() as disk, staged(random.Random(1)):
        journal = open_journal(path, KEY, DEV, ShopClock(), PROJECTIONS)
        journal.on_failure = failures.append
        journal.start("1.0")
        asyncio.run(sell(journal, "promised"))
        disk.fault = Fault("sync", disk.calls["sync"], apsw.SQLITE_IOERR_FSYNC)
        unknown = asyncio.run(sell(journal, "a", "b"))
        done = disk.calls.copy()
        refused = asyncio.run(sell(journal, "c", "promised"))
        assert disk.calls == done
        journal.close()
    assert all(isinstance(one, JournalClosedError) for one in unknown + refused)
    assert len(failures) == 1
    after = Keeper(path)
    after.open()
    after.sell("promised", "a", "b", "c")
    after.close()
