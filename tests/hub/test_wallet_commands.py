"""Wallets as a person of the shop keeps them: a code that is seen once, and money that is counted once."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cloud_sync.contract.escrow import SLICE_TYPE, Slice, SliceAsked, SliceGiven, is_code, shown_by
from cloud_sync.contract.signing import Verifier, unseal
from cloud_sync.hub.cli import hub as hub_command
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.members.escrow import Escrow
from cloud_sync.hub.store import database
from tests.hub.test_hub_commands import KEY, SHOP

PLACE = ("--object", "mirror-4", "--tenant", "demo", "--site", "corner", "--key", json.dumps(KEY.jwk()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "hub"
    for words in (("init",), ("import", SHOP), ("admit", *PLACE)):
        assert CliRunner().invoke(hub_command, [*map(str, words), "--dir", str(path)]).exit_code == 0
    return path


def wallet(folder: Path, *words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(hub_command, ["wallet", *words, "--dir", str(folder)], input=typed)


def told(folder: Path, *words: str, typed: str | None = None) -> dict[str, Any]:
    done = wallet(folder, *words, "--json", typed=typed)
    assert done.exit_code == 0, done.output
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def lend(folder: Path, code: str, need_minor: int) -> str:
    """A slice of what the code shows; its serial."""
    key = Folder(folder).receipt_key()
    ask = SliceAsked(shown_by(code), "e1", "EUR", need_minor)
    with closing(database.connect(Folder(folder).database)) as store, store.writing() as connection:
        given = Escrow(key).lend(connection, "mirror-4", ask, 1)
    assert isinstance(given, SliceGiven)
    return unseal(given.slice, SLICE_TYPE, {key.public.kid: Verifier(key.public)}, Slice).serial


def test_a_code_is_printed_once_and_stands_nowhere(folder: Path) -> None:
    made = told(folder, "new", "--amount-minor", "5000")
    code, name = made["code"], made["wallet"]["wallet"]
    assert is_code(code)
    assert is_code(made["text"])
    assert made["wallet"]["balance_minor"] == 5_000
    assert told(folder, "look", name)["wallet"] == made["wallet"]
    letters = code.replace("-", "").encode()
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert code.encode() not in data
            assert letters not in data


def test_a_person_sees_the_code_as_letters_and_as_a_picture(folder: Path) -> None:
    said = wallet(folder, "new", "--amount-minor", "1250").output
    assert "€12.50 on it" in said
    assert any(is_code(line.strip()) for line in said.splitlines())
    assert "\N{FULL BLOCK}" in said


def test_a_wallet_is_found_by_its_code_however_it_is_typed(folder: Path) -> None:
    made = told(folder, "new")
    code = made["code"]
    for typed in (code, code.lower(), code.replace("-", " "), made["text"], f"{made['text'].upper()}\r"):
        assert told(folder, "look", "-", typed=f"{typed}\n")["wallet"] == made["wallet"]
    done = wallet(folder, "look", "-", typed="7777-7777-7777-7777\n")
    assert (done.exit_code, "7777" in done.output) == (1, False)


def test_money_is_put_on_once_and_no_more_comes_off_than_is_there(folder: Path) -> None:
    name = told(folder, "new")["wallet"]["wallet"]
    assert told(folder, "put", name, "--amount-minor", "700", "--idem", "R-1")["counted"]
    again = told(folder, "put", name, "--amount-minor", "700", "--idem", "R-1")
    assert (again["counted"], again["wallet"]["balance_minor"]) == (False, 700)
    assert "counted before" in wallet(folder, "put", name, "--amount-minor", "7", "--idem", "R-1").output
    assert told(folder, "put", name, "--amount-minor", "-200")["wallet"]["balance_minor"] == 500
    done = wallet(folder, "put", name, "--amount-minor", "-501")
    assert (done.exit_code, "it has less" in done.output) == (1, True)


def test_what_is_out_is_told_and_comes_back_by_hand_once(folder: Path) -> None:
    made = told(folder, "new", "--amount-minor", "5000")
    name, serial = made["wallet"]["wallet"], lend(folder, made["code"], 1_000)
    assert told(folder, "look", name)["wallet"]["out_minor"] == 2_000
    assert f"slice {serial} at mirror-4" in wallet(folder, "look", name).output
    assert told(folder, "reclaim", serial) == {"serial": serial, "reclaimed": True}
    assert told(folder, "reclaim", serial)["reclaimed"] is False
    assert "is over" in wallet(folder, "look", name).output
    assert told(folder, "list") == {"wallets": [made["wallet"]]}


def test_a_blocked_wallet_is_told_as_such_and_can_be_opened_again(folder: Path) -> None:
    name = told(folder, "new")["wallet"]["wallet"]
    assert told(folder, "block", name)["wallet"]["is_blocked"]
    assert "blocked" in wallet(folder, "list").output
    assert not told(folder, "block", name, "--off")["wallet"]["is_blocked"]


REFUSALS = [
    (("look", "nobody"), 1, "no wallet is called 'nobody'"),
    (("put", "nobody", "--amount-minor", "1"), 1, "no wallet is called"),
    (("block", "nobody"), 1, "no wallet is called"),
    (("reclaim", "nothing"), 1, "no slice is called"),
    (("new", "--tenant", "other"), 2, "tenant of an imported shop"),
    (("new", "--currency", "CHF"), 2, "expected one of EUR"),
    (("put", "w", "--amount-minor", "99999999999"), 2, "not in the range"),
]


@pytest.mark.parametrize(("words", "exit_code", "sentence"), REFUSALS)
def test_what_cannot_be_done_is_a_sentence(
    folder: Path, words: tuple[str, ...], exit_code: int, sentence: str
) -> None:
    done = wallet(folder, *words)
    assert (done.exit_code, sentence in done.output) == (exit_code, True), done.output


def test_a_hub_without_a_shop_opens_no_wallet(tmp_path: Path) -> None:
    assert CliRunner().invoke(hub_command, ["init", "--dir", str(tmp_path / "hub")]).exit_code == 0
    done = wallet(tmp_path / "hub", "new")
    assert (done.exit_code, "no shop is imported" in done.output) == (2, True)
    assert "no wallets" in wallet(tmp_path / "hub", "list").output
