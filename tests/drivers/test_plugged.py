"""What is plugged in: found through udev, named by what lasts, known by its USB id."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.drivers import mocked

pytestmark = mocked.needs_umockdev

PROFILES = """
    Profile("hid-scale", "scale", ("hidraw",), "Dymo", "M10", usb=("0922:8003",), name="dymo-m10"),
    Profile("wedge", "scanner", ("evdev",), "Symbol", "LS2208", usb=("05e0:1200",), name="ls2208"),
    Profile("hx711", "load cell", ("iio",), name="hx711"),
"""
PROGRAM = f"""
import msgspec
from edge.drivers.plugged import plugged
from edge.drivers.profiles import Profile
for each in plugged([{PROFILES}]):
    print(msgspec.json.encode({{**msgspec.structs.asdict(each), "uris": each.uris}}).decode())
"""

FTDI = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A5XK3RJT-if00-port0"
BY_PATH = "/dev/serial/by-path/pci-0000:00:14.0-usb-0:{}:1.0-port0"
CH340 = "/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0"
CLONE = "/dev/serial/by-id/usb-Silicon_Labs_CP2102_0001-if00-port0"


@pytest.fixture
def plugged(tmp_path: Path) -> Any:
    """What is found on a machine."""

    def found(*devices: str) -> list[dict[str, Any]]:
        out = mocked.run_with("".join(devices), tmp_path, PROGRAM)
        return [json.loads(line) for line in out.splitlines()]

    return found


def test_an_adapter_is_a_port_under_the_name_that_its_serial_number_gives_it(plugged: Any) -> None:
    adapter = mocked.usb("1-2", "0403:6001", manufacturer="FTDI", product="FT232R USB UART")
    port = mocked.serial_port("1-2", 0, BY_PATH.format(2), FTDI, ID_SERIAL_SHORT="A5XK3RJT")
    assert plugged(port, adapter) == [
        {
            "way": "serial",
            "path": FTDI,
            "node": "/dev/ttyUSB0",
            "name": "FTDI FT232R USB UART",
            "usb": "0403:6001",
            "socket": "1-2",
            "profiles": [],
            "uris": [],
        }
    ]


@pytest.mark.parametrize(
    ("links", "number", "path"),
    [
        ((BY_PATH.format(2), CH340), {}, BY_PATH.format(2)),
        ((BY_PATH.format(2), CH340, "/dev/opos/usb-1-2"), {}, "/dev/opos/usb-1-2"),
        ((FTDI, "/dev/opos/scale0"), {"ID_SERIAL_SHORT": "A5XK3RJT"}, "/dev/opos/scale0"),
        ((), {}, "/dev/ttyUSB0"),
    ],
    ids=["no serial number: the socket", "our rule", "a role before a number", "no names at all"],
)
def test_the_name_that_lasts_longest_is_proposed(
    plugged: Any, links: tuple[str, ...], number: dict[str, str], path: str
) -> None:
    [port] = plugged(mocked.serial_port("1-2", 0, *links, **number), mocked.usb("1-2", "1a86:7523"))
    assert port["path"] == path


def test_two_adapters_with_one_serial_number_are_told_apart_by_their_sockets(plugged: Any) -> None:
    ports = [
        mocked.serial_port(f"1-{place}", place, CLONE, BY_PATH.format(place), ID_SERIAL_SHORT="0001")
        + mocked.usb(f"1-{place}", "10c4:ea60")
        for place in (1, 2)
    ]
    assert [port["path"] for port in plugged(*ports)] == [BY_PATH.format(1), BY_PATH.format(2)]


def test_a_port_without_hardware_is_none(plugged: Any) -> None:
    assert plugged(mocked.legacy_port(0)) == []


def test_a_scale_is_known_by_its_id_and_by_the_way_it_is_reached(plugged: Any) -> None:
    scale = mocked.usb("1-3", "0922:8003", manufacturer="DYMO", product="M10 10 lb USB Postal Scale")
    keys = mocked.input_device("1-3", 3, "DYMO M10", ID_INPUT_KEYBOARD="1")
    found = plugged(mocked.hidraw("1-3", 0, "/dev/opos/hid-1-3"), keys, scale)
    assert [(each["way"], each["profiles"]) for each in found] == [("evdev", []), ("hidraw", ["dymo-m10"])]
    assert found[1]["uris"] == ["hidraw:/dev/opos/hid-1-3?profile=dymo-m10"]


def test_a_scanner_that_types_is_an_input_device_and_a_mouse_is_none(plugged: Any) -> None:
    link = "/dev/input/by-id/usb-Symbol_Bar_Code_Scanner_S123-event-kbd"
    scanner = mocked.usb("1-4", "05e0:1200", product="Bar Code Scanner")
    keys = mocked.input_device("1-4", 4, "Scanner", link, ID_INPUT_KEYBOARD="1", ID_SERIAL_SHORT="S123")
    mouse = mocked.input_device("1-5", 5, "Mouse", ID_INPUT_MOUSE="1") + mocked.usb("1-5", "046d:c077")
    [found] = plugged(keys, scanner, mouse)
    assert found["uris"] == [f"evdev:{link}?profile=ls2208"]


def test_the_keyboard_of_the_machine_has_a_name_and_no_id(plugged: Any) -> None:
    [found] = plugged(mocked.input_device("", 0, "AT Translated Set 2 keyboard", ID_INPUT_KEYBOARD="1"))
    assert (found["name"], found["usb"], found["socket"]) == ("AT Translated Set 2 keyboard", "", "")


def test_a_printer_and_a_converter_are_found_and_a_thermometer_is_not(plugged: Any) -> None:
    thermometer = mocked.converter(1, "bmp280").replace("in_voltage0_raw", "in_temp_input")
    paper = mocked.printer("1-6", 0) + mocked.usb("1-6", "04b8:0202", product="TM-T88")
    found = plugged(mocked.converter(0, "hx711"), thermometer, paper)
    assert [(each["way"], each["path"], each["name"]) for each in found] == [
        ("iio", "/sys/bus/iio/devices/iio:device0/in_voltage0_raw", "hx711"),
        ("lp", "/dev/usb/lp0", "TM-T88"),
    ]
    assert found[0]["profiles"] == ["hx711"]
