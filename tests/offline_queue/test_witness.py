"""A card that was rolled back, or that lied, is found out by what stands on another medium."""

import errno
import os
import re
from pathlib import Path

import pytest

from edge.offline_queue import witness
from edge.offline_queue.witness import (
    FileWitness,
    Seen,
    WitnessAwayError,
    WitnessDamagedError,
    WitnessError,
    loss,
)
from tests.offline_queue.small_disk import fill, small_disk


@pytest.mark.parametrize(
    ("witnessed", "epoch", "head", "said"),
    [
        (None, "e1", 0, None),
        (None, "e1", 9, None),
        (Seen("e1", 9), "e1", 9, None),
        (Seen("e1", 9), "e1", 12, None),
        (Seen("e1", 9), "e1", 8, "the witness saw entry 9, but this ledger ends at 8"),
        (Seen("e1", 9), "e1", 0, "rolled back, or did not write what it said it had"),
        (Seen("e1", 9), "e2", 50, "entry 9 of epoch e1, but this ledger is of epoch e2"),
        (Seen("e0", 9), "e2", 50, None),
    ],
)
def test_a_loss_is_what_the_witness_saw_and_the_ledger_has_not(
    witnessed: Seen | None, epoch: str, head: int, said: str | None
) -> None:
    found = loss(witnessed, epoch, head, succeeds={"e0"})
    assert found is None if said is None else said in str(found)


def test_a_witness_that_saw_nothing_yet_says_so(tmp_path: Path) -> None:
    assert FileWitness(tmp_path / "witness").seen() is None


def test_a_witness_remembers_the_last_entry_and_never_goes_back_within_an_epoch(tmp_path: Path) -> None:
    file = FileWitness(tmp_path / "witness")
    for epoch, seq, remembered in [
        ("e1", 5, Seen("e1", 5)),
        ("e1", 9, Seen("e1", 9)),
        ("e1", 9, Seen("e1", 9)),
        ("e1", 3, Seen("e1", 9)),
        ("e2", 2, Seen("e2", 2)),
    ]:
        file.see(epoch, seq)
        assert FileWitness(tmp_path / "witness").seen() == remembered
    assert [path.name for path in tmp_path.iterdir()] == ["witness"]


def test_an_entry_that_was_seen_is_not_written_again(tmp_path: Path) -> None:
    file = FileWitness(tmp_path / "witness")
    file.see("e1", 5)
    before = (tmp_path / "witness").stat().st_ino
    file.see("e1", 5)
    assert (tmp_path / "witness").stat().st_ino == before


def test_whoever_forgets_the_witness_medium_is_told_to_mount_it(tmp_path: Path) -> None:
    file = FileWitness(tmp_path / "stick" / "witness")
    for ask in (file.seen, lambda: file.see("e1", 1)):
        with pytest.raises(WitnessAwayError, match=f"^{tmp_path}.*No such file.*mount its medium"):
            ask()


def test_a_witness_that_cannot_be_read_is_away(tmp_path: Path) -> None:
    (tmp_path / "witness").mkdir()
    with pytest.raises(WitnessAwayError, match="Is a directory"):
        FileWitness(tmp_path / "witness").seen()


@pytest.mark.parametrize("cut", range(60))
def test_half_a_file_is_damage_and_no_loss_and_a_whole_one_takes_its_place(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "witness"
    FileWitness(path).see("e1", 7)
    whole = path.read_bytes()
    assert len(whole) <= 60
    path.write_bytes(whole[: min(cut, len(whole) - 1)])
    with pytest.raises(WitnessDamagedError, match=re.escape(str(path))):
        FileWitness(path).seen()
    FileWitness(path).see("e1", 8)
    assert FileWitness(path).seen() == Seen("e1", 8)


def test_a_flipped_bit_never_claims_a_loss(tmp_path: Path) -> None:
    path = tmp_path / "witness"
    FileWitness(path).see("e1", 7)
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with pytest.raises(WitnessDamagedError):
            FileWitness(path).seen()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 512,
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"[" * 2000,
        b'{"epoch":"e1","seq":7}',
        b'{"epoch":"e1","seq":"7","check":""}',
        b'{"epoch":"e1","seq":7,"check":"0000000000000000"}',
        b'{"epoch":"e1","seq":7,"check":"0000000000000000","note":""}',
        b'{"epoch":"' + b"e" * 5000 + b'","seq":7,"check":""}',
    ],
)
def test_what_no_witness_wrote_is_damage(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "witness").write_bytes(data)
    with pytest.raises(WitnessDamagedError):
        FileWitness(tmp_path / "witness").seen()


@pytest.mark.parametrize("step", ["fsync", "replace", "sync_directory"])
def test_a_crash_between_writing_and_renaming_leaves_the_old_line_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "witness"
    FileWitness(path).see("e1", 5)
    with monkeypatch.context() as crash:
        room = {"fsync": os, "replace": Path, "sync_directory": witness}[step]
        crash.setattr(room, step, power_cut)
        with pytest.raises(PowerCutError):
            FileWitness(path).see("e1", 6)
    assert FileWitness(path).seen() in (Seen("e1", 5), Seen("e1", 6))
    FileWitness(path).see("e1", 7)
    assert FileWitness(path).seen() == Seen("e1", 7)


def test_what_a_power_cut_left_beside_it_is_neither_read_nor_in_the_way(tmp_path: Path) -> None:
    path = tmp_path / "witness"
    FileWitness(path).see("e1", 5)
    (tmp_path / "witness.part").write_bytes(b'{"epoch":"e1","se')
    assert FileWitness(path).seen() == Seen("e1", 5)
    FileWitness(path).see("e1", 6)
    assert [path.name for path in tmp_path.iterdir()] == ["witness"]


def test_a_stick_that_is_pulled_while_it_is_written_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pulled(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", pulled)
    with pytest.raises(WitnessError, match="Input/output error"):
        FileWitness(tmp_path / "witness").see("e1", 5)


def test_a_witness_on_a_full_disk_keeps_what_it_knew(tmp_path: Path) -> None:
    with small_disk(tmp_path) as disk:
        file = FileWitness(disk / "witness")
        file.see("e1", 5)
        fill(disk)
        with pytest.raises(WitnessAwayError, match="No space left"):
            file.see("e1", 6)
        assert file.seen() == Seen("e1", 5)


class PowerCutError(BaseException):
    """The process is gone."""


def power_cut(*_arguments: object) -> None:
    raise PowerCutError
