"""Whatever has become of a ledger's bytes, every command ends with an answer or with one sentence."""

import json
import random
import shutil
from pathlib import Path

import pytest

from tests.cli.ledgers import Ledgers, ask

# Without `query`, which copies the ledger before anything else looks at it, and is slow to start.
COMMANDS: list[list[str]] = [
    ["verify", "--json"],
    ["verify", "--quick", "--json"],
    ["show"],
    ["show", "5"],
    ["show", "--from", "2", "--kind", "sale"],
    ["receipt"],
    ["receipt", "K7QM-0002"],
    ["receipt", "6", "--json"],
    ["export", "--format", "jws"],
    ["export", "--format", "jsonl"],
    ["export", "--format", "csv"],
    ["figures"],
    ["rebuild", "--json"],
]

FILES = 30


def spoilt(whole: bytes, luck: random.Random) -> bytes:
    """A file with a few bits flipped, a sector of noise, or its end gone."""
    data = bytearray(whole)
    match luck.randrange(8):
        case 0:
            return bytes(data[: luck.randrange(len(data))])
        case 1:
            at = luck.randrange(0, len(data), 512)
            data[at : at + 512] = luck.randbytes(512)
        case _:
            for _ in range(luck.choice((1, 1, 4))):
                data[luck.randrange(len(data))] ^= 1 << luck.randrange(8)
    return bytes(data)


@pytest.mark.parametrize("seed", range(3))
def test_damage_is_never_a_traceback(ledgers: Ledgers, day: Path, tmp_path: Path, seed: int) -> None:
    ledgers.settle()
    whole, luck = day.read_bytes(), random.Random(seed)
    found = 0
    for number in range(FILES // 3):
        path = tmp_path / f"{number}" / "ledger.db"
        path.parent.mkdir()
        path.write_bytes(spoilt(whole, luck))
        for command, *options in COMMANDS:
            result = ask(command, path, *options)
            assert result.exit_code in (0, 1), (seed, number, command, result.output)
            if command == "verify":
                found += bool(json.loads(result.stdout)["problems"])
        shutil.rmtree(path.parent)
    assert found


@pytest.mark.parametrize("command", [*COMMANDS, ["query", "SELECT count(*) FROM entry"]], ids=" ".join)
def test_no_ledger_is_a_sentence(tmp_path: Path, command: list[str]) -> None:
    name, *options = command
    for path, said in (
        (tmp_path / "none.db", "there is no ledger"),
        (tmp_path / "empty.db", "the file is empty"),
    ):
        if "empty" in said:
            path.touch()
        result = ask(name, path, *options)
        assert (result.exit_code, said in result.output, str(path) in result.output) == (1, True, True)
    assert [path.name for path in tmp_path.iterdir()] == ["empty.db"]


def test_a_damaged_ledger_cannot_be_asked(ledgers: Ledgers, day: Path) -> None:
    ledgers.settle()
    data = bytearray(day.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    day.write_bytes(data)
    result = ask("query", day, "SELECT * FROM entry")
    assert (result.exit_code, "it is damaged" in result.output) == (1, True)
