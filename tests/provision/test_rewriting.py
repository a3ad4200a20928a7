"""An object's file written anew is checked first, is as open as it was, and is never half another one."""

import os
import stat
from pathlib import Path

import pytest

from edge.config import ConfigError, PeripheralSection, without_trust
from edge.provision.last_good import keep_good, put_back
from edge.provision.peripherals import put_in_place
from edge.provision.rewriting import rewrite
from tests.object.test_config import GOOD, write

OTHER = GOOD.replace("port = 8101", "port = 8102").encode()


def whose(path: Path) -> tuple[int, int, int]:
    was = path.stat()
    return was.st_uid, was.st_gid, stat.S_IMODE(was.st_mode)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that only root and its service may read."""
    file = write(tmp_path)
    file.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(file, 0, 991)
    return file


def test_a_file_that_few_may_read_stays_one_and_so_does_what_it_was(file: Path) -> None:
    before, text = whose(file), file.read_bytes()
    kept = rewrite(file, OTHER)
    assert kept is not None
    assert (kept.name, kept.read_bytes(), file.read_bytes()) == ("object.toml.before", text, OTHER)
    assert {whose(file), whose(kept)} == {before}
    assert not file.with_name("object.toml.new").exists()


def test_a_device_that_is_paired_and_a_file_that_is_put_back_open_it_to_nobody(file: Path) -> None:
    before, data = whose(file), without_trust(file).data_dir
    data.mkdir()
    keep_good(file, data)
    assert put_in_place(file, PeripheralSection("reader", "tcp:10.0.0.9:4001?profile=r200"))
    wrong = put_back(file)
    assert wrong is not None
    assert {whose(file), whose(wrong), whose(file.with_name("object.toml.before"))} == {before}


def test_a_file_that_is_gone_leaves_what_was_wrong_before_it(file: Path) -> None:
    data = without_trust(file).data_dir
    data.mkdir()
    keep_good(file, data)
    file.write_text("an hour of somebody's work")
    put_back(file)
    file.unlink()
    assert put_back(file) is None
    assert file.with_name("object.toml.wrong").read_text() == "an hour of somebody's work"
    assert file.read_text() == GOOD


def test_what_no_object_could_start_with_is_told_of_the_file_that_somebody_can_look_at(file: Path) -> None:
    before = {each: each.read_bytes() for each in file.parent.iterdir()}
    with pytest.raises(ConfigError) as refused:
        rewrite(file, GOOD.replace('kind = "mirror"', 'kind = "fridge"').encode())
    assert str(refused.value).startswith(f"{file}: not changed: ")
    assert "object.toml.new" not in str(refused.value)
    assert {each: each.read_bytes() for each in file.parent.iterdir()} == before
