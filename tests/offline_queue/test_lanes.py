"""Telemetry may be lost, but never silently, never without bound, and never at the price of a sale."""

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from edge.offline_queue.lanes import LaneReader, NoLaneError, Piece, TelemetryLane
from tests.offline_queue.small_disk import SOMEBODY_ELSE, fill, small_disk

AT_MS = 1_700_000_000_000
ROW_BYTES = 32  # what a row costs beside its kind and body
DAMAGE: dict[str, Callable[[Path], object]] = {
    "another file": lambda path: path.write_bytes(b"a shopping list, and quite a long one" * 200),
    "half a file": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "zeros at its end": lambda path: path.write_bytes(path.read_bytes()[:-1024] + bytes(1024)),
    # Bytes 36 to 39 of the header count the free pages (https://www.sqlite.org/fileformat2.html).
    "with free pages that are not there": lambda path: path.write_bytes(
        path.read_bytes()[:39] + b"\x07" + path.read_bytes()[40:]
    ),
    "of a later version": lambda path: changed(path, "PRAGMA user_version = 9"),
    "without its own row": lambda path: changed(path, "DELETE FROM lane"),
    "with a hole": lambda path: changed(path, "DELETE FROM item WHERE seq = 3"),
    "behind its own row": lambda path: changed(path, "UPDATE lane SET last = 999"),
    "without a table": lambda path: changed(path, "DROP TABLE item"),
}


def changed(path: Path, statement: str) -> None:
    db = apsw.Connection(str(path))
    db.execute(statement)
    db.close()


def put(lane: TelemetryLane, count: int, size: int = 10) -> list[int | None]:
    return [lane.put("took", AT_MS + n, bytes([n % 256]) * size) for n in range(count)]


def seqs(piece: Piece) -> list[int]:
    return [item.seq for item in piece.items]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "telemetry.db"


def test_what_is_put_is_read_in_order_and_whole(path: Path) -> None:
    lane = TelemetryLane(path)
    assert [lane.put("took", AT_MS, b"{}"), lane.put("dwell", AT_MS + 5, b"\x00\xff")] == [1, 2]
    reader = LaneReader(path)
    piece = reader.after(0, 10)
    assert piece == lane.after(0, 10)
    assert [(i.seq, i.kind, i.at_ms, i.body) for i in piece.items] == [
        (1, "took", AT_MS, b"{}"),
        (2, "dwell", AT_MS + 5, b"\x00\xff"),
    ]
    assert (piece.lane, piece.dropped, piece.replaced) == (lane.id, 0, 0)
    assert seqs(reader.after(1, 10)) == [2]
    assert seqs(reader.after(0, 1)) == [1]
    assert seqs(reader.after(2, 10)) == []
    reader.close()
    lane.close()


def test_too_many_rows_push_out_the_oldest_which_are_counted(path: Path) -> None:
    lane = TelemetryLane(path, rows_max=5)
    assert put(lane, 12) == list(range(1, 13))
    assert (seqs(lane.after(0, 100)), lane.dropped) == ([8, 9, 10, 11, 12], 7)
    lane.close()


def test_too_many_bytes_push_out_as_many_of_the_oldest_as_it_takes(path: Path) -> None:
    each = ROW_BYTES + len("took") + 10
    lane = TelemetryLane(path, bytes_max=4 * each)
    put(lane, 4)
    assert lane.put("took", AT_MS, bytes(10 + 2 * each)) == 5
    assert (seqs(lane.after(0, 100)), lane.dropped) == ([4, 5], 3)
    assert lane.put("took", AT_MS, bytes(10 + 3 * each)) == 6
    assert (seqs(lane.after(0, 100)), lane.dropped) == ([6], 5)
    lane.close()


def test_an_item_larger_than_the_lane_is_dropped_and_pushes_nothing_out(path: Path) -> None:
    lane = TelemetryLane(path, bytes_max=1000)
    put(lane, 3)
    assert lane.put("took", AT_MS, bytes(1000)) is None
    assert (seqs(lane.after(0, 10)), lane.dropped) == ([1, 2, 3], 1)
    assert lane.put("took", AT_MS, b"") == 4
    lane.close()


def test_what_was_sent_is_gone_and_is_not_counted_as_lost(path: Path) -> None:
    lane = TelemetryLane(path)
    put(lane, 5)
    lane.sent(3, lane.id)
    assert (seqs(lane.after(0, 10)), lane.dropped) == ([4, 5], 0)
    for seq, of in [(3, lane.id), (0, lane.id), (-7, lane.id), (5, "another"), (99, lane.id)]:
        lane.sent(seq, of)
        assert seqs(lane.after(0, 10)) == [4, 5]
    lane.sent(5, lane.id)
    assert put(lane, 1) == [6]
    lane.close()


def test_a_full_disk_is_given_the_whole_lane_and_the_numbers_go_on(path: Path) -> None:
    lane = TelemetryLane(path)
    put(lane, 500, size=1000)
    lane.wipe()
    assert (seqs(lane.after(0, 10)), lane.dropped) == ([], 500)
    assert path.stat().st_size + path.with_name("telemetry.db-wal").stat().st_size < 20_000
    lane.wipe()
    assert (lane.dropped, put(lane, 1)) == (500, [501])
    lane.close()


def test_a_lane_that_was_closed_goes_on_where_it_was(path: Path) -> None:
    first = TelemetryLane(path, rows_max=5)
    put(first, 7)
    first.close()
    lane = TelemetryLane(path, rows_max=5)
    assert (lane.id, lane.dropped, seqs(lane.after(0, 10))) == (first.id, 2, [3, 4, 5, 6, 7])
    lane.sent(7, lane.id)
    lane.close()
    lane = TelemetryLane(path, rows_max=2)
    assert (put(lane, 3), lane.dropped) == ([8, 9, 10], 3)
    lane.close()


def test_a_lane_with_a_smaller_limit_than_before_is_cut_with_its_next_item(path: Path) -> None:
    lane = TelemetryLane(path)
    put(lane, 50)
    lane.close()
    lane = TelemetryLane(path, rows_max=3)
    put(lane, 1)
    assert (seqs(lane.after(0, 99)), lane.dropped) == ([49, 50, 51], 48)
    lane.close()


def test_a_runtime_that_was_killed_finds_its_items_under_a_new_lane(path: Path) -> None:
    script = f"""
import os, pathlib
from edge.offline_queue.lanes import TelemetryLane
lane = TelemetryLane(pathlib.Path({str(path)!r}), rows_max=5)
for n in range(7):
    lane.put("took", n, b"x")
print(lane.id, flush=True)
os.kill(os.getpid(), 9)
"""
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert killed.returncode == -9
    lane = TelemetryLane(path, rows_max=5)
    assert lane.id != killed.stdout.strip()
    assert (lane.dropped, lane.replaced, seqs(lane.after(0, 10))) == (2, 0, [3, 4, 5, 6, 7])
    lane.close()


def test_after_a_power_cut_no_number_means_two_things(path: Path) -> None:
    """All that was written since the lane was opened is lost, as it may be without a sync."""
    TelemetryLane(path).close()
    lane = TelemetryLane(path)
    survives = path.read_bytes()
    put(lane, 3)
    told = {(lane.id, seq) for seq in seqs(lane.after(0, 10))}
    lane.close()
    for gone in path.parent.iterdir():
        gone.unlink()
    path.write_bytes(survives)
    again = TelemetryLane(path)
    put(again, 3)
    assert told.isdisjoint((again.id, seq) for seq in seqs(again.after(0, 10)))
    again.close()


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_lane_is_replaced_and_counted(
    path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = TelemetryLane(path)
    put(first, 200)
    first.close()
    DAMAGE[damage](path)
    lane = TelemetryLane(path)
    assert (lane.replaced, lane.after(0, 10).items) == (1, ())
    assert 0 <= lane.dropped <= 200  # as many as could be counted
    assert lane.id != first.id
    assert str(path) in caplog.text
    assert put(lane, 2) == [1, 2]
    lane.close()
    lane = TelemetryLane(path)
    assert (lane.replaced, seqs(lane.after(0, 10))) == (1, [1, 2])
    lane.close()


@pytest.mark.parametrize("work", ["put", "sent", "wipe", "after"])
def test_a_lane_that_is_damaged_while_it_is_used_is_replaced_and_counted(path: Path, work: str) -> None:
    lane = TelemetryLane(path)
    put(lane, 5)
    before = lane.id
    lane._db.execute("DROP TABLE item")  # type: ignore[union-attr]
    works: dict[str, Callable[[], object]] = {
        "put": lambda: lane.put("took", AT_MS, b""),
        "sent": lambda: lane.sent(3, before),
        "wipe": lane.wipe,
        "after": lambda: lane.after(0, 10),
    }
    works[work]()
    assert lane.id != before
    assert (lane.dropped, lane.replaced) == (6 if work == "put" else 5, 1)
    lane.sent(5, before)  # the agent has not heard yet
    assert put(lane, 1) == [1]
    lane.close()


def test_where_no_file_can_be_made_all_is_dropped_and_counted_and_nothing_raises(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.mkdir()
    lane = TelemetryLane(path)
    assert "no telemetry is kept" in caplog.text
    assert put(lane, 3) == [None, None, None]
    lane.sent(1, lane.id)
    lane.wipe()
    assert lane.after(0, 10) == Piece(lane.id, 3, 1, ())
    lane.close()
    lane.close()


def test_a_lane_that_fails_for_good_while_it_is_used_drops_the_rest(path: Path) -> None:
    lane = TelemetryLane(path)
    put(lane, 5)
    lane._db.execute("DROP TABLE item")  # type: ignore[union-attr]
    shutil.rmtree(path.parent)
    assert put(lane, 2) == [None, None]
    assert (lane.dropped, lane.replaced) == (7, 1)
    lane.close()


def test_a_file_that_may_not_grow_drops_what_comes_and_keeps_what_it_has(path: Path) -> None:
    lane = TelemetryLane(path)
    put(lane, 5)
    assert lane._db is not None
    lane._db.pragma("max_page_count", lane._db.pragma("page_count"))
    assert None in put(lane, 20, size=900)
    kept = len(lane.after(0, 100).items)
    assert (5 + 20, lane.replaced) == (kept + lane.dropped, 0)
    lane._db.pragma("max_page_count", 100_000)
    assert put(lane, 1) == [kept + 1]
    lane.close()


def test_on_a_full_disk_nothing_raises_and_every_item_is_accounted_for(tmp_path: Path) -> None:
    with small_disk(tmp_path) as disk:
        lane = TelemetryLane(disk / "telemetry.db", rows_max=500)
        put(lane, 50, size=1000)
        fill(disk)
        answers = put(lane, 1000, size=3000)
        assert None in answers
        assert len(lane.after(0, 1000).items) + lane.dropped == 1050
        assert lane.replaced == 0
        (disk / SOMEBODY_ELSE).unlink()
        assert put(lane, 1) != [None]
        lane.close()


def test_somebody_who_holds_the_file_costs_items_and_no_time(path: Path) -> None:
    lane = TelemetryLane(path)
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    assert put(lane, 2) == [None, None]
    lane.wipe()
    other.execute("ROLLBACK")
    assert (put(lane, 1), lane.dropped, lane.replaced) == ([1], 2, 0)
    other.close()
    lane.close()


def test_a_reader_in_the_way_of_the_end_costs_the_lane_its_name_and_nothing_else(path: Path) -> None:
    lane = TelemetryLane(path)
    put(lane, 3)
    reader = apsw.Connection(str(path))
    reader.execute("BEGIN; SELECT count(*) FROM item").fetchall()
    put(lane, 3)
    lane.wipe()
    put(lane, 1)
    lane.close()
    reader.close()
    again = TelemetryLane(path)
    assert again.id != lane.id
    assert (again.dropped, seqs(again.after(0, 10))) == (6, [7])
    again.close()


def test_a_reader_finds_the_file_that_took_the_place_of_a_damaged_one(path: Path) -> None:
    lane = TelemetryLane(path)
    put(lane, 3)
    reader = LaneReader(path)
    assert seqs(reader.after(0, 10)) == [1, 2, 3]
    lane._db.execute("DROP TABLE item")  # type: ignore[union-attr]
    put(lane, 2)
    piece = reader.after(0, 10)
    assert (piece.lane, piece.replaced, seqs(piece)) == (lane.id, 1, [1])
    reader.close()
    lane.close()


@pytest.mark.parametrize("damage", ["another file", "without a table", "without its own row"])
def test_a_reader_of_no_lane_says_so_and_reads_the_next_one(path: Path, damage: str) -> None:
    reader = LaneReader(path)
    with pytest.raises(NoLaneError, match=r"telemetry\.db: no telemetry can be read"):
        reader.after(0, 10)
    lane = TelemetryLane(path)
    lane.close()
    DAMAGE[damage](path)
    with pytest.raises(NoLaneError):
        reader.after(0, 10)
    lane = TelemetryLane(path)
    put(lane, 1)
    assert seqs(reader.after(0, 10)) == [1]
    reader.close()
    lane.close()


@pytest.mark.parametrize("seed", range(20))
def test_every_item_is_there_or_sent_or_counted(path: Path, seed: int) -> None:
    luck = random.Random(seed)
    rows_max, bytes_max = luck.randint(1, 20), luck.randint(200, 3000)
    lane = TelemetryLane(path, rows_max, bytes_max)
    born = sent = 0
    for _ in range(300):
        match luck.choices(["put", "sent", "wipe", "again"], [20, 5, 1, 1])[0]:
            case "put":
                lane.put("took", AT_MS, bytes(luck.randint(0, 300)))
                born += 1
            case "sent":
                there = seqs(lane.after(0, 100))
                up_to = luck.choice([0, *there])
                sent += sum(seq <= up_to for seq in there)
                lane.sent(up_to, lane.id)
            case "wipe":
                lane.wipe()
            case _:
                lane.close()
                lane = TelemetryLane(path, rows_max, bytes_max)
        items = lane.after(0, 100).items
        assert born == len(items) + sent + lane.dropped
        assert len(items) <= rows_max
        assert sum(ROW_BYTES + len(item.kind) + len(item.body) for item in items) <= bytes_max
        assert seqs(lane.after(0, 100)) == list(range(items[0].seq, items[-1].seq + 1)) if items else True
    lane.close()
