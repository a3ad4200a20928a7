"""What a peripheral's URI means, what a profile says, and what is wrong with one that says nothing."""

import sys
import tomllib
from pathlib import Path

import pytest

from edge.commands import Zero
from edge.drivers import profiles
from edge.drivers.profiles import (
    BadProfileError,
    Profile,
    ProfileError,
    SerialLine,
    UnknownProfileError,
    load,
)
from edge.drivers.registry import (
    Commanded,
    PeripheralUriError,
    SerialAddress,
    TcpAddress,
    driver_for,
    parse_uri,
)
from edge.drivers.rfid.r200 import R200
from edge.drivers.scales.mtsics import MtSics
from edge.readings import Nanoseconds

HARDWARE = Path(__file__).parents[2] / "hardware"


@pytest.mark.parametrize(
    ("text", "address", "profile"),
    [
        ("serial:/dev/opos/scale0?profile=mt-sics", SerialAddress("/dev/opos/scale0"), "mt-sics"),
        ("serial:run/mirror-reader?profile=r200", SerialAddress("run/mirror-reader"), "r200"),
        ("tcp:127.0.0.1:7001?profile=r200", TcpAddress("127.0.0.1", 7001), "r200"),
        ("tcp:scale.local:4001?profile=mt-sics", TcpAddress("scale.local", 4001), "mt-sics"),
        ("tcp:[::1]:7001?profile=yrm100", TcpAddress("::1", 7001), "yrm100"),
    ],
)
def test_a_uri_says_where_a_device_is_and_what_it_is(
    text: str, address: SerialAddress | TcpAddress, profile: str
) -> None:
    uri = parse_uri(text)
    assert uri.address == address
    assert uri.profile == load(profile)
    assert uri.profile.name == profile


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected serial:PATH?profile=NAME or tcp:HOST:PORT?profile=NAME"),
        ("/dev/ttyUSB0", "expected serial:PATH?profile=NAME or tcp:HOST:PORT?profile=NAME"),
        ("usb:1-1?profile=r200", "got 'usb' at its start"),
        ("serial:?profile=r200", "expected the path of a device"),
        ("serial:/dev/ttyUSB0", "expected ?profile=NAME"),
        ("serial:/dev/ttyUSB0?profile=r200&baud=9600", "expected ?profile=NAME and nothing else"),
        ("serial:/dev/ttyUSB0?profile=", "choose one of mt-sics, r200, yrm100"),
        ("serial:/dev/ttyUSB0?profile=dibal", "choose one of mt-sics, r200, yrm100"),
        ("serial:/dev/ttyUSB0?profile=../udev/x", "choose one of mt-sics, r200, yrm100"),
        ("tcp:7001?profile=r200", "expected tcp:HOST:PORT"),
        ("tcp:host:?profile=r200", "expected tcp:HOST:PORT"),
        ("tcp:host:0?profile=r200", "expected tcp:HOST:PORT"),
        ("tcp:host:65536?profile=r200", "expected tcp:HOST:PORT"),
        ("tcp:host:+80?profile=r200", "expected tcp:HOST:PORT"),
    ],
)
def test_a_uri_that_cannot_be_worked_by_says_what_was_expected(text: str, expected: str) -> None:
    with pytest.raises(PeripheralUriError) as caught:
        parse_uri(text)
    assert expected in str(caught.value)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "driver", "line", "asks"),
    [
        ("r200", R200, SerialLine(115200), "AA00270003 22FFFF 4ADD"),
        ("yrm100", R200, SerialLine(115200), "BB00270003 22FFFF 4A7E"),
        ("mt-sics", MtSics, SerialLine(9600), "53490D0A"),
    ],
)
def test_a_profile_gives_a_driver_and_the_line_it_speaks_over(
    name: str, driver: type, line: SerialLine, asks: str
) -> None:
    profile = load(name)
    made = driver_for(profile)
    assert isinstance(made, driver)
    assert profile.serial == line
    made.opened(Nanoseconds(0))
    assert made.to_send() == bytes.fromhex(asks)


def test_every_profile_that_we_ship_has_a_driver_and_names_its_sources() -> None:
    assert profiles.known() == sorted(path.stem for path in (HARDWARE / "profiles").iterdir())
    for name in profiles.known():
        driver_for(load(name))
        text = (HARDWARE / "profiles" / f"{name}.toml").read_text(encoding="utf-8")
        assert "# Sources:" in text
        assert "Not confirmed on a real device by us." in text
        facts = [line for line in text.splitlines() if line.split(" ")[0] in tomllib.loads(text)["serial"]]
        assert all("# " in line for line in facts)


def test_a_scale_takes_commands_and_a_reader_does_not() -> None:
    scale, reader = driver_for(load("mt-sics")), driver_for(load("r200"))
    assert not isinstance(reader, Commanded)
    assert isinstance(scale, Commanded)
    scale.command(Zero())


def test_two_devices_of_one_kind_have_a_driver_each() -> None:
    assert driver_for(load("r200")) is not driver_for(load("r200"))


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ("protocol = ", "Invalid value"),
        ('protocol = "r200"', "missing required field `device`"),
        ('protocol = "r200"\ndevice = "x"\ncolour = 1\n[serial]\nbaud = 1', "unknown field `colour`"),
        ('protocol = "r200"\ndevice = "x"\n[serial]\nbaud = 1\nparity = "M"', "Invalid enum value 'M'"),
        ("\ufeff\x00", "install OPOS again"),
    ],
)
def test_a_profile_that_is_damaged_says_which_and_where(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, toml: str, expected: str
) -> None:
    (tmp_path / "mine.toml").write_text(toml, encoding="utf-8")
    monkeypatch.setattr(profiles, "directory", lambda: tmp_path)
    with pytest.raises(BadProfileError) as caught:
        load("mine")
    assert expected in str(caught.value)
    assert str(tmp_path / "mine.toml") in str(caught.value)
    with pytest.raises(UnknownProfileError, match="choose one of mine"):
        load("r200")


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (
            Profile("zvt", "terminal", SerialLine(9600), name="zvt"),
            "no driver speaks 'zvt', only r200, mt-sics",
        ),
        (Profile("r200", "reader", SerialLine(9600), {"heads": "AA"}, "mine"), "profile 'mine': settings: "),
        (Profile("r200", "reader", SerialLine(9600), {"heads": [0xCC]}, "mine"), "Invalid enum value 204"),
        (Profile("r200", "reader", SerialLine(9600), {"heads": []}, "mine"), "length >= 1"),
        (Profile("mt-sics", "scale", SerialLine(9600), {"unit": "g"}, "mine"), "unknown field `unit`"),
    ],
)
def test_a_profile_that_no_driver_understands_says_so(profile: Profile, expected: str) -> None:
    with pytest.raises(ProfileError) as caught:
        driver_for(profile)
    assert expected in str(caught.value)


def test_an_installed_wheel_finds_its_profiles_below_its_prefix(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(
        profiles, "__file__", str(tmp_path / "site-packages" / "edge" / "drivers" / "profiles.py")
    )
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    assert profiles.directory() == tmp_path / "venv" / "share" / "opos" / "hardware" / "profiles"
