"""An object's file that is none: whichever command is given it, one sentence, and no more than that."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.cli.doctor import doctor
from edge.cli.identify import identify

STRANGE = {
    "brackets in brackets": b"[object]\nid = " + b"[" * 5000 + b"]" * 5000,
    "is no UTF-8: save the file as UTF-8": b"[object]\nname = '\xe9'\n",
    "is longer than 256 KiB": b"# a\n" * 70_000,
    "expected a section [object]": b"",
    "missing required field": b"[object]\n",
}


@pytest.mark.parametrize("sentence", STRANGE)
def test_what_no_object_file_can_be_is_a_sentence(tmp_path: Path, sentence: str) -> None:
    file = tmp_path / "object.toml"
    file.write_bytes(STRANGE[sentence])
    done = CliRunner().invoke(identify, [str(file), "--seconds", "1", "--json"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert done.stderr.count(str(file)) == 1


def test_the_doctor_tells_of_a_file_that_nobody_can_read_whatever_was_asked(tmp_path: Path) -> None:
    done = CliRunner().invoke(doctor, [str(tmp_path / "none.toml"), "--only", "ledger"])
    assert done.exit_code == 1
    assert "OP-6001" in done.stdout
