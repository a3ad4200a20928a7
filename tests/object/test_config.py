"""What the installer reads when an object's file is wrong: the file, the field, and what was expected."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edge.config import ConfigError, PlainKeySection, TerminalSection, load, without_trust
from tests import masters_key

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
        ('broker = "127.0.0.1:1883"', 'broker = "[::1:1883"', "expected HOST:PORT"),
        ('broker = "127.0.0.1:1883"', 'broker = "mqtts://hub.example"', "expected HOST:PORT"),
        ('broker = "127.0.0.1:1883"', 'broker = "amqp://hub.example:1"', "expected HOST:PORT"),
        ('broker = "127.0.0.1:1883"', 'broker = "mqtts://hub.example:8883/x"', "expected HOST:PORT"),
        ('broker = "127.0.0.1:1883"', 'broker = "10.0.0.9:1883"', "is another machine: expected mqtts://"),
        ('broker = "127.0.0.1:1883"', 'broker = "mqtt://hub.example:1883"', "is another machine"),
        ("http://127.0.0.1:8110/", "http://hub.example/", "sync.hub: expected https://"),
        ("http://127.0.0.1:8110/", "ftp://127.0.0.1/", "sync.hub: expected https://"),
        ('broker = "127.0.0.1:1883"', 'broker = "127.0.0.1:1883"\nduty = "rarely"', "sync.duty"),
        ("[display]", '[tls]\nroots = "a"\n[display]', "unknown field `roots`"),
        ('site = "corner"', 'site = "a/b"', "expected ASCII without"),
        ('site = "corner"', 'site = ""', "object.site"),
        ('role = "reader"', 'role = "scale"', "a mirror needs a reader, got scale"),
        ("[object]", "[object", "line 2"),
        ("[display]", '[key]\nkind = "paper"\n[display]', r"Invalid value 'paper' - at `\$\.key\.kind`"),
        ("[display]", '[key]\nfile = "a.key"\n[display]', "missing required field `kind`"),
        ("[display]", '[key]\nkind = "file"\nsecret = "s"\n[display]', "unknown field `secret`"),
        ("[display]", '[key]\nkind = "tpm"\n[display]', "missing required field `handle`"),
        ("[display]", '[key]\nkind = "tpm"\nhandle = "0x81"\npcrs = "7"\n[display]', "key.pcrs"),
        ("[display]", "[storage]\nbudget_mib = 31\n[display]", "storage.budget_mib"),
        ("[display]", "[storage]\nbudget_mib = 64.5\n[display]", "storage.budget_mib"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        load(write(tmp_path, GOOD.replace(old, new, 1)))
    assert str(caught.value).startswith(str(tmp_path / "object.toml"))


def test_a_terminal_hands_in_its_day_at_an_hour_of_the_file(tmp_path: Path) -> None:
    terminal = '[tender]\nkind = "zvt"\nuri = "tcp:10.0.0.9:20007?profile=zvt-tcp"\n'
    hours = ("", 'end_of_day = "03:00"\n', 'end_of_day = "23:59"\n')
    read = [load(write(tmp_path, GOOD.replace(ONE_WAY, terminal + hour))).tenders for hour in hours]
    found = [section.end_of_day for (section,) in read if isinstance(section, TerminalSection)]
    assert found == [None, "03:00", "23:59"]
    for wrong in ("24:00", "3:00", "03:60", "night"):
        with pytest.raises(ConfigError, match="end_of_day"):
            load(write(tmp_path, GOOD.replace(ONE_WAY, f'{terminal}end_of_day = "{wrong}"\n')))


HEAD = GOOD[: GOOD.index("[[peripheral]]")]


def devices(*roles: str) -> str:
    """The sections of these devices: `role`, or `role name` for one with a name of its own."""
    sections = []
    for role, _, name in (each.partition(" ") for each in roles):
        uri = "camera:0" if role == "camera" else f"serial:/dev/{role}{name}?profile=r200"
        named = f'name = "{name}"\n' if name else ""
        sections.append(f'[[peripheral]]\nrole = "{role}"\nuri = "{uri}"\n{named}')
    return "".join(sections)


@pytest.mark.parametrize(
    ("kind", "roles", "sources"),
    [
        ("mirror", ["reader", "scanner", "touch", "camera"], ["reader", "scanner", "touch", "camera"]),
        ("shelf", ["reader", "scale", "scanner"], ["reader", "scale", "scanner"]),
        ("tray", ["reader"], ["reader"]),
        ("tray", ["reader", "scale", "camera"], ["reader", "scale", "camera"]),
        ("panel", ["scanner"], ["scanner"]),
        ("panel", ["scanner", "printer"], ["scanner", "printer"]),
        ("panel", ["camera", "touch"], ["camera", "touch"]),
        ("panel", ["scanner left", "scanner right", "camera"], ["left", "right", "camera"]),
    ],
)
def test_each_kind_has_devices_of_its_own(
    tmp_path: Path, kind: str, roles: list[str], sources: list[str]
) -> None:
    text = HEAD.replace('kind = "mirror"', f'kind = "{kind}"') + devices(*roles)
    assert [each.source for each in load(write(tmp_path, text)).peripherals] == sources


@pytest.mark.parametrize(
    ("kind", "roles", "why"),
    [
        ("shelf", ["reader"], "a shelf needs one each of reader, scale, got reader"),
        ("panel", [], "a panel needs a scanner or a camera"),
        ("panel", ["touch"], "a panel needs a scanner or a camera"),
        ("panel", ["scanner", "reader"], "a panel has no use for a reader"),
        ("mirror", ["reader", "scale"], "a mirror has no use for a scale"),
        ("tray", ["reader", "reader"], "expected 1 reader at most, got 2"),
        ("panel", ["camera", "camera"], "expected 1 camera at most, got 2"),
        ("panel", [f"scanner s{n}" for n in range(5)], "expected 4 scanner at most, got 5"),
        ("panel", ["scanner", "scanner"], "2 devices are called 'scanner': give each a `name`"),
        ("panel", ["scanner left", "scanner left"], "2 devices are called 'left'"),
        ("tray", ["reader left"], "expected a name for a scanner alone"),
        ("tray", ["reader", "scanner scale"], "none of .*, got 'scale'"),
        ("panel", ["scanner Left"], "peripheral.*name"),
        ("panel", ["pigeon"], r"Invalid enum value 'pigeon' - at `\$\.peripheral"),
        ("panel", ["printer"], "a panel needs a scanner or a camera"),
        ("panel", ["scanner", "printer", "printer"], "expected 1 printer at most, got 2"),
    ],
)
def test_a_kind_with_the_wrong_devices_is_told_which(
    tmp_path: Path, kind: str, roles: list[str], why: str
) -> None:
    text = HEAD.replace('kind = "mirror"', f'kind = "{kind}"') + devices(*roles)
    with pytest.raises(ConfigError, match=why):
        load(write(tmp_path, text if roles else f"peripheral = []\n{text}"))


@pytest.mark.parametrize(
    ("role", "uri"), [("camera", "serial:/dev/video0?profile=r200"), ("scanner", "camera:0")]
)
def test_a_camera_alone_has_the_address_of_one(tmp_path: Path, role: str, uri: str) -> None:
    text = f'{GOOD}[[peripheral]]\nrole = "{role}"\nuri = "{uri}"\n'
    with pytest.raises(ConfigError, match=r"expected camera:\.\.\. for a camera alone"):
        load(write(tmp_path, text))


def test_receipts_lead_to_the_hub_unless_the_file_says_where_people_reach_it(tmp_path: Path) -> None:
    config = load(write(tmp_path))
    assert (config.receipt_page, config.receipt_hub) == ("http://127.0.0.1:8110/r/", "http://127.0.0.1:8110")
    assert config.receipt.copies == 0
    section = """[receipt]
page = "https://shop.example/check/"
hub = "https://hub.example/"
shop = "Corner Coffee"
imprint = ["Hauptstraße 1, 10115 Berlin", "USt-IdNr. DE 123456789"]
copies = 2
"""
    config = load(write(tmp_path, GOOD + section))
    assert (config.receipt_page, config.receipt_hub) == ("https://shop.example/check/", "https://hub.example")
    assert (config.receipt.shop, config.receipt.copies) == ("Corner Coffee", 2)
    assert config.receipt.imprint[1] == "USt-IdNr. DE 123456789"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('page = "http://shop.example/r/"', r"receipt\.page: expected https://"),
        ('page = "https://shop.example/r/#x"', r"receipt\.page: expected https://"),
        ('page = "https://"', r"receipt\.page: expected https://"),
        ('page = "https://[::1"', r"receipt\.page: expected https://"),
        (f'page = "https://shop.example/{"r" * 200}"', r"receipt\.page: .* at most 200 characters"),
        ('hub = "hub.example"', r"receipt\.hub: expected https://"),
        ('hub = "https://hüb.example"', r"receipt\.hub: expected https://"),
        ('shop = "two\\nlines"', r"receipt\.shop: expected at most 80 characters in a line"),
        (f'imprint = ["{"x" * 81}"]', r"receipt\.imprint: expected at most 80 characters"),
        (f"imprint = {['x'] * 9}", r"receipt\.imprint"),
        ("copies = 4", r"receipt\.copies"),
        ("copies = -1", r"receipt\.copies"),
        ('colour = "red"', "unknown field `colour`"),
    ],
)
def test_what_no_receipt_can_say_is_named(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        load(write(tmp_path, f"{GOOD}[receipt]\n{line}\n"))


def test_what_is_not_said_is_as_it_was(tmp_path: Path) -> None:
    config = load(write(tmp_path))
    assert config.key == tmp_path / "data" / "object.key"
    assert (config.key_source, config.witness) == (PlainKeySection(), None)
    assert config.storage.budget_bytes == 4096 * 1024 * 1024
    assert config.ballast.parent == config.telemetry.parent == config.data_dir


@pytest.mark.parametrize(
    ("section", "field", "meant"),
    [
        ('kind = "file"\nfile = "a.key"', "file", "{}/a.key"),
        ('kind = "sealed-file"', "secret", None),
        ('kind = "sealed-file"\nsecret = "/run/s"', "secret", "/run/s"),
        ('kind = "sealed-file"\nsecret = "s"', "secret", "{}/s"),
        ('kind = "tpm"\nhandle = "0x81010001"', "handle", "0x81010001"),
        ('kind = "tpm"\nhandle = "tpm.handle"', "handle", "{}/tpm.handle"),
        ('kind = "tpm"\nhandle = "0x81"\npcrs = "sha256:0,7+sha1:4"', "pcrs", "sha256:0,7+sha1:4"),
    ],
)
def test_the_paths_of_a_key_start_where_the_file_lies(
    tmp_path: Path, section: str, field: str, meant: str | None
) -> None:
    config = load(write(tmp_path, GOOD + f"[key]\n{section}\n"))
    assert getattr(config.key_source, field) == (meant and meant.format(tmp_path))


@pytest.mark.parametrize(
    ("broker", "host", "port", "is_secure"),
    [
        ("127.0.0.1:1883", "127.0.0.1", 1883, False),
        ("mqtt://localhost:1883", "localhost", 1883, False),
        ("[::1]:1883", "::1", 1883, False),
        ("mqtts://hub.example:8883", "hub.example", 8883, True),
        ("mqtts://[2001:db8::7]:8884", "2001:db8::7", 8884, True),
    ],
)
def test_a_broker_is_a_host_and_a_port_with_or_without_tls(
    tmp_path: Path, broker: str, host: str, port: int, is_secure: bool
) -> None:
    sync = load(write(tmp_path, GOOD.replace("127.0.0.1:1883", broker))).sync
    assert (sync.broker_host, sync.broker_port, sync.broker_is_secure) == (host, port, is_secure)
    assert not sync.hub_is_secure


def test_a_line_may_be_metered_and_its_files_elsewhere(tmp_path: Path) -> None:
    text = GOOD.replace("http://127.0.0.1:8110/", "https://hub.example/shop/").replace(
        "[[peripheral]]", 'duty = "metered"\n[tls]\nkey = "/run/keys/tls.key"\n[[peripheral]]'
    )
    config = load(write(tmp_path, text))
    assert (config.sync.duty, config.sync.hub_is_secure) == ("metered", True)
    assert config.sync.hub_url == "https://hub.example/shop"
    assert (config.tls.key, config.tls.root) == (Path("/run/keys/tls.key"), config.data_dir / "root.crt")


def test_the_witness_and_the_budget_are_the_installers(tmp_path: Path) -> None:
    text = GOOD.replace("[display]", 'witness = "stick/witness"\n[storage]\nbudget_mib = 64\n[display]')
    config = load(write(tmp_path, text))
    assert config.witness == tmp_path / "stick" / "witness"
    assert config.storage.budget_bytes == 64 * 1024 * 1024


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


@pytest.mark.parametrize("closed", ["object.toml", "trust.json", "data/keyring.jws"])
def test_a_file_that_only_its_owner_may_read_says_how_to_be_its_owner(tmp_path: Path, closed: str) -> None:
    write(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/keyring.jws").touch()
    (tmp_path / closed).chmod(0)
    with ThreadPoolExecutor(1, initializer=masters_key.give_away) as somebody:
        told = somebody.submit(load, tmp_path / "object.toml").exception()
    assert isinstance(told, ConfigError)
    assert str(told) == f"{tmp_path / closed}: cannot be read: Permission denied: give the command with sudo"


def test_a_directory_too_deep_for_a_socket_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="choose a shorter directory"):
        load(write(tmp_path, GOOD.replace("[display]", f'data = "{"d" * 100}"\n[display]')))


WAYS = """
[[tender]]
kind = "zvt"
uri = "tcp:10.0.0.9:20007?profile=zvt-tcp"
[[tender]]
kind = "desk"
[[tender]]
kind = "cloud"
provider = "wechat"
[[tender]]
kind = "house-account"
account = "a7Kx"
"""
ONE_WAY = """[tender]
kind = "house-account"
account = "a7Kx"
"""


def test_several_ways_to_pay_are_asked_for_in_the_order_of_the_file(tmp_path: Path) -> None:
    config = load(write(tmp_path, GOOD.replace(ONE_WAY, WAYS)))
    assert [tender.name for tender in config.tenders] == ["zvt", "desk", "wechat", "house-account"]
    assert config.account == "a7Kx"


def test_one_way_to_pay_needs_no_list_and_a_house_account_is_no_must(tmp_path: Path) -> None:
    assert [tender.name for tender in load(write(tmp_path)).tenders] == ["house-account"]
    assert load(write(tmp_path, GOOD.replace(ONE_WAY, '[tender]\nkind = "desk"\n'))).account == ""


WRONG_WAYS = [
    ("tender = []\n", "expected a way to pay, got none"),
    ('[[tender]]\nkind = "desk"\n[[tender]]\nkind = "desk"\n', "expected desk once, got 2 of it"),
    ('[[tender]]\nkind = "cash"\n', "tender"),
    ('[[tender]]\nkind = "cloud"\nprovider = "piggy"\n', "tender"),
]


@pytest.mark.parametrize(("ways", "why"), WRONG_WAYS)
def test_ways_to_pay_that_cannot_be_told_apart_or_do_not_exist_are_refused(
    tmp_path: Path, ways: str, why: str
) -> None:
    whole = GOOD.replace(ONE_WAY, "")
    with pytest.raises(ConfigError, match=why):
        load(write(tmp_path, ways + whole if ways.startswith("tender") else whole + ways))
