"""The scan finds a planted number in whatever form, and fails the run that left it; it keeps quiet else."""

import base64
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from simulators.terminals.zvt.cards import CARDS
from tests.card_scan import NUMBERS, Scan, forms, passes_luhn

ROOT = Path(__file__).parent.parent
# Numbers that nobody but these tests holds: the scan of this very run is not to find them.
EVEN, ODD = "6011000990139424", "371449635398431"


def log(file: Path, number: str) -> None:
    file.write_text(f"2026-03-02 INFO paid with {number}.\n", encoding="utf-8")


def spaced(file: Path, number: str) -> None:
    log(file, " ".join(number[at : at + 4] for at in range(0, len(number), 4)))


def database(file: Path, number: str) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE kept (name TEXT, said TEXT, after TEXT)")
        db.execute("INSERT INTO kept VALUES ('card', ?, 'beef')", (number,))
        db.commit()


def packed(file: Path, number: str) -> None:
    file.write_bytes(b"\x04\x0f\x22\xf0\xf8" + bytes.fromhex(number + "F" * (len(number) % 2)) + b"\x8a\x0a")


def packed_to_the_right(file: Path, number: str) -> None:
    file.write_bytes(b"\x22" + bytes.fromhex("0" * (len(number) % 2) + number))


def hexadecimal(file: Path, number: str) -> None:
    file.write_text(f'{{"device":"07{number.encode().hex().upper()}0d"}}', encoding="utf-8")


def coded(before: int) -> Callable[[Path, str], None]:
    def plant(file: Path, number: str) -> None:
        text = f'{"x" * before}{{"card":"{number}"}}'
        file.write_bytes(base64.urlsafe_b64encode(text.encode()).rstrip(b"="))

    return plant


PLANTS = [log, spaced, database, packed, packed_to_the_right, hexadecimal, coded(0), coded(1), coded(2)]


@pytest.mark.parametrize("number", [EVEN, ODD])
@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_number_is_found_and_only_its_last_digits_are_said(
    tmp_path: Path, plant: Callable[[Path, str], None], number: str
) -> None:
    (tmp_path / "deep").mkdir()
    plant(tmp_path / "deep" / "kept", number)
    found = list(Scan({number}).below(tmp_path))
    assert [(each.where, each.last4) for each in found] == [(str(tmp_path / "deep" / "kept"), number[-4:])]
    assert number not in str(found[0])
    assert not list(Scan(NUMBERS).below(tmp_path))


# What looks like a card where people pay; a GTIN, a moment, an amount, a masked number and a key do not.
@pytest.mark.parametrize(
    ("said", "found"),
    [
        (b"card=4532015112830366;", ["0366"]),
        (b"\x174532015112830366\x01", ["0366"]),
        (b"371449635398431", ["8431"]),
        (b"4532015112830367", []),
        (b"ab4532015112830366", []),
        (b"4006381333931 04006381333931", []),
        (b"1790000000000000000 1790000000000", []),
        (b"453201******0366", []),
        (b"6011000990139424", []),
    ],
)
def test_where_people_pay_what_looks_like_a_card_is_one(said: bytes, found: list[str]) -> None:
    assert [each.last4 for each in Scan().in_bytes(said, "here", pays=True)] == found
    assert not list(Scan().in_bytes(said, "here"))


def test_every_number_that_is_searched_for_is_one_of_a_card_and_none_of_its_forms_is_short() -> None:
    # The banks' own cards for tests need no check digit: what is known is found without.
    assert {n for n in NUMBERS if not passes_luhn(n.encode())} <= {
        CARDS[n].number for n in ("girocard", "maestro")
    }
    assert all(len(form) >= 7 for number in NUMBERS for form in forms(number))
    assert not list(Scan().in_bytes(b"slice BBBBBBBBBBBBBBBB", "here"))


@pytest.mark.parametrize("at", [0, 4_080, 4_095, 4_096, 8_150])
def test_a_number_is_found_wherever_it_stands_between_what_was_searched_before(
    tmp_path: Path, at: int
) -> None:
    (tmp_path / "a").write_bytes(bytes(20_000))
    (tmp_path / "b").write_bytes(bytes(at) + EVEN.encode() + bytes(20_000 - at))
    scan = Scan({EVEN})
    assert {each.where for each in scan.below(tmp_path)} == {str(tmp_path / "b")}
    assert scan.unread_bytes == 0


def test_what_is_past_the_limit_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log(tmp_path / "long", EVEN)
    monkeypatch.setattr("tests.card_scan.FILE_BYTES_MAX", 10)
    scan = Scan({EVEN})
    assert not list(scan.below(tmp_path))
    assert scan.unread_bytes == (tmp_path / "long").stat().st_size - 10
    monkeypatch.setattr("tests.card_scan.RUN_BYTES_MAX", 5)
    short = Scan({EVEN})
    assert not list(short.below(tmp_path))
    assert short.unread_bytes == (tmp_path / "long").stat().st_size


LEAVES = """
def test_leaves(tmp_path):
    (tmp_path / "kept.log").write_text("424242424242" + "4242")
"""
PRINTS = """
def test_prints():
    print("4242" * 4)
"""


@pytest.mark.parametrize("processes", [(), ("--numprocesses=2",)])
@pytest.mark.parametrize(
    ("source", "status", "says"),
    [
        (LEAVES, 1, "kept.log: the number of a card, ending in 4242"),
        (PRINTS, 1, "what it printed: the number of a card, ending in 4242"),
        ("def test_nothing(tmp_path): pass", 0, "1 passed"),
    ],
)
def test_a_run_that_leaves_a_number_fails_and_names_the_file(
    tmp_path: Path, processes: tuple[str, ...], source: str, status: int, says: str
) -> None:
    (tmp_path / "test_planted.py").write_text(source, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    options = ("-q", "-p", "tests.card_scan", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'base'}")
    words = (sys.executable, "-m", "pytest", *options, *processes, str(tmp_path / "test_planted.py"))
    # What Python compiles holds the number, too, and the scan of this run would find it.
    quiet = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(words, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False, timeout=60)
    shutil.rmtree(tmp_path / "base", ignore_errors=True)  # for the same reason
    assert (ran.returncode, says in ran.stdout) == (status, True), ran.stdout + ran.stderr
