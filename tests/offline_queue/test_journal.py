"""The journal keeps its promises: gapless, chained, signed, once, and never changed."""

import asyncio
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import apsw
import pytest

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import check_entry, decode_body, first_prev
from cloud_sync.contract.facts import Arrived, Boot, DocumentApplied, UnbalancedError
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import SoftwareKey, Verifier, seal
from edge.offline_queue import journal as journal_module
from edge.offline_queue import pen as pen_module
from edge.offline_queue.journal import Journal
from edge.offline_queue.outcomes import (
    IdemConflictError,
    JournalClosedError,
    JournalDamagedError,
    JournalForkedError,
    ReceiptRefusedError,
    Recorded,
)
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from retail.custody import Move
from retail.pricing.book import Version
from tests.offline_queue.desk import Counted

GTIN = "09520001000017"
Opener = Callable[..., Journal]


def arrived(transfer: str, units: int = 1) -> Arrived:
    return Arrived(transfer, (Move(GTIN, "transit", "shelf", units),))


def append(journal: Journal, *transfers: str) -> list[Any]:
    async def together() -> list[Any]:
        return await asyncio.gather(
            *(journal.append(arrived(each), f"transfer/{each}") for each in transfers)
        )

    return asyncio.run(together())


def test_a_new_ledger_begins_with_the_key_and_the_start_of_the_runtime(
    opened: Opener, tmp_path: Path
) -> None:
    journal = opened()
    entries = list(LedgerReader(tmp_path / "ledger.db").entries())
    assert [decode_body(entry.body).fact.__class__.__name__ for entry in entries] == ["Genesis", "Boot"]
    assert entries[0].prev == first_prev(journal.epoch)


def test_every_entry_follows_the_one_before_and_is_signed(
    opened: Opener, tmp_path: Path, key: SoftwareKey
) -> None:
    append(opened(), "a", "b", "c")
    append(opened(), "d")
    entries = list(LedgerReader(tmp_path / "ledger.db").entries())
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5, 6, 7]
    assert all(after.prev == before.hash for before, after in pairwise(entries))
    for entry in entries:
        check_entry(entry, Verifier(key.public))


def test_callers_at_the_same_time_each_get_their_own_entry(opened: Opener) -> None:
    names = [f"t{n}" for n in range(200)]
    appended = append(opened(), *names)
    assert [each.body.fact.transfer for each in appended] == names
    assert len({each.entry.seq for each in appended}) == 200


def test_the_same_fact_under_the_same_key_is_written_once(opened: Opener) -> None:
    journal = opened()
    first, again = append(journal, "a")[0], append(journal, "a")[0]
    assert (first.recorded, again.recorded) == (Recorded.NOW, Recorded.ALREADY)
    assert again.entry == first.entry


def test_a_retry_after_a_restart_finds_the_entry(opened: Opener) -> None:
    first = append(opened(), "a")[0]
    assert append(opened(), "a")[0].entry == first.entry


def test_another_fact_under_a_used_key_is_an_error_and_writes_nothing(opened: Opener) -> None:
    journal = opened()
    append(journal, "a")
    head = journal.head
    with pytest.raises(IdemConflictError, match="use a new key"):
        asyncio.run(journal.append(arrived("a", units=2), "transfer/a"))
    assert journal.head == head


def test_an_unbalanced_fact_is_refused_and_its_neighbours_are_written(opened: Opener) -> None:
    journal = opened()

    async def three() -> tuple[Any, Any, Any]:
        return await asyncio.gather(
            journal.append(arrived("a"), "a"),
            journal.append(arrived("b", units=0), "b"),
            journal.append(arrived("c"), "c"),
            return_exceptions=True,
        )

    a, b, c = asyncio.run(three())
    assert isinstance(b, UnbalancedError)
    assert c.entry.seq == a.entry.seq + 1


def test_time_in_the_journal_never_goes_back(opened: Opener, clock: Any) -> None:
    journal = opened()
    before = append(journal, "a")[0].body.wall_ms
    clock.ms -= 3_600_000
    assert append(journal, "b")[0].body.wall_ms == before
    assert append(opened(), "c")[0].body.wall_ms == before


def test_a_waiter_that_gives_up_does_not_stop_the_writer(opened: Opener) -> None:
    journal = opened()

    async def impatient() -> None:
        waiting = asyncio.ensure_future(journal.append(arrived("a"), "a"))
        await asyncio.sleep(0)
        waiting.cancel()
        await journal.append(arrived("b"), "b")

    asyncio.run(impatient())
    assert append(journal, "c")[0].recorded is Recorded.NOW


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE entry SET kind = 'boot' WHERE seq = 1", "never changed"),
        ("DELETE FROM entry WHERE seq = 1", "until a backup of the hub covers"),
        ("DELETE FROM entry WHERE seq = 2", "from the oldest on"),
        (
            "INSERT INTO entry SELECT 9, kind, 'x', kid, hash, body, hash, sig FROM entry WHERE seq = 2",
            "gap|names the hash",
        ),
        (
            "INSERT INTO entry SELECT 3, kind, 'x', kid, prev, body, hash, sig FROM entry WHERE seq = 2",
            "hash of the one before",
        ),
    ],
)
def test_the_database_itself_refuses(opened: Opener, tmp_path: Path, statement: str, why: str) -> None:
    opened().close()
    db = apsw.Connection(str(tmp_path / "ledger.db"))
    with pytest.raises(apsw.ConstraintError, match=why):
        db.execute(statement)
    db.close()


def test_a_closed_journal_says_so(opened: Opener) -> None:
    journal = opened()
    journal.close()
    with pytest.raises(JournalClosedError):
        append(journal, "a")


def test_a_ledger_of_another_object_is_not_touched(opened: Opener) -> None:
    opened().close()
    with pytest.raises(JournalDamagedError, match="belongs to another object"):
        opened(dev="shelf-b12")


def test_a_file_that_is_no_ledger_is_kept_aside(opened: Opener, tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"a shopping list, and quite a long one" * 100)
    with pytest.raises(JournalDamagedError, match=r"no whole ledger.*opos ledger renew"):
        opened()
    (kept,) = (tmp_path / "set-aside").glob("*/ledger.db")
    assert kept.read_bytes().startswith(b"a shopping list")
    with pytest.raises(NoLedgerError, match="this is no ledger"):
        LedgerReader(kept)


def test_a_changed_last_entry_is_found_at_the_start(opened: Opener, tmp_path: Path) -> None:
    append(opened(), "a")
    opened().close()
    db = apsw.Connection(str(tmp_path / "ledger.db"))
    ink = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'entry_is_written_in_ink'").get
    db.execute("DROP TRIGGER entry_is_written_in_ink")
    db.execute(
        "UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), '\"units\":1', '\"units\":2') AS BLOB)"
        " WHERE kind = 'stock.move'"
    )
    assert db.changes() == 1
    db.execute(ink)
    db.close()
    with pytest.raises(JournalDamagedError, match="not what was written"):
        opened()


def receipt(journal: Journal, confirmed: int, **changed: Any) -> Receipt:
    reader = LedgerReader(journal._pen.path)
    digest = reader.hash_of(confirmed) if "hash" not in changed else None
    reader.close()
    fields: dict[str, Any] = {
        "dev": journal.dev,
        "epoch": journal.epoch,
        "seq": confirmed,
        "hash": b64(digest) if digest else "",
        "generation": 1,
        "safe": 0,
        "at_ms": 0,
    }
    return Receipt(**(fields | changed))


def test_only_a_receipt_moves_acked_and_never_back(opened: Opener) -> None:
    journal = opened()
    append(journal, "a", "b")
    asyncio.run(journal.acknowledge(receipt(journal, 3), "jws"))
    assert asyncio.run(journal.acknowledge(receipt(journal, 2), "jws")) == 3
    assert opened().acked == 3


def test_a_hub_restored_from_a_backup_may_confirm_less(opened: Opener) -> None:
    journal = opened()
    append(journal, "a", "b")
    asyncio.run(journal.acknowledge(receipt(journal, 4), "jws"))
    assert asyncio.run(journal.acknowledge(receipt(journal, 2, generation=2), "jws")) == 2
    assert asyncio.run(journal.acknowledge(receipt(journal, 0, generation=3, hash=""), "jws")) == 0


@pytest.mark.parametrize("changed", [{"seq": 99, "hash": "AAAA"}, {"hash": "AAAA"}], ids=["more", "another"])
def test_even_a_word_of_a_hub_that_is_gone_proves_that_the_card_was_put_back(
    opened: Opener, changed: dict[str, Any]
) -> None:
    journal = opened()
    append(journal, "a", "b")
    asyncio.run(journal.acknowledge(receipt(journal, 3, generation=2), "jws"))
    with pytest.raises(JournalForkedError):
        asyncio.run(journal.acknowledge(receipt(journal, 2, generation=1, **changed), "jws"))
    assert journal.acked == 3


@pytest.mark.parametrize(
    "changed",
    [{"dev": "other"}, {"epoch": "other"}, {"seq": 99, "hash": "AAAA"}, {"hash": "AAAA"}],
    ids=["another object", "another epoch", "beyond the head", "another hash"],
)
def test_a_receipt_that_does_not_fit_is_refused(opened: Opener, changed: dict[str, Any]) -> None:
    journal = opened()
    with pytest.raises(ReceiptRefusedError):
        asyncio.run(journal.acknowledge(receipt(journal, 1, **changed), "jws"))
    assert journal.acked == 0


def test_the_hubs_last_word_can_be_read_again(opened: Opener, tmp_path: Path, key: SoftwareKey) -> None:
    journal = opened()
    reader = LedgerReader(tmp_path / "ledger.db")
    assert reader.last_receipt() is None
    word = receipt(journal, 2, at_ms=77)
    asyncio.run(journal.acknowledge(word, seal(key, RECEIPT_TYPE, word)))
    assert reader.last_receipt() == word
    reader.close()


def test_a_key_is_replaced_between_sales_and_whoever_listens_hears_of_it(
    opened: Opener, tmp_path: Path, key: SoftwareKey
) -> None:
    journal, heads, following = opened(), SimpleQueue[int](), SoftwareKey.generate()
    journal.on_head = heads.put
    append(journal, "a")
    assert heads.get(timeout=30) == 3
    named = asyncio.run(journal.rotate(following))
    assert (named.entry.seq, named.entry.kid) == (4, key.public.kid)
    assert heads.get(timeout=30) == 4
    append(journal, "b")
    reader = LedgerReader(tmp_path / "ledger.db")
    assert reader.last_rotation() == 4
    assert [entry.kid for entry in reader.after(3, 9)] == [key.public.kid, following.public.kid]
    reader.close()


def test_a_reader_in_another_connection_sees_each_commit(opened: Opener, tmp_path: Path) -> None:
    journal = opened()
    reader = LedgerReader(tmp_path / "ledger.db")
    append(journal, "a")
    assert reader.head() == journal.head == 3
    assert [entry.seq for entry in reader.after(1, 10)] == [2, 3]
    identity = reader.identity()
    assert identity is not None
    assert (identity.dev, identity.epoch) == ("mirror-4", journal.epoch)


def test_documents_are_entries_too(opened: Opener) -> None:
    fact = DocumentApplied("prices", Version(1, 2), "00")
    assert asyncio.run(opened().append(fact, "d")).body.fact == fact


def test_a_boot_is_written_at_each_start(opened: Opener, tmp_path: Path) -> None:
    for _ in range(3):
        opened()
    facts = [decode_body(entry.body).fact for entry in LedgerReader(tmp_path / "ledger.db").entries()]
    assert facts[1:] == [Boot("1.0")] * 3


def test_a_copy_is_a_ledger_too(opened: Opener, tmp_path: Path) -> None:
    append(opened(), "a")
    LedgerReader(tmp_path / "ledger.db").copy_to(tmp_path / "copy.db")
    assert LedgerReader(tmp_path / "copy.db").head() == 3


def test_the_journal_checkpoints_and_prunes_between_sales(opened: Opener, tmp_path: Path) -> None:
    journal = opened(Counted())
    append(journal, "a", "b")

    async def tidy() -> tuple[int, int]:
        checkpoint = await journal.checkpoint()
        confirmed = receipt(journal, journal.head, safe=journal.head)
        await journal.acknowledge(confirmed, "jws")
        assert await journal.prune() == checkpoint.entry.seq - 1
        return await journal.prune(), await journal.spare_bytes()

    pruned, spare_bytes = asyncio.run(tidy())
    assert (pruned, journal.floor) == (0, 5)
    assert spare_bytes > 0
    assert journal.follows is None
    reader = LedgerReader(tmp_path / "ledger.db")
    assert reader.floor() == 5
    reader.close()


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.005)


def test_projections_follow_when_the_shop_is_quiet(opened: Opener, tmp_path: Path) -> None:
    journal = opened(Counted())
    append(journal, "a")
    reader = LedgerReader(tmp_path / "ledger.db")
    until(lambda: bool(reader.select("SELECT units FROM counted WHERE holder = 'shelf'")))
    assert reader.select("SELECT units FROM counted WHERE holder = 'shelf'") == [(1,)]
    reader.close()


def test_a_busy_journal_folds_flushes_and_checkpoints_all_the_same(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pen_module, "WAL_PAGES_MAX", 1)
    monkeypatch.setattr(pen_module, "_CHECKPOINT_EVERY", 8)
    monkeypatch.setattr(journal_module, "_BEHIND_MAX", 4)
    journal = opened(Counted())
    heads: list[int] = []
    journal.on_head = heads.append
    for n in range(20):
        append(journal, f"t{n}")
    until(lambda: journal._pen.behind < 4)
    assert journal.head > 22
    assert heads == sorted(heads)


def fail_with(error: BaseException) -> Callable[..., None]:
    def write(*_: object) -> None:
        raise error

    return write


def test_a_failing_disk_is_told_to_everybody_who_waits(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened()
    told: list[str] = []
    journal.on_failure = told.append
    monkeypatch.setattr(journal._pen, "write", fail_with(apsw.IOError("fsync failed")))

    async def three() -> list[Any]:
        return await asyncio.gather(
            *(journal.append(arrived(name), name) for name in "abc"), return_exceptions=True
        )

    assert [type(each) for each in asyncio.run(three())] == [JournalClosedError] * 3
    assert told == ["fsync failed"]
    with pytest.raises(JournalClosedError, match="fsync failed"):
        append(journal, "d")


def test_damage_that_an_entry_comes_across_is_set_aside_by_the_next_start(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened()
    append(journal, "a")
    monkeypatch.setattr(journal._pen, "write", fail_with(apsw.CorruptError("image is malformed")))
    with pytest.raises(JournalClosedError, match="image is malformed"):
        append(journal, "b")
    journal.close()
    with pytest.raises(JournalDamagedError, match="this is no whole ledger: image is malformed"):
        opened()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_writer_that_dies_is_never_silent(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = opened()
    told: list[str] = []
    journal.on_failure = told.append
    monkeypatch.setattr(journal._pen, "write", fail_with(AssertionError("what cannot be")))
    with pytest.raises(JournalClosedError, match="its writer died"):
        append(journal, "a")
    assert told == ["its writer died"]


def test_who_asks_at_the_moment_of_a_failure_does_not_wait_for_ever(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened()

    class FailsMeanwhile(SimpleQueue[Any]):
        def put(self, *_: Any) -> None:
            journal._failure = "fsync failed"

    journal._asked.put(None)
    journal._thread.join()
    journal._failure = None
    monkeypatch.setattr(journal._thread, "is_alive", lambda: True)
    journal._asked = FailsMeanwhile()
    with pytest.raises(JournalClosedError, match="fsync failed"):
        append(journal, "a")
    monkeypatch.undo()


def test_a_stuck_disk_is_told_before_memory_is_short(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_WAITING_MAX", 0)
    with pytest.raises(JournalClosedError, match="it is stuck"):
        append(opened(), "a")


def held(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The pen waits in the middle of its next commit until the event is set."""
    release, usual = threading.Event(), journal._pen.write

    def write(orders: Any) -> Any:
        release.wait()
        return usual(orders)

    monkeypatch.setattr(journal._pen, "write", write)
    return release


def asked_while_held(journal: Journal, release: threading.Event, *, last: Callable[[], None]) -> list[Any]:
    """One append that is being written, one that waits, then `last`, then the pen goes on."""

    async def ask() -> list[Any]:
        first = asyncio.ensure_future(journal.append(arrived("a"), "a"))
        await asyncio.sleep(0)
        await asyncio.to_thread(until, journal._asked.empty)
        second = asyncio.ensure_future(journal.append(arrived("b"), "b"))
        await asyncio.sleep(0)
        ending = asyncio.ensure_future(asyncio.to_thread(last))
        await asyncio.to_thread(until, lambda: journal._asked.qsize() == 2)
        release.set()
        await ending
        return [*await asyncio.gather(first, second, return_exceptions=True)]

    return asyncio.run(ask())


def test_what_was_asked_before_the_end_is_written(
    opened: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened()
    done = asked_while_held(journal, held(journal, monkeypatch), last=journal.close)
    assert [each.entry.seq for each in done] == [3, 4]
    reader = LedgerReader(tmp_path / "ledger.db")
    assert reader.head() == 4
    reader.close()


def test_a_disk_that_fails_is_told_to_those_who_wait_behind(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened()
    monkeypatch.setattr(journal._pen, "write", fail_with(apsw.IOError("fsync failed")))
    release = held(journal, monkeypatch)
    done = asked_while_held(journal, release, last=lambda: journal._asked.put(None))
    assert [type(each) for each in done] == [JournalClosedError] * 2


def test_a_loop_that_has_ended_is_not_waited_for(opened: Opener) -> None:
    journal = opened()
    loop = asyncio.new_event_loop()
    held = threading.Event()
    usual = journal._pen.write
    journal._pen.write = lambda orders: (held.wait(), usual(orders))[1]  # type: ignore[method-assign]
    waiting = loop.create_task(journal.append(arrived("a"), "a"))
    loop.run_until_complete(asyncio.sleep(0))
    waiting.cancel()
    loop.run_until_complete(asyncio.gather(waiting, return_exceptions=True))
    loop.close()
    held.set()
    assert append(journal, "b")[0].recorded is Recorded.NOW
