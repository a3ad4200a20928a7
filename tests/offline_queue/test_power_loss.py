"""The power fails at any moment, again and again: no promise is broken, and nothing is there uncalled for."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

import apsw
import pytest

from tests.offline_queue.power.disk import SECTOR_BYTES, Content, Image, Kind, Op, Platter
from tests.offline_queue.power.recording import recording
from tests.offline_queue.power.soak import replay, sweep
from tests.offline_queue.power.worlds import play

# 168 worlds are more than 20,000 crashes; they are the same ones each time. The soak looks for others.
_WORLDS: Final = 168
_CRASHES: Final = 20_000
_PROCESSES: Final = 2

# Seeds that once found something, and what that was: they are played for ever, with so many crashes, and the
# full check after every so many of them.
KEPT_SEEDS: Final = (
    (13, 120, 80, "a killed process had named the ledger, and its log outlived the name at a power cut"),
    (
        164318033,
        120,
        80,
        "the last commit of a killed process was not synced before the next one was written",
    ),
)


def test_no_promise_is_broken_by_twenty_thousand_crashes(tell: Callable[[str], None]) -> None:
    crashes = 0
    for outcome in sweep(0, _WORLDS, _PROCESSES):
        assert outcome.broken is None, f"{outcome.broken}\nagain: {replay(outcome.seed)}"
        crashes += outcome.crashes
    tell(f"power loss: {crashes:,} crashes, seeds 0 to {_WORLDS - 1}; again: {replay(0)}")
    assert crashes >= _CRASHES


@pytest.mark.parametrize(("seed", "crashes", "closer", "what"), KEPT_SEEDS)
def test_what_was_once_broken_holds(seed: int, crashes: int, closer: int, what: str) -> None:
    assert play(seed, crashes, closer).broken is None, what


def test_a_seed_plays_the_same_world_again() -> None:
    first = play(3, 20)
    assert play(3, 20) == first
    assert play(4, 20).fingerprint != first.fingerprint


def test_a_world_leaves_the_usual_disk_behind() -> None:
    play(5, 5)
    assert apsw.vfs_names()[0] == "unix"


def test_the_log_says_what_sqlite_did_to_its_files(tmp_path: Path) -> None:
    with recording(tmp_path) as recorder:
        db = apsw.Connection(str(tmp_path / "x.db"))
        db.execute("PRAGMA journal_mode = WAL")
        before = recorder.position
        db.execute("CREATE TABLE t (a)")
        committed = recorder.log[before:]
        db.close()
        closed = recorder.log[before + len(committed) :]
    assert committed[-1] == Op(Kind.SYNC, "x.db-wal")
    assert {op.file for op in committed} == {"x.db-wal"}
    assert closed[-1] == Op(Kind.DELETE, "x.db-wal", 0)


def cut(*ops: Op, start: bytes = b"", many: int = 400) -> list[bytes]:
    """What a cut after `ops` has left of the file `f`, each time."""
    image = Image({"f": Content(start, len(start))}) if start else Image({})
    platter = Platter(ops, image)
    platter.turn_to(len(ops))
    survivors = [platter.surviving(random.Random(seed)).files.get("f") for seed in range(many)]
    return [each.data.ljust(each.size, b"\0") if each else b"gone" for each in survivors]


OLD: Final = b"o" * 2 * SECTOR_BYTES
SECTOR: Final = b"n" * SECTOR_BYTES
NEW: Final = Op(Kind.WRITE, "f", 0, SECTOR * 2)


def test_what_was_synced_survives() -> None:
    assert set(cut(NEW, Op(Kind.SYNC, "f"), start=OLD)) == {SECTOR * 2}


def test_sectors_survive_one_by_one_in_any_order_and_torn() -> None:
    found = set(cut(NEW, start=OLD))
    old = b"o" * SECTOR_BYTES
    assert {old + old, old + SECTOR, SECTOR + old, SECTOR + SECTOR} <= found
    torn = {data[:SECTOR_BYTES].count(b"n") for data in found} - {0, SECTOR_BYTES}
    assert len(torn) > 5
    assert all(len(data) == len(OLD) and not set(data) - set(b"no") for data in found)


def test_bytes_outside_a_write_are_never_harmed() -> None:
    for data in cut(Op(Kind.WRITE, "f", 100, b"new"), start=OLD):
        assert data[:100] + data[103:] == OLD[:100] + OLD[103:]


def test_any_version_of_a_sector_since_the_last_sync_may_survive() -> None:
    versions = [Op(Kind.WRITE, "f", 0, bytes([letter]) * SECTOR_BYTES) for letter in b"abc"]
    whole = {data[0] for data in cut(*versions, start=OLD) if len(set(data[:SECTOR_BYTES])) == 1}
    assert whole == set(b"oabc")


def test_a_file_may_be_longer_than_what_reached_it_and_hold_noise_there() -> None:
    found = cut(Op(Kind.WRITE, "f", len(OLD), SECTOR * 2), start=OLD)
    assert {len(data) for data in found} == {len(OLD), 2 * len(OLD)}
    assert all(data.startswith(OLD) for data in found)
    ends = {data[-SECTOR_BYTES:] for data in found if len(data) > len(OLD)}
    assert {SECTOR, bytes(SECTOR_BYTES)} <= ends
    assert any(len(set(end)) > 20 for end in ends)


def test_a_file_that_was_never_synced_may_be_gone_and_one_that_was_deleted_may_be_back() -> None:
    assert b"gone" in cut(Op(Kind.MADE, "f"), NEW)
    assert b"gone" not in cut(Op(Kind.MADE, "f"), NEW, Op(Kind.SYNC, "f"))
    assert set(cut(Op(Kind.DELETE, "f", 0), start=OLD)) == {OLD, b"gone"}
    assert set(cut(Op(Kind.DELETE, "f", 1), start=OLD)) == {b"gone"}


def test_a_truncated_file_has_any_of_its_lengths() -> None:
    found = cut(Op(Kind.TRUNCATE, "f", 10), start=OLD)
    assert {len(data) for data in found} == {10, len(OLD)}


def test_a_process_that_dies_loses_nothing_that_it_wrote() -> None:
    platter = Platter([NEW, Op(Kind.TRUNCATE, "f", 700)], Image({"f": Content(OLD, len(OLD))}))
    platter.turn_to(2)
    assert platter.kernel_view().files["f"] == Content((SECTOR * 2)[:700], 700)


def test_a_card_that_lies_keeps_nothing_at_a_sync() -> None:
    log = [NEW, Op(Kind.SYNC, "f")]
    platter = Platter(log, Image({"f": Content(OLD, len(OLD))}), believed=lambda _: False)
    platter.turn_to(2)
    assert any(platter.surviving(random.Random(seed)).files["f"].data == OLD for seed in range(50))
