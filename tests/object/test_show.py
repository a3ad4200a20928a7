"""What the installer asks of an object: who it is, and until when its hub will know it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.cli.object import object_
from edge.config import ObjectConfig
from edge.keys import load_signer
from tests.object.enrolled import enrolled_in
from tests.object.paper_hub import PaperHub
from tests.object.test_config import write


@pytest.fixture
def config(tmp_path: Path) -> ObjectConfig:
    return enrolled_in(tmp_path / "mirror", PaperHub())


def show(file: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(object_, ["show", str(file), *words])
    return done.exit_code, done.output


def test_an_enrolled_object_says_who_it_is(config: ObjectConfig) -> None:
    code, output = show(config.data_dir.parent / "object.toml", "--json")
    said = json.loads(output)
    assert code == 0
    assert (said["object"], said["tenant"], said["site"], said["kind"]) == (
        "mirror-4",
        "demo",
        "corner",
        "mirror",
    )
    assert (said["kid"], said["tier"]) == (load_signer(config).public.kid, "file")
    assert said["keyring"] == "1.1"
    assert said["certificate"]["name"] == "mirror-4"
    assert said["certificate"]["ends_ms"] > 0


def test_people_read_the_same(config: ObjectConfig) -> None:
    code, output = show(config.data_dir.parent / "object.toml")
    assert code == 0
    assert "mirror-4 is a mirror at demo/corner" in output
    assert "its certificate" in output
    assert "keyring 1.1" in output


def test_an_object_in_the_clear_says_so(tmp_path: Path) -> None:
    file = write(tmp_path)
    CliRunner().invoke(object_, ["key", str(file)])
    code, output = show(file)
    assert code == 0
    assert "it speaks in the clear" in output
    assert json.loads(show(file, "--json")[1])["certificate"] is None


def test_a_file_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    assert show(tmp_path / "object.toml")[0] == 1
    code, output = show(write(tmp_path))
    assert (code, "run `opos object key`" in output) == (1, True)


def test_a_name_that_is_no_command_gets_a_hint() -> None:
    done = CliRunner().invoke(object_, ["rest"])
    assert done.exit_code == 2
    assert "reset" in done.output
