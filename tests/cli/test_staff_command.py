"""The list of staff as a shop keeps it: made, read, changed, and never with a PIN in it."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edge.checkout.books import Books
from edge.checkout.register import Register
from edge.checkout.sale import Shop
from edge.checkout.staff import AGE, RETURN, VOID, Admitted, Denied, StaffDoor, read_staff
from edge.cli.staff import staff
from tests.checkout.purses import Disk, Ledger, Time

PIN, OTHER = "482915", "730164"


def ask(*words: str, said: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(staff, [*words], input=said)
    return done.exit_code, done.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "staff.json"


def made(file: Path, *words: str, pin: str = PIN) -> dict[str, Any]:
    code, said = ask("new", str(file), "--pin-stdin", "--json", *words, said=f"{pin}\n")
    assert code == 0, said
    return dict(json.loads(said))


async def admitted(file: Path, badge: str, pin: str) -> Admitted | Denied:
    disk, time = Disk("mirror-1"), Time()
    books = Books()
    register = Register(Shop(disk.dev, "floor", "", "UTC"), Ledger(disk, time, None), books)
    return await StaffDoor(read_staff(file.read_bytes()), register, books, time, "boot").admit(badge, pin)


def test_who_was_put_on_the_list_is_let_in_by_their_pin_alone(file: Path) -> None:
    person = made(file, "--may", "return", "--may", "void", "--may", "age")
    assert person["code"] == f"opos:badge:{person['badge']}"
    let_in = asyncio.run(admitted(file, person["badge"], PIN))
    assert let_in == Admitted(person["staff"], frozenset({RETURN, VOID, AGE}))
    assert asyncio.run(admitted(file, person["badge"], OTHER)) is Denied.WRONG
    assert PIN not in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file away")
def test_who_keeps_the_list_with_sudo_leaves_it_the_services_own(file: Path) -> None:
    made(file, "--badge", "17")
    os.chown(file, 990, 991)
    file.chmod(0o644)
    assert ask("pin", str(file), "17", "--pin-stdin", said=f"{OTHER}\n")[0] == 0
    kept = file.stat()
    assert (kept.st_uid, kept.st_gid, kept.st_mode & 0o777) == (990, 991, 0o640)
    assert [each.name for each in file.parent.iterdir()] == ["staff.json"]


def test_a_pin_is_changed_and_a_person_dropped(file: Path) -> None:
    one, two = made(file), made(file, "--badge", "17", pin=OTHER)
    assert ask("pin", str(file), "17", "--pin-stdin", said=f"{PIN}\n")[0] == 0
    assert isinstance(asyncio.run(admitted(file, "17", PIN)), Admitted)
    code, said = ask("list", str(file), "--json")
    assert (code, [each["staff"] for each in json.loads(said)["staff"]]) == (0, [one["staff"], two["staff"]])
    assert ask("drop", str(file), one["badge"])[0] == 0
    assert ask("list", str(file))[1].split()[:2] == ["17", two["staff"]]


def test_where_nobody_can_type_a_pin_the_flag_is_named_and_nothing_is_written(file: Path) -> None:
    code, said = ask("new", str(file), "--json")
    assert (code, "give --pin-stdin" in said, file.exists()) == (2, True, False)


def test_a_pin_is_asked_for_twice_and_not_shown(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.cli.staff.is_person", lambda: True)
    code, said = ask("new", str(file), said=f"{PIN}\n{OTHER}\n{PIN}\n{PIN}\n")
    assert code == 0
    assert PIN not in said
    assert "opos:badge:" in said


@pytest.mark.parametrize(
    ("words", "said", "why"),
    [
        (("new", "--pin-stdin"), "12345\n", "6 to 12 digits"),
        (("new", "--pin-stdin"), "", "6 to 12 digits"),
        (("new", "--pin-stdin", "--badge", "123456789"), f"{PIN}\n", "expected 1 to 8 digits"),
        (("new", "--pin-stdin", "--badge", "17"), f"{PIN}\n", "badge 17 is somebody's"),
        (("pin", "99", "--pin-stdin"), f"{PIN}\n", "nobody has badge 99"),
        (("drop", "99"), "", "nobody has badge 99"),
    ],
)
def test_what_cannot_be_is_one_sentence(file: Path, words: tuple[str, ...], said: str, why: str) -> None:
    made(file, "--badge", "17")
    before = file.read_bytes()
    code, output = ask(words[0], str(file), *words[1:], said=said)
    assert code != 0
    assert why in output
    assert "Traceback" not in output
    assert file.read_bytes() == before


@pytest.mark.parametrize("data", [b"", b"[]", b'{"members": 3}', b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_no_list_is_left_alone(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    for words in (("list",), ("drop", "17"), ("new", "--pin-stdin")):
        code, said = ask(words[0], str(file), *words[1:], said=f"{PIN}\n")
        assert (code, "expected a list of staff" in said) == (1, True)
    assert file.read_bytes() == data
