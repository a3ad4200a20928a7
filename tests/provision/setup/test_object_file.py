"""object.toml: written with comments, and written again around those of an editor."""

import tomllib
from pathlib import Path

import pytest
from msgspec.structs import replace

from cloud_sync.contract.enrolment import Enrolled
from edge.config import ConfigError, PeripheralSection, without_trust
from edge.provision.object_file import (
    NO_TERMINAL,
    Setup,
    UnheardError,
    object_text,
    with_decisions,
    with_line,
)

ENROLLED = Enrolled(
    tenant="demo",
    site="corner",
    object="shelf-2",
    kind="shelf",
    name="Regal",
    sells_from="floor",
    timezone="Europe/Berlin",
    broker="mqtts://hub.example:8883",
    hub="https://hub.example",
    chain="",
    root="",
    certificate="",
    keyring="",
    roots=(),
)
SCALE = PeripheralSection("scale", "serial:/dev/opos/scale0?profile=mt-sics")
READER = PeripheralSection("reader", "serial:/dev/opos/reader0?profile=r200")
SCANNERS = tuple(
    PeripheralSection("scanner", f"serial:/dev/ttyUSB{number}?profile=serial-scanner", f"hand-{number}")
    for number in (1, 2)
)
SETUP = Setup(8101, (READER, SCALE))
TERMINAL = "tcp:10.0.0.9:20007?profile=zvt-tcp"


def devices(text: str) -> list[dict[str, str]]:
    return [*tomllib.loads(text)["peripheral"]]


def names(text: str) -> list[str]:
    return [each.get("name", each["role"]) for each in devices(text)]


def test_a_new_file_explains_each_of_its_sections_and_an_object_could_start_by_it(tmp_path: Path) -> None:
    text = object_text(ENROLLED, replace(SETUP, terminal=TERMINAL))
    (tmp_path / "object.toml").write_text(text)
    assert without_trust(tmp_path / "object.toml").peripherals == (READER, SCALE)
    lines = text.splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("[")]
    assert [lines[each] for each in heads if not lines[each + 1].startswith("# ")] == ["[[peripheral]]"]


EDITED = """\
# Kasse 4, mit Waage\r
sync = { broker = "mqtts://old.example:8883", hub = 'https://old.example' } # Zentrale\r
\r
[display] # am Fenster\r
host = "0.0.0.0"\r
port = 0x1fa5\r
\r
[[peripheral]]\r
uri = 'serial:/dev/opos/reader0?profile=r200' # oben\r
role = "reader"\r
[[peripheral]]\r
role = "scale" # geeicht bis 2028\r
uri = "serial:/dev/opos/scale0?profile=mt-sics"\r
"""


def test_another_hub_changes_two_values_and_no_other_byte() -> None:
    changed = with_line(EDITED, "mqtts://new.example:8883", "https://new.example")
    expected = EDITED.replace("mqtts://old", "mqtts://new").replace(
        "'https://old.example'", '"https://new.example"'
    )
    assert changed == expected


def test_what_is_decided_as_it_stands_leaves_every_byte() -> None:
    assert with_decisions(EDITED, SETUP) == EDITED
    assert with_decisions(EDITED, Setup(8101)) == EDITED


def test_a_device_that_moved_keeps_its_comments_and_its_place() -> None:
    moved = replace(SCALE, uri="tcp:10.0.0.9:4001?profile=mt-sics")
    assert with_decisions(EDITED, replace(SETUP, peripherals=(READER, moved))) == EDITED.replace(
        SCALE.uri, moved.uri
    )


def test_devices_come_and_go_around_those_that_stay() -> None:
    more = with_decisions(EDITED, replace(SETUP, peripherals=(READER, SCALE, *SCANNERS)))
    assert names(more) == [
        "reader",
        "scale",
        "hand-1",
        "hand-2",
    ]
    assert more.startswith(EDITED)
    fewer = with_decisions(more, replace(SETUP, peripherals=(SCANNERS[1], READER)))
    assert names(fewer) == ["reader", "hand-2"]
    assert "# oben" in fewer


TENDERS = {
    '[tender]\nkind = "house-account"\naccount = "a"\n': '[tender]\nkind = "zvt"\nuri = "{}"\n',
    '[tender] # Karten\nkind = "zvt"\nuri = "tcp:1.2.3.4:1?profile=zvt-tcp"\nend_of_day = "22:00"\n': (
        '[tender] # Karten\nkind = "zvt"\nuri = "{}"\nend_of_day = "22:00"\n'
    ),
    '[[tender]]\nkind = "desk"\n[[tender]]\nkind = "zvt" # links\nuri = "tcp:1.2.3.4:1?profile=zvt-tcp"\n': (
        '[[tender]]\nkind = "desk"\n[[tender]]\nkind = "zvt" # links\nuri = "{}"\n'
    ),
    '[[tender]]\nkind = "desk"\n[[tender]]\nkind = "wallet"\n': (
        '[[tender]]\nkind = "desk"\n[[tender]]\nkind = "wallet"\n[[tender]]\nkind = "zvt"\nuri = "{}"\n'
    ),
}


@pytest.mark.parametrize("text", TENDERS)
def test_another_terminal_leaves_the_other_ways_to_pay(text: str) -> None:
    head = "[display]\nport = 8101\n"
    changed = with_decisions(head + text, Setup(8101, terminal=TERMINAL))
    assert changed == head + TENDERS[text].format(TERMINAL)


IN_LINE = """\
tender = [{ kind = "desk" }, { kind = "wallet" }] # beide
peripheral = [{ role = "reader", uri = "serial:/dev/opos/reader0?profile=r200" }] # oben
[object]
tenant = "demo"
site = "corner"
[display]
port = 8101
"""


def test_ways_to_pay_that_are_written_in_a_line_stay_beside_a_terminal() -> None:
    changed = with_decisions(IN_LINE, Setup(8101, terminal=TERMINAL))
    assert tomllib.loads(changed)["tender"] == [
        {"kind": "desk"},
        {"kind": "wallet"},
        {"kind": "zvt", "uri": TERMINAL},
    ]
    assert "# beide" in changed
    assert with_decisions(changed, Setup(8101, terminal=NO_TERMINAL)) == IN_LINE


def test_devices_that_are_written_in_a_line_change_and_nothing_falls_into_them() -> None:
    moved = replace(READER, uri="tcp:10.0.0.9:4001?profile=r200")
    changed = tomllib.loads(with_decisions(IN_LINE, Setup(8101, (moved, SCALE))))
    assert changed == {
        **tomllib.loads(IN_LINE),
        "peripheral": [{"role": "reader", "uri": moved.uri}, {"role": "scale", "uri": SCALE.uri}],
    }


WHO = '[object]\ntenant = "demo"\nsite = "corner"\n[display]\nport = 8101\n'
ZVT = f'kind = "zvt"\nuri = "{TERMINAL}"\n'
ON_ACCOUNT = object_text(ENROLLED, SETUP).partition("[tender]")[2].partition("account = ")[2].splitlines()[0]
WITHOUT = {
    f"[tender]\n{ZVT}": f'[tender]\nkind = "house-account"\naccount = {ON_ACCOUNT}\n',
    f'[[tender]]\nkind = "desk" # vorn\n[[tender]]\n{ZVT}': '[[tender]]\nkind = "desk" # vorn\n',
    f"[[tender]]\n{ZVT}": f'[tender]\nkind = "house-account"\naccount = {ON_ACCOUNT}\n',
    '[tender]\nkind = "desk"\n': '[tender]\nkind = "desk"\n',
}


@pytest.mark.parametrize("text", WITHOUT)
def test_a_terminal_that_goes_leaves_the_other_ways_to_pay_or_the_sites_account(text: str) -> None:
    changed = with_decisions(WHO + text, Setup(8101, terminal=NO_TERMINAL))
    assert changed == WHO + WITHOUT[text]


def test_an_account_is_changed_where_it_stands_and_refused_where_none_does() -> None:
    text = f'{WHO}[[tender]]\n{ZVT}[[tender]]\nkind = "house-account"\naccount = "a" # alt\n'
    assert with_decisions(text, Setup(8101, account="b")) == text.replace('"a"', '"b"')
    with pytest.raises(UnheardError, match="paid is by desk: give --terminal none"):
        with_decisions(f'{WHO}[tender]\nkind = "desk"\n', Setup(8101, account="b"))
    with pytest.raises(UnheardError, match="paid is by zvt"):
        object_text(ENROLLED, replace(SETUP, terminal=TERMINAL, account="b"))


@pytest.mark.parametrize("text", ["[sync", "sync = 1\nsync = 2", "\x00"])
def test_what_is_no_toml_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        with_line(text, "mqtts://new.example:8883", "https://new.example")


def test_an_image_has_its_data_below_its_own_root(tmp_path: Path) -> None:
    file = tmp_path / "etc/opos/object.toml"
    file.parent.mkdir(parents=True)
    file.write_text(object_text(ENROLLED, replace(SETUP, data=Path("/var/lib/opos"))))
    assert without_trust(file).data_dir == Path("/var/lib/opos")
    assert without_trust(file, tmp_path).ledger == tmp_path / "var/lib/opos/ledger.db"
    deep = tmp_path / ("x" * 120)
    (deep / "etc/opos").mkdir(parents=True)
    (deep / "etc/opos/object.toml").write_text(file.read_text())
    assert without_trust(deep / "etc/opos/object.toml", deep).bell.is_relative_to(deep)
    (deep / "etc/opos/object.toml").write_text(object_text(ENROLLED, SETUP))
    with pytest.raises(ConfigError, match="too long for a socket"):
        without_trust(deep / "etc/opos/object.toml")
