"""What a peripheral's URI means, what a profile says, and what is wrong with one that says nothing."""

import re
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest

from edge.commands import Zero
from edge.drivers import profiles
from edge.drivers.driver import Commanded
from edge.drivers.profiles import (
    BadProfileError,
    Profile,
    ProfileError,
    SerialLine,
    UnknownProfileError,
    Way,
    load,
)
from edge.drivers.registry import driver_for
from edge.drivers.rfid.r200 import R200
from edge.drivers.scales.mtsics import MtSics
from edge.drivers.uris import (
    Address,
    FileAddress,
    GpioAddress,
    I2cAddress,
    PeripheralUriError,
    TcpAddress,
    parse_uri,
)
from edge.readings import Nanoseconds

HARDWARE = Path(__file__).parents[2] / "hardware"


@pytest.mark.parametrize(
    ("text", "address", "profile"),
    [
        ("serial:/dev/opos/scale0?profile=mt-sics", FileAddress("serial", "/dev/opos/scale0"), "mt-sics"),
        ("serial:run/mirror-reader?profile=r200", FileAddress("serial", "run/mirror-reader"), "r200"),
        ("tcp:127.0.0.1:7001?profile=r200", TcpAddress("127.0.0.1", 7001), "r200"),
        ("tcp:scale.local:4001?profile=mt-sics", TcpAddress("scale.local", 4001), "mt-sics"),
        ("tcp:[::1]:7001?profile=yrm100", TcpAddress("::1", 7001), "yrm100"),
    ],
)
def test_a_uri_says_where_a_device_is_and_what_it_is(
    text: str, address: FileAddress | TcpAddress, profile: str
) -> None:
    uri = parse_uri(text)
    assert uri.address == address
    assert uri.address.way == text.split(":", maxsplit=1)[0]
    assert uri.profile == load(profile)
    assert uri.profile.name == profile


@pytest.fixture
def anything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The name of a profile whose device is reached by every way."""
    ways = ", ".join(f'"{way}"' for way in get_args(Way))
    (tmp_path / "anything.toml").write_text(
        f'protocol = "r200"\ndevice = "thing"\nways = [{ways}]\n[serial]\nbaud = 9600\n'
    )
    monkeypatch.setattr(profiles, "directory", lambda: tmp_path)
    return "anything"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("evdev:/dev/input/event3", FileAddress("evdev", "/dev/input/event3")),
        ("hidraw:/dev/opos/hid-1-3", FileAddress("hidraw", "/dev/opos/hid-1-3")),
        ("lp:/dev/usb/lp0", FileAddress("lp", "/dev/usb/lp0")),
        ("iio:/sys/bus/iio/devices/iio:device0/x", FileAddress("iio", "/sys/bus/iio/devices/iio:device0/x")),
        ("gpio:/dev/gpiochip0:17", GpioAddress("/dev/gpiochip0", (17,))),
        ("gpio:/dev/gpiochip0:17,27", GpioAddress("/dev/gpiochip0", (17, 27))),
        ("i2c:/dev/i2c-1:0x5a", I2cAddress("/dev/i2c-1", 0x5A)),
    ],
)
def test_every_way_has_its_address_and_says_it_again(anything: str, text: str, address: Address) -> None:
    uri = parse_uri(f"{text}?profile={anything}")
    assert uri.address == address
    assert f"{uri.address.way}:{uri.address}" == text


def test_a_chip_may_be_written_without_its_0x(anything: str) -> None:
    assert parse_uri(f"i2c:/dev/i2c-1:5A?profile={anything}").address == I2cAddress("/dev/i2c-1", 0x5A)


def test_a_panel_that_a_browser_needs_too_is_not_grabbed(anything: str) -> None:
    text = f"evdev:/dev/input/event3?profile={anything}"
    assert [parse_uri(text + end).grab for end in ("", "&grab=yes", "&grab=no")] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("evdev:/dev/input/event3?profile={}&grab=maybe", "expected grab=yes or grab=no, got 'maybe'"),
        ("hidraw:/dev/hidraw0?profile={}&grab=no", "expected ?profile=NAME and nothing else"),
        ("evdev:/dev/input/event3?grab=no", "expected ?profile=NAME and nothing else"),
        ("gpio:/dev/gpiochip0?profile={}", "expected gpio:/dev/gpiochip0:17"),
        ("gpio:/dev/gpiochip0:1,x?profile={}", "expected gpio:/dev/gpiochip0:17"),
        ("gpio::1?profile={}", "expected gpio:/dev/gpiochip0:17"),
        ("i2c:/dev/i2c-1?profile={}", "expected i2c:/dev/i2c-1:0x5a"),
        ("i2c:/dev/i2c-1:0x78?profile={}", "expected i2c:/dev/i2c-1:0x5a"),
        ("i2c:/dev/i2c-1:0?profile={}", "expected i2c:/dev/i2c-1:0x5a"),
    ],
)
def test_an_address_that_is_none_of_its_way_says_what_was_expected(
    anything: str, text: str, expected: str
) -> None:
    with pytest.raises(PeripheralUriError) as caught:
        parse_uri(text.format(anything))
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected serial:PATH?profile=NAME or tcp:HOST:PORT?profile=NAME"),
        ("/dev/ttyUSB0", "expected serial:PATH?profile=NAME or tcp:HOST:PORT?profile=NAME"),
        ("usb:1-1?profile=r200", "got 'usb' at its start"),
        ("serial:?profile=r200", "expected the path of a device"),
        ("serial:/dev/ttyUSB0", "expected ?profile=NAME"),
        ("serial:/dev/ttyUSB0?profile=r200&baud=9600", "expected ?profile=NAME and nothing else"),
        ("serial:/dev/ttyUSB0?profile=", "`opos devices profiles` lists all"),
        ("serial:/dev/ttyUSB0?profile=mtsics", "no profile is called 'mtsics', but mt-sics is"),
        ("serial:/dev/ttyUSB0?profile=../udev/x", "no profile is called '../udev/x'"),
        ("evdev:/dev/input/event3?profile=r200", "a r200 is reached by serial or tcp, got 'evdev'"),
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


SHIPPED = sorted(path.stem for path in (HARDWARE / "profiles").iterdir())


def test_every_profile_that_we_ship_is_known() -> None:
    assert set(SHIPPED) <= set(profiles.known())


@pytest.mark.parametrize("name", SHIPPED)
def test_a_profile_that_we_ship_has_a_driver_and_names_its_sources(name: str) -> None:
    driver_for(load(name))
    text = (HARDWARE / "profiles" / f"{name}.toml").read_text(encoding="utf-8")
    words = " ".join(text.replace("\n#", "\n").split())
    assert re.search("Sources?:|ours", words)
    assert "Not confirmed on a real device by us" in words
    line = tomllib.loads(text).get("serial", {})
    facts = [each for each in text.splitlines() if each.split(" ")[0] in line]
    assert all("# " in each for each in facts)


def test_a_usb_id_names_one_kind_of_device_for_each_way() -> None:
    claims = [(usb, way) for name in SHIPPED for usb in load(name).usb for way in load(name).ways]
    assert [claim for claim, times in Counter(claims).items() if times > 1] == []


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
    with pytest.raises(UnknownProfileError, match="lists all"):
        load("r200")


def _mine(protocol: str, settings: dict[str, Any]) -> Profile:
    return Profile(protocol, "device", ("serial",), serial=SerialLine(9600), settings=settings, name="mine")


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (
            _mine("nexo", {}),
            "no driver speaks 'nexo', only azextra, cas, ",
        ),
        (_mine("r200", {"heads": "AA"}), "profile 'mine': settings: "),
        (_mine("r200", {"heads": [0xCC]}), "Invalid enum value 204"),
        (_mine("r200", {"heads": []}), "length >= 1"),
        (_mine("mt-sics", {"unit": "g"}), "unknown field `unit`"),
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
