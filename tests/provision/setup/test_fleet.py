"""A fleet: its claims as a table, as a sheet, as cloud-init that a board at its first start makes use of."""

import csv
import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import get_args

import pytest
import yaml
from click.testing import CliRunner, Result

from cloud_sync.contract.enrolment import read_claim
from cloud_sync.hub.cli import hub
from cloud_sync.hub.cli.claims import KINDS
from cloud_sync.hub.cli.fleet import fleet
from cloud_sync.hub.fleet.seeds import ANSWERS, CLAIM, DEVICE_NAMES, NAMES, SCRIPT
from edge.config import Kind, PeripheralSection
from edge.provision.setup.answers import Answers, read_answers

DEVICES = '[[peripheral]]\nrole = "reader"\nuri = "tcp:127.0.0.1:9?profile=r200"\n'


@pytest.fixture(scope="module")
def hub_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub") / "hub"
    for words in (("init",), ("broker", "--host", "hub.example")):
        done = CliRunner().invoke(hub, [*words, "--dir", str(folder)])
        assert done.exit_code == 0, done.output
    return folder


def enroll(hub_folder: Path, out: Path, *words: str) -> Result:
    where = (
        "--dir",
        str(hub_folder),
        "--tenant",
        "demo",
        "--site",
        "corner",
        "--csv",
        str(out / "claims.csv"),
    )
    return CliRunner().invoke(fleet, ["enroll", *where, "--prefix", "mirror-", *words])


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "claims.csv").open(newline="") as file:
        return [*csv.DictReader(file)]


def test_every_object_of_a_fleet_has_a_claim_of_its_own_and_a_card_to_hold_it(
    hub_folder: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "claims.html"
    done = enroll(hub_folder, tmp_path, "--count", "3", "--first", "7", "--sheet", str(sheet), "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["claims"] == 3
    table = rows(tmp_path)
    assert [each["object"] for each in table] == ["mirror-0007", "mirror-0008", "mirror-0009"]
    assert len({read_claim(each["claim"]).secret for each in table}) == 3
    page = sheet.read_text()
    assert re.findall(r"<h2>(.*)</h2>", page) == [each["object"] for each in table]
    assert all(each["claim"] in page for each in table)
    assert page.count("<svg") == 3
    assert not re.search(r"(src|href)=|<script", page), "nothing of it comes from elsewhere"
    assert "a person at the hub compares its code" in page
    assert {path.stat().st_mode & 0o777 for path in (sheet, tmp_path / "claims.csv")} == {0o600}


def test_a_card_says_so_when_nobody_will_compare_a_code(hub_folder: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "claims.html"
    assert enroll(hub_folder, tmp_path, "--count", "1", "--yes", "--sheet", str(sheet)).exit_code == 0
    assert "nobody compares a code" in sheet.read_text()


def test_where_nothing_can_be_written_no_claim_of_before_is_void(hub_folder: Path, tmp_path: Path) -> None:
    assert enroll(hub_folder, tmp_path, "--first", "80", "--count", "1").exit_code == 0
    for words in (("--sheet", "/proc/none/claims.html"), ("--cloud-init", "/proc/none/cards")):
        done = enroll(hub_folder, tmp_path / "..", "--first", "80", "--count", "1", *words)
        assert (done.exit_code, "cannot be written: No such file or directory" in done.stderr) == (1, True)
    listed = CliRunner().invoke(hub, ["claims", "--dir", str(hub_folder), "--json"])
    found = [each for each in json.loads(listed.stdout)["claims"] if each["object"] == "mirror-0080"]
    assert [each["state"] for each in found] == ["open"]


def test_what_cannot_be_meant_is_wrong_usage(hub_folder: Path, tmp_path: Path) -> None:
    cards = ("--cloud-init", str(tmp_path / "cards"), "--answers", str(tmp_path / "answers.toml"))
    for raw in (b"\xff", b"look = " + b"[" * 5000 + b"]" * 5000):
        (tmp_path / "answers.toml").write_bytes(raw)
        done = enroll(hub_folder, tmp_path, "--count", "1", *cards)
        assert (done.exit_code, "the answers are no" in done.stderr) == (2, True)
    same = ("--sheet", str(tmp_path / "claims.csv"))
    assert enroll(hub_folder, tmp_path, "--count", "1", *same).exit_code == 2
    assert enroll(hub_folder, tmp_path, "--count", "1", "--kind", "spaceship").exit_code == 2
    assert not (tmp_path / "claims.csv").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("terminals = 'none'\n", "'terminals' is no answer: did you mean 'terminal'?"),
        ("colour = 'red'\n", "'colour' is no answer: expected some of claim, kind"),
        (f"{DEVICES}urrl = '3'\n", "peripheral 1: 'urrl' is no answer"),
        ("peripheral = 'reader'\n", "expected a table [[peripheral]] for each device"),
    ],
)
def test_a_misspelt_answer_is_refused_before_any_claim_is_made(
    hub_folder: Path, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "answers.toml").write_text(text)
    words = ("--cloud-init", str(tmp_path / "cards"), "--answers", str(tmp_path / "answers.toml"))
    done = enroll(hub_folder, tmp_path, "--count", "1", *words)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "claims.csv").exists()


def test_a_fleet_may_answer_all_that_a_setup_asks() -> None:
    assert Answers.__struct_fields__ == NAMES
    assert PeripheralSection.__struct_fields__ == DEVICE_NAMES


def test_claims_are_for_every_kind_of_object_there_is() -> None:
    assert get_args(Kind) == KINDS


def seeded(hub_folder: Path, out: Path) -> dict[str, dict[str, object]]:
    """The user-data of each board of a fleet of two."""
    answers = out / "answers.toml"
    answers.write_text(f"wait_s = 60\n{DEVICES}")
    words = ("--count", "2", "--cloud-init", str(out / "cards"), "--answers", str(answers))
    done = enroll(hub_folder, out, *words)
    assert done.exit_code == 0, done.output
    found = {}
    for folder in sorted((out / "cards").iterdir()):
        text = (folder / "user-data").read_text()
        assert text.startswith("#cloud-config\n")
        found[folder.name] = yaml.safe_load(text)
        about = yaml.safe_load((folder / "meta-data").read_text())
        assert about["local-hostname"] == found[folder.name]["hostname"] == folder.name
    return found


def written(config: dict[str, object], root: Path) -> None:
    """What cloud-init does with `write_files`, below a root of ours."""
    files = config["write_files"]
    assert isinstance(files, list)
    for file in files:
        path = root / file["path"].lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file["content"])
        path.chmod(int(file["permissions"], 8))


def test_each_board_gets_its_own_claim_and_the_answers_that_setup_takes(
    hub_folder: Path, tmp_path: Path
) -> None:
    boards = seeded(hub_folder, tmp_path)
    claims = {each["object"]: each["claim"] for each in rows(tmp_path)}
    assert boards.keys() == claims.keys()
    for name, config in boards.items():
        root = tmp_path / name
        written(config, root)
        assert (root / CLAIM.lstrip("/")).read_text() == f"{claims[name]}\n"
        assert (root / CLAIM.lstrip("/")).stat().st_mode & 0o777 == 0o600
        answers = read_answers(root / ANSWERS.lstrip("/"))
        assert (answers.claim, answers.kind, answers.glass, answers.wait_s) == (CLAIM, "mirror", False, 60)
        assert answers.peripheral is not None
        assert config["runcmd"] == [[SCRIPT]]


PAPER_OPOS = '#!/bin/sh\necho "$@" >> "$ROOT/ran"\nexit $(cat "$ROOT/ends")\n'


@pytest.mark.parametrize(("ends", "stays"), [("0", False), ("1", True)])
def test_a_board_that_did_not_come_through_tries_again_at_its_next_start(
    hub_folder: Path, tmp_path: Path, ends: str, stays: bool
) -> None:
    root = tmp_path / "root"
    [config, _] = seeded(hub_folder, tmp_path).values()
    written(config, root)
    (root / "bin").mkdir()
    (root / "bin/opos").write_text(PAPER_OPOS)
    (root / "bin/opos").chmod(0o755)
    (root / "ends").write_text(ends)
    script = root / "here"
    script.write_text((root / SCRIPT.lstrip("/")).read_text().replace("/etc/opos", f"{root}/etc/opos"))
    around = {"PATH": f"{root}/bin:{os.environ['PATH']}", "ROOT": str(root)}
    for _ in range(2):
        subprocess.run(["/bin/sh", str(script)], env=around, check=False)
    assert (root / CLAIM.lstrip("/")).exists() is stays
    tried = (root / "ran").read_text().splitlines()
    assert set(tried) == {f"setup --answers {root}{ANSWERS} --json"}
    assert len(tried) == (2 if stays else 1)


WRONG = {
    'claim = "x"': "each board gets one of its own",
    'kind = "shelf"': "the answers are for a shelf, and the claims for a mirror",
    "kind = ": "the answers are no TOML",
}


@pytest.mark.parametrize("text", WRONG)
def test_answers_that_no_fleet_can_have_are_wrong_usage(hub_folder: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "answers.toml").write_text(text)
    words = ("--count", "1", "--cloud-init", str(tmp_path / "c"), "--answers", str(tmp_path / "answers.toml"))
    done = enroll(hub_folder, tmp_path, *words)
    assert done.exit_code == 2
    assert WRONG[text] in done.stderr
    assert not (tmp_path / "claims.csv").exists()


def test_claims_are_never_written_over_others(hub_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "claims.csv").write_text("object,claim\n")
    done = enroll(hub_folder, tmp_path, "--count", "1")
    assert done.exit_code == 1
    assert "claims are not written over others" in done.stderr


def test_what_a_board_answers_is_toml_whatever_a_person_has_written(hub_folder: Path, tmp_path: Path) -> None:
    [config, *_] = seeded(hub_folder, tmp_path).values()
    written(config, tmp_path)
    text = (tmp_path / ANSWERS.lstrip("/")).read_text()
    assert tomllib.loads(text)["peripheral"] == tomllib.loads(DEVICES)["peripheral"]
