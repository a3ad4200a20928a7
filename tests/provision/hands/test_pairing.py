"""Pairing finds the port of a device, by asking, by what it feels, or by its plug, and writes it down."""

import asyncio
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from edge.clock import SystemClock
from edge.config import PeripheralSection
from edge.config.checks import ConfigError
from edge.drivers.plugged import Plugged
from edge.drivers.profiles import load
from edge.drivers.uris import FileAddress
from edge.provision.pairing import Felt, NotPairedError, Port, answering, first_to_feel, replugged
from edge.provision.peripherals import put_in_place, with_peripheral
from edge.readings import CodeScanned, Milligrams, Reading, TagSeen, Weighed
from tests.simulators.bench_process import BenchProcess, write_bench

EPC = "3034257BF7194E4000001A85"
TEXT = """# The mirror by the window.
[object]
id = "mirror-1"   # as the hub has it
kind = "mirror"
name = "Mirror 1"
tenant = "demo"
site = "corner"
sells_from = "mirror-1"
[display]
port = 8101
[tender]
kind = "house-account"
account = "a7KxQ2mQ9vR4t"
[sync]
broker = "127.0.0.1:1"
hub = "http://127.0.0.1:1"

[[peripheral]]
role = "reader"
uri = "serial:/dev/opos/reader0?profile=r200"   # left of the rail
"""
READER = PeripheralSection("reader", "serial:/dev/ttyUSB1?profile=r200")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchProcess]:
    folder = tmp_path_factory.mktemp("bench")
    parts = [
        f'[[device]]\nname = "{name}"\ntype = "{kind}"\nat = "pty:{name}"\n'
        for name, kind in (("left", "r200"), ("right", "r200"), ("scale", "mt-sics"))
    ]
    running = BenchProcess(write_bench(folder, *parts)).started()
    yield running
    running.stop()


def test_the_ports_that_answer_are_told_from_those_that_do_not_and_a_tag_says_which_it_is(
    bench: BenchProcess,
) -> None:
    ports = [Port(FileAddress("serial", str(bench.folder / name))) for name in ("left", "scale", "right")]

    async def pair() -> tuple[set[str], str]:
        found = await answering(ports, [load("r200")], SystemClock(), lambda *_: None)
        bench.do("right", "put", epc=EPC)
        felt = await first_to_feel(found, "reader", SystemClock(), 20)
        return {str(each.address) for each in found}, str(felt.address)

    answer, chosen = asyncio.run(pair())
    assert answer == {str(bench.folder / "left"), str(bench.folder / "right")}
    assert chosen == str(bench.folder / "right")


def test_who_shows_nothing_is_told_what_to_do() -> None:
    with pytest.raises(NotPairedError, match="scan a code with it as soon as"):
        asyncio.run(first_to_feel([], "scanner", SystemClock(), 0.01))


@pytest.mark.parametrize(
    ("role", "readings", "feels"),
    [
        ("reader", [TagSeen(EPC)], True),
        ("reader", [CodeScanned("4006381333931")], False),
        ("scanner", [CodeScanned("4006381333931")], True),
        ("scale", [Weighed(Milligrams(700_000), steady=True)], False),
        ("scale", [Weighed(Milligrams(each), steady=True) for each in (0, 900_000)], True),
    ],
)
def test_a_device_feels_what_belongs_to_its_role(role: str, readings: list[Reading], feels: bool) -> None:
    felt = Felt(role)  # type: ignore[arg-type]
    assert [felt.hear(reading) for reading in readings][-1] is feels


def _thing(node: str) -> Plugged:
    return Plugged("serial", node, node, "FTDI")


def test_a_plug_that_is_pulled_and_put_in_again_names_its_port() -> None:
    here = {"/dev/ttyUSB0", "/dev/ttyUSB1"}
    said: list[str] = []

    def tell(deed: str) -> None:
        said.append(deed)
        if deed == "unplug":
            here.discard("/dev/ttyUSB1")
        else:
            here.add("/dev/ttyUSB2")

    found = asyncio.run(replugged(lambda: [_thing(each) for each in sorted(here)], tell, 20))
    assert (said, [each.node for each in found]) == (["unplug", "plug"], ["/dev/ttyUSB2"])


def test_without_a_plug_nobody_waits_for_ever() -> None:
    with pytest.raises(NotPairedError, match="--port"):
        asyncio.run(replugged(lambda: [_thing("/dev/ttyS0")], lambda _: None, 0.01))


def test_the_line_of_a_device_changes_and_every_comment_stays() -> None:
    after = with_peripheral(TEXT, READER)
    assert after == TEXT.replace("/dev/opos/reader0", "/dev/ttyUSB1")


def test_a_device_that_is_new_comes_behind_the_others() -> None:
    after = with_peripheral(
        TEXT, PeripheralSection("scanner", "evdev:/dev/input/event4?profile=wedge", "hand")
    )
    assert after.startswith(TEXT)
    assert after.endswith('uri = "evdev:/dev/input/event4?profile=wedge"\nname = "hand"\n')


def test_devices_that_are_written_on_one_line_are_changed_there() -> None:
    text = 'peripheral = [{ role = "scanner", uri = "tcp:h:1?profile=serial-scanner" }]\n'
    hand = PeripheralSection("scanner", "tcp:h:2?profile=serial-scanner", "hand")
    (one, other) = tomllib.loads(with_peripheral(text, hand))["peripheral"]
    assert (one["uri"], other) == ("tcp:h:1?profile=serial-scanner", msgspec.to_builtins(hand))


def test_the_file_is_replaced_whole_and_what_was_there_is_kept_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "object.toml"
    file.write_text(TEXT)
    assert [put_in_place(file, READER), put_in_place(file, READER)] == [True, False]
    file.write_bytes(TEXT.replace("\n", "\r\n").encode())
    put_in_place(file, READER)
    assert file.read_bytes().count(b"\r\n") == TEXT.count("\n")
    assert (tmp_path / "object.toml.before").read_text() == TEXT
    assert sorted(each.name for each in tmp_path.iterdir()) == ["object.toml", "object.toml.before"]


def test_a_device_that_the_object_has_no_use_for_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "object.toml"
    file.write_text(TEXT)
    with pytest.raises(ConfigError, match="no use for a scale"):
        put_in_place(file, PeripheralSection("scale", "serial:/dev/ttyUSB3?profile=mt-sics"))
    assert file.read_text() == TEXT
    assert sorted(each.name for each in tmp_path.iterdir()) == ["object.toml"]
