"""Backup and restore as a person or a timer types them: refusals are sentences, and make nothing."""

import configparser
import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from cloud_sync.hub.cli import hub as hub_command
from tests.hub.engines import Server

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "simulators" / "shops" / "corner"
SYSTEMD = ROOT / "systemd"


def opos_hub(*words: str | Path) -> Result:
    return CliRunner().invoke(hub_command, [str(word) for word in words])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "hub"
    assert opos_hub("init", "--dir", path).exit_code == 0
    assert opos_hub("import", SHOP, "--dir", path).exit_code == 0
    return path


def test_a_hub_is_backed_up_and_restored_by_commands(folder: Path, tmp_path: Path) -> None:
    made = opos_hub("backup", "--dir", folder, "--to", tmp_path / "b", "--with-keys", "--json")
    back = opos_hub("restore", tmp_path / "b", "--dir", tmp_path / "new", "--json")

    assert (made.exit_code, back.exit_code) == (0, 0), back.output
    told, said = json.loads(made.stdout), json.loads(back.stdout)
    assert told["keys"] >= 4
    assert (told["generation"], said["was"], said["documents"]) == (1, 1, 2)
    assert said["generation"] >= told["at_ms"] // 1000
    trusts = [opos_hub("trust", "--dir", path).stdout for path in (folder, tmp_path / "new")]
    assert trusts[0] == trusts[1]
    figures = [status(path)["figures"] for path in (folder, tmp_path / "new")]
    assert figures[0] == figures[1]
    again = opos_hub("restore", tmp_path / "b", "--dir", tmp_path / "new")
    assert again.exit_code == 1
    assert "there is a hub in this database already" in again.stderr


def status(folder: Path) -> Any:
    return json.loads(opos_hub("status", "--dir", folder, "--json").stdout)


def test_a_hub_moves_to_a_server_by_its_backup(folder: Path, tmp_path: Path, postgresql: Server) -> None:
    opos_hub("backup", "--dir", folder, "--to", tmp_path / "b", "--with-keys")
    with postgresql.another() as url:
        back = opos_hub("restore", tmp_path / "b", "--dir", tmp_path / "new", "--database", url)
        assert back.exit_code == 0, back.output
        assert status(tmp_path / "new")["generation"] > 1

    assert not (tmp_path / "new" / "hub.db").exists()


def test_a_refused_restore_makes_nothing(folder: Path, tmp_path: Path) -> None:
    opos_hub("backup", "--dir", folder, "--to", tmp_path / "b")
    data = (tmp_path / "b").read_bytes()
    (tmp_path / "c").write_bytes(data[:-1])

    without_keys = opos_hub("restore", tmp_path / "b", "--dir", tmp_path / "new")
    cut = opos_hub("restore", tmp_path / "c", "--dir", tmp_path / "new")

    assert (without_keys.exit_code, cut.exit_code) == (1, 1)
    assert "objects believe no others" in without_keys.stderr
    assert "damaged or cut short" in cut.stderr
    assert not (tmp_path / "new").exists()


def test_every_night_a_directory_gets_a_backup_and_loses_the_oldest(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "nights").mkdir()
    words = ("backup", "--dir", folder, "--to", tmp_path / "nights", "--keep", "2", "--json")
    nights = [opos_hub(*words) for _ in range(4)]

    assert [night.exit_code for night in nights] == [0] * 4
    paths = [Path(json.loads(night.stdout)["path"]) for night in nights]
    assert sorted((tmp_path / "nights").iterdir()) == paths[2:]
    assert json.loads(nights[3].stdout)["removed"] == [paths[1].name]
    assert opos_hub("backup", "--dir", folder, "--to", tmp_path / "x", "--keep", "2").exit_code == 2
    assert opos_hub("backup", "--dir", folder, "--to", paths[3]).exit_code == 1


def test_the_nightly_unit_calls_a_command_that_exists() -> None:
    unit = SYSTEMD / "opos-hub-backup.service"
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read(unit, encoding="utf-8")
    program, *words = parser["Service"]["execstart"].split()

    assert Path(program).name == "opos"
    command = hub_command.get_command(click.Context(hub_command), words[1])
    assert command is not None
    options = {name for option in command.params for name in option.opts}
    assert {word for word in words if word.startswith("--")} <= options
    assert "OnCalendar" in unit.with_suffix(".timer").read_text("utf-8")
