"""Proofs of HID devices: reports one by one, in both directions, and each device by its own name."""

import asyncio
import fcntl
import struct
from contextlib import closing
from pathlib import Path
from typing import Final

from edge.commands import Zero
from edge.drivers import profiles
from edge.drivers.links import open_link
from edge.drivers.uris import parse_uri
from edge.readings import (
    CodeScanned,
    DeviceFault,
    DeviceReady,
    Weighed,
)
from tests.vm.proof import Proving
from tests.vm.room import Bench, bench, ear, known

SCALE: Final = 'type = "hid-scale"\nat = "uhid:scale"\nsettle_ms = 50\ncontrol_id = 2'
SCANNER: Final = 'type = "hid-scanner"\nat = "uhid:scanner"'
SCALE_REPORT_BYTES: Final = 6
# linux/hidraw.h: HIDIOCGRDESCSIZE and HIDIOCGRDESC.
_DESCRIPTOR_SIZE, _DESCRIPTOR = 0x80044801, 0x90044802
_DESCRIPTOR_MAX: Final = 4096


async def a_bench_makes_hid_devices_that_the_kernel_has_parsed() -> str:
    async with bench(scale=SCALE, scanner=SCANNER) as it:
        said = []
        for name in ("scale", "scanner"):
            thing = await known(it, name)
            assert thing.way == "hidraw", thing
            told = _descriptor(it.at(name))
            assert told[:2] in {b"\x05\x8d", b"\x05\x8c"}, told
            said.append(f"{thing.name} with {len(told)} bytes of descriptor")
        return ", ".join(said)


async def a_hidraw_gives_one_report_a_read() -> str:
    async with bench(scale=f"{SCALE}\nrate_hz = 50") as it:
        with closing(await open_link(parse_uri(_scale(it)))) as link:
            await asyncio.sleep(1)
            sizes = [len(await link.read(1)) for _ in range(10)]
        assert set(sizes) == {SCALE_REPORT_BYTES}, sizes
        return f"ten reads, {SCALE_REPORT_BYTES} bytes each, though more were waiting"


async def a_scale_is_weighed_with_through_the_kernel() -> str:
    async with bench(scale=SCALE) as it, ear(_scale(it)) as ours:
        await it.order("scale", "put", mass_mg=262_000)
        while not (weighed := await ours.hears(Weighed)).steady or not weighed.weight_mg:
            pass
        assert weighed.weight_mg == 262_000, weighed
        return "262 g are 262 g"


async def a_code_longer_than_a_report_comes_through_whole() -> str:
    text = "".join(str(each % 10) for each in range(150))
    async with bench(scanner=SCANNER) as it, ear(f"hidraw:{it.at('scanner')}?profile=hid-scanner") as ours:
        await ours.hears(DeviceReady)
        await it.order("scanner", "scan", text=text, symbology="]Q1")
        assert await ours.hears(CodeScanned) == CodeScanned(text, "]Q1")
        return f"{len(text)} characters in three reports"


async def what_we_write_to_a_hidraw_reaches_the_device() -> str:
    _write_profile("zeroed", 'settings = {zero_report = "0201"}')
    async with bench(scale=SCALE) as it, ear(f"hidraw:{it.at('scale')}?profile=zeroed") as ours:
        await it.order("scale", "put", mass_mg=20_000)
        while (weighed := await ours.hears(Weighed)).weight_mg != 20_000 or not weighed.steady:
            pass
        ours.conversation.command(Zero())
        while (weighed := await ours.hears(Weighed)).weight_mg or not weighed.steady:
            pass
        return "a scale with 20 g on it is set to zero by an output report"


async def a_second_object_is_told_that_a_scale_is_in_use() -> str:
    async with bench(scale=SCALE) as it, ear(_scale(it)) as first:
        await first.hears(Weighed)
        async with ear(_scale(it)) as second:
            fault = await second.hears(DeviceFault)
        assert "in use by another program" in fault.sentence, fault
        return fault.sentence


async def a_scale_that_is_unplugged_is_a_fault_and_back_when_it_is_plugged_in() -> str:
    async with bench(scale=SCALE) as it, ear(_scale(it)) as ours:
        await ours.hears(Weighed)
        await it.order("scale", "unplug")
        fault = await ours.hears(DeviceFault)
        assert fault.code == "device.gone", fault
        await it.order("scale", "plug")
        await ours.hears(DeviceReady)
        await ours.hears(Weighed)
        return fault.sentence


async def many_hid_devices_keep_each_their_own_name() -> str:
    names = [f"scale{number}" for number in range(12)]
    tables = {name: f'type = "hid-scale"\nat = "uhid:{name}"\nsettle_ms = 50\nrate_hz = 2' for name in names}
    async with bench(**tables) as it:
        nodes = {str(Path(it.at(name)).resolve()) for name in names}
        assert len(nodes) == len(names), nodes
        for number, name in enumerate(names, 1):
            await it.order(name, "put", mass_mg=number * 100_000)
        for number, name in enumerate(names, 1):
            async with ear(f"hidraw:{it.at(name)}?profile=hid-scale") as ours:
                while not (weighed := await ours.hears(Weighed)).steady or not weighed.weight_mg:
                    pass
                assert weighed.weight_mg == number * 100_000, (name, weighed)
        return f"{len(names)} scales, each with its own weight"


PROOFS: Final[tuple[Proving, ...]] = (
    a_bench_makes_hid_devices_that_the_kernel_has_parsed,
    a_hidraw_gives_one_report_a_read,
    a_scale_is_weighed_with_through_the_kernel,
    a_code_longer_than_a_report_comes_through_whole,
    what_we_write_to_a_hidraw_reaches_the_device,
    a_second_object_is_told_that_a_scale_is_in_use,
    a_scale_that_is_unplugged_is_a_fault_and_back_when_it_is_plugged_in,
    many_hid_devices_keep_each_their_own_name,
)


def _scale(it: Bench) -> str:
    return f"hidraw:{it.at('scale')}?profile=hid-scale"


def _descriptor(path: str) -> bytes:
    """What the kernel has been told of a HID device."""
    with Path(path).open("rb") as device:
        size = struct.unpack("I", fcntl.ioctl(device, _DESCRIPTOR_SIZE, bytes(4)))[0]
        told = bytearray(struct.pack("I", size) + bytes(_DESCRIPTOR_MAX))
        fcntl.ioctl(device, _DESCRIPTOR, told)
    return bytes(told[4 : 4 + int(size)])


def _write_profile(name: str, settings: str) -> None:
    profiles.SITE_DIRECTORY.mkdir(parents=True, exist_ok=True)
    file = profiles.SITE_DIRECTORY / f"{name}.toml"
    file.write_text(f'protocol = "hid-scale"\ndevice = "scale"\nways = ["hidraw"]\n{settings}\n')
