"""Many objects are admitted at once from a file: all of it, or nothing."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.hub.cli import hub
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.store import database, questions

KEYS = [SoftwareKey.generate().public for _ in range(3)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    typed("init", "--dir", str(tmp_path / "hub"))
    return tmp_path / "hub"


def typed(*words: str, reads: str | None = None) -> Result:
    return CliRunner().invoke(hub, list(words), input=reads)


def line(number: int, **other: object) -> str:
    key = {"x": KEYS[number].x, "y": KEYS[number].y}
    return json.dumps({"object": f"mirror-{number}", "tenant": "t", "site": "s", "key": key, **other}) + "\n"


def admitted(folder: Path) -> list[str]:
    with closing(database.connect(Folder(folder).database)) as store, store.reading() as connection:
        return [each.object for each in questions.standings(connection)]


def test_every_object_of_a_file_is_admitted_and_a_second_time_changes_nothing(folder: Path) -> None:
    file = folder.with_name("objects.jsonl")
    file.write_text("".join(map(line, range(3))))
    for said in ("now", "already"):
        answer = typed("admit", "--dir", str(folder), "--from", str(file), "--json")
        told = [json.loads(each) for each in answer.stdout.splitlines()]
        assert [each["admitted"] for each in told] == [said] * 3
        assert [each["kid"] for each in told] == [key.kid for key in KEYS]
    assert admitted(folder) == ["mirror-0", "mirror-1", "mirror-2"]


def test_the_lines_may_come_from_another_command(folder: Path) -> None:
    answer = typed("admit", "--dir", str(folder), "--from", "-", reads=line(0) + line(1))
    assert answer.exit_code == 0, answer.output
    assert admitted(folder) == ["mirror-0", "mirror-1"]


# What the second line is, the exit code, and what is said.
WRONG = [
    ("no json\n", 2, "line 2: expected"),
    ('{"object":"m"}\n', 2, "line 2: expected"),
    (line(1, key={"x": "AAAA", "y": "AAAA"}), 1, "expected a P-256 public key"),
    (line(1, object="a/b"), 1, "object: expected letters"),
    (line(1, object="mirror-0"), 1, "is admitted already"),
]


@pytest.mark.parametrize(("second", "code", "said"), WRONG)
def test_one_line_that_is_wrong_lets_nobody_in(folder: Path, second: str, code: int, said: str) -> None:
    answer = typed("admit", "--dir", str(folder), "--from", "-", reads=line(0) + second)
    assert (answer.exit_code, said in answer.stderr) == (code, True), answer.output
    assert admitted(folder) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "-", "--object", "m"), "--from names objects"),
        (("--object", "m", "--tenant", "t", "--site", "s"), "Missing option '--key'"),
        ((), "Missing option '--object'"),
    ],
)
def test_an_admission_of_nobody_in_particular_is_wrong_usage(
    folder: Path, words: tuple[str, ...], said: str
) -> None:
    answer = typed("admit", "--dir", str(folder), *words, reads=line(0))
    assert (answer.exit_code, said in answer.stderr) == (2, True), answer.output
