"""The file with which an object last started, put back in the place of one that is wrong."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.cli.object.restore import restore
from edge.config import ConfigError, without_trust
from edge.drivers.plugged import lasting_name
from edge.provision.last_good import NoneKeptError, data_of, keep_good, put_back
from edge.provision.resting import UNIT, start_what_rests
from tests.object.test_config import GOOD, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An object that has started once."""
    file = write(tmp_path)
    data = without_trust(file).data_dir
    data.mkdir(exist_ok=True)
    keep_good(file, data)
    return file


@pytest.mark.parametrize("spoil", ['colour = "red"\n', "[object", "", "\0"])
def test_a_file_that_is_wrong_is_put_back_by_one_command(spoil: str, file: Path) -> None:
    good = file.read_text()
    wrong = good + spoil if spoil else ""
    file.write_text(wrong)
    with pytest.raises(ConfigError):
        without_trust(file)
    done = CliRunner().invoke(restore, [str(file)])
    assert done.exit_code == 0, done.output
    assert file.read_text() == good
    assert file.with_name("object.toml.wrong").read_text() == wrong


@pytest.mark.parametrize("spoil", ["[object\n", "x = " + "[" * 5000, "\0"])
def test_where_the_data_is_stands_in_a_file_that_is_no_toml_too(spoil: str, tmp_path: Path) -> None:
    file = write(
        tmp_path, GOOD.replace('id = "mirror-4"', f'id = "mirror-4"\n  data = "{tmp_path}/elsewhere"')
    )
    keep_good(file, without_trust(file).data_dir)
    file.write_text(file.read_text() + spoil)
    put_back(file)
    assert file.read_text().endswith(GOOD[-20:])


def test_a_file_that_is_gone_comes_back(file: Path) -> None:
    good = file.read_text()
    file.unlink()
    put_back(file)
    assert file.read_text() == good


def test_what_was_kept_is_not_put_in_place_of_itself(file: Path) -> None:
    done = CliRunner().invoke(restore, [str(file)])
    assert done.exit_code == 1
    assert "is the one with which the object last started" in done.output


def test_where_nothing_was_kept_a_person_is_told_what_else_there_is(tmp_path: Path) -> None:
    with pytest.raises(NoneKeptError, match="opos setup"):
        put_back(write(tmp_path))


def test_what_no_object_can_start_with_is_never_put_back(file: Path) -> None:
    (data_of(file) / "object.toml.good").write_text("[object]\n")
    before = file.read_bytes()
    with pytest.raises(ConfigError):
        put_back(file)
    assert file.read_bytes() == before


def test_the_machines_own_object_has_its_data_where_the_packages_have_it() -> None:
    assert data_of(Path("/etc/opos/object.toml")) == Path("/var/lib/opos")


def test_only_what_does_not_run_is_started() -> None:
    given = []

    def control(words: Sequence[str]) -> int:
        given.append(" ".join(words))
        return 0 if words[0] == "restart" or words[-1] == UNIT else 3

    assert start_what_rests(control) == ("opos-sync.service",)
    assert given[-1] == "restart opos-sync.service"


def test_a_device_has_a_name_that_lasts_where_udev_has_given_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, link = tmp_path / "ttyUSB0", tmp_path / "by-path" / "usb-1-1.3"
    node.touch()
    link.parent.mkdir()
    monkeypatch.setattr("edge.drivers.plugged._STAYING", (str(link.parent),))
    assert lasting_name(node) == node
    link.symlink_to(os.path.relpath(node, link.parent))
    assert lasting_name(node) == link
    assert lasting_name(link) == link
