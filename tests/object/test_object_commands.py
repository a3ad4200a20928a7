"""What the installer types: a key, and what is said when an object cannot start."""

import json
import socket
import stat
from pathlib import Path

from click.testing import CliRunner

from edge.cli.object import object_
from tests.object.test_config import GOOD, write


def invoke(command: object, *arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(command, [str(each) for each in arguments])  # type: ignore[arg-type]
    return result.exit_code, result.output


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = write(tmp_path)
    (tmp_path / "trust.json").unlink()
    first = invoke(object_, "key", file, "--json")
    assert first == invoke(object_, "key", file, "--json")
    assert first[0] == 0
    assert json.loads(first[1]).keys() == {"kty", "crv", "x", "y", "kid"}
    assert stat.S_IMODE((tmp_path / "data" / "object.key").stat().st_mode) == 0o600
    assert "PRIVATE" not in first[1]


def test_an_object_without_a_key_says_how_to_make_one(tmp_path: Path) -> None:
    code, output = invoke(object_, "run", write(tmp_path, GOOD.replace("8101", "0")))
    assert code == 1
    assert "run `opos object key`" in output


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, output = invoke(object_, "run", write(tmp_path, GOOD.replace("8101", str(port))))
    assert code == 1
    assert f"127.0.0.1:{port}" in output
    assert "display.port" in output
