"""What the installer reads when an object's file is wrong: the file, the field, and what was expected."""

import json
from pathlib import Path

import pytest

from edge.config import ConfigError, load, without_trust

GOOD = """
[object]
id = "mirror-4"
kind = "mirror"
name = "Fitting room 4"
tenant = "demo"
site = "corner"
sells_from = "floor"
timezone = "Europe/Berlin"
[display]
port = 8101
[tender]
kind = "house-account"
account = "a7Kx"
[sync]
broker = "127.0.0.1:1883"
hub = "http://127.0.0.1:8110/"
[[peripheral]]
role = "reader"
uri = "serial:/dev/opos/reader0?profile=r200"
"""


def write(directory: Path, text: str = GOOD, trust: bytes = b'{"receipt": [], "documents": []}') -> Path:
    path = directory / "object.toml"
    path.write_text(text, encoding="utf-8")
    (directory / "trust.json").write_bytes(trust)
    return path


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    config = load(write(tmp_path))
    assert (config.object.id, config.sync.broker_host, config.sync.broker_port) == (
        "mirror-4",
        "127.0.0.1",
        1883,
    )
    assert config.sync.hub_url == "http://127.0.0.1:8110"
    assert config.ledger == tmp_path / "data" / "ledger.db"
    assert config.display.embedders == ()


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('kind = "mirror"', 'kind = "fridge"', "object.kind"),
        ("port = 8101", 'port = "8101"', "display.port"),
        ("port = 8101", "port = 8101\ncolour = 1", "colour"),
        ('timezone = "Europe/Berlin"', 'timezone = "Europe/Bärlin"', "no time zone is called"),
        ('broker = "127.0.0.1:1883"', 'broker = "127.0.0.1"', "expected HOST:PORT"),
        ('site = "corner"', 'site = "a/b"', "expected ASCII without"),
        ('site = "corner"', 'site = ""', "object.site"),
        ('role = "reader"', 'role = "scale"', "a mirror needs one each of"),
        ("[object]", "[object", "line 2"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        load(write(tmp_path, GOOD.replace(old, new, 1)))
    assert str(caught.value).startswith(str(tmp_path / "object.toml"))


@pytest.mark.parametrize("trust", [b"", b"{}", b'{"receipt": "\xff"}', json.dumps([]).encode()])
def test_a_trust_file_that_is_none_says_where_to_get_one(tmp_path: Path, trust: bytes) -> None:
    with pytest.raises(ConfigError, match="opos hub trust"):
        load(write(tmp_path, trust=trust))


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "object.toml")
    write(tmp_path)
    (tmp_path / "trust.json").unlink()
    with pytest.raises(ConfigError, match="save what `opos hub trust` prints"):
        load(tmp_path / "object.toml")
    assert without_trust(tmp_path / "object.toml").trust.receipt == ()


def test_a_directory_too_deep_for_a_socket_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="choose a shorter directory"):
        load(write(tmp_path, GOOD.replace("[display]", f'data = "{"d" * 100}"\n[display]')))
