"""Proofs of input devices: grabs, pulled plugs, touches, and what a reader that sleeps is told."""

import asyncio
import errno
import struct
import time
from contextlib import closing
from typing import Final

from evdev import ecodes

from edge.clock import SystemClock
from edge.drivers.hotplug import Hotplug
from edge.drivers.links import Link, LinkLostError, open_link
from edge.drivers.registry import driver_for
from edge.drivers.uris import parse_uri
from edge.readings import (
    CodeScanned,
    DeviceFault,
    DeviceReady,
    Garbled,
    Touched,
    TouchPhase,
)
from tests.vm.proof import Proving
from tests.vm.room import Bench, bench, beside, ear, known, until

CODE: Final = "4006381333931"
WEDGE: Final = 'type = "wedge"\nat = "uinput:scanner"'
PANEL: Final = 'type = "touch"\nat = "uinput:panel"\nwidth = 1920\nheight = 1080\nframe_ms = 10'


async def a_bench_makes_input_devices_that_udev_knows_for_what_they_are() -> str:
    async with bench(scanner=WEDGE, panel=PANEL) as it:
        scanner, panel = await known(it, "scanner"), await known(it, "panel")
        assert (scanner.way, scanner.name) == ("evdev", "OPOS barcode scanner"), scanner
        assert (panel.way, panel.name) == ("evdev", "OPOS touch panel"), panel
        return f"{scanner.node} is a keyboard, {panel.node} a touch screen"


async def a_scanner_that_is_grabbed_types_for_us_alone() -> str:
    async with bench(scanner=WEDGE) as it, ear(_wedge(it)) as ours:
        with beside(it.at("scanner")) as keys:
            await ours.hears(DeviceReady)
            await it.order("scanner", "scan", text=CODE)
            assert (await ours.hears(CodeScanned)).text == CODE
            await it.order("scanner", "scan", text=CODE)
            assert (await ours.hears(CodeScanned)).text == CODE
        assert not keys, f"the second reader has heard {len(keys)} key events"
        return "two codes are ours, and a second reader hears no key of them"


async def a_scanner_that_is_not_grabbed_types_for_everybody() -> str:
    async with bench(scanner=WEDGE) as it, ear(f"{_wedge(it)}&grab=no") as ours:
        with beside(it.at("scanner")) as keys:
            await ours.hears(DeviceReady)
            await it.order("scanner", "scan", text=CODE)
            assert (await ours.hears(CodeScanned)).text == CODE
            # Enter comes up after it has ended the code.
            await until(lambda: len(keys) == 2 * (len(CODE) + 1) or None, f"all keys, after {len(keys)}")
        return f"both hear all {len(keys)} key events"


async def a_second_object_is_told_that_a_grabbed_scanner_is_in_use() -> str:
    async with bench(scanner=WEDGE) as it, ear(_wedge(it)) as first, ear(_wedge(it)) as second:
        fault = await second.hears(DeviceFault)
        assert fault.code == "device.gone", fault
        assert "in use by another program" in fault.sentence, fault
        await it.order("scanner", "scan", text=CODE)
        assert (await first.hears(CodeScanned)).text == CODE
        return fault.sentence


async def an_input_device_that_is_unplugged_is_no_device_any_more() -> str:
    async with bench(scanner=WEDGE) as it:
        with closing(await open_link(parse_uri(_wedge(it)))) as link:
            await it.order("scanner", "unplug")
            reason = await _lost(link)
        assert isinstance(reason, OSError), reason
        assert reason.errno == errno.ENODEV, reason
        return f"the next read says {errno.errorcode[reason.errno]}"


async def a_scanner_that_is_unplugged_is_a_fault_and_back_when_it_is_plugged_in() -> str:
    async with bench(scanner=WEDGE) as it, ear(_wedge(it)) as ours:
        await ours.hears(DeviceReady)
        await it.order("scanner", "unplug")
        fault = await ours.hears(DeviceFault)
        assert fault.code == "device.gone", fault
        plugged_s = time.monotonic()
        await it.order("scanner", "plug")
        await ours.hears(DeviceReady)
        back_s = time.monotonic() - plugged_s
        await it.order("scanner", "scan", text=CODE)
        assert (await ours.hears(CodeScanned)).text == CODE
        return f"back after {back_s:.1f} s, half a second of it to see that it stays"


async def udev_tells_of_a_plug_long_before_a_pause_is_over() -> str:
    async with bench(scanner=WEDGE) as it:
        await it.order("scanner", "unplug")
        with Hotplug("evdev") as hotplug:
            while await hotplug.wait(1):
                pass  # what is still told of the unplugging
            plugged_s = time.monotonic()
            await it.order("scanner", "plug")
            assert await hotplug.wait(20), "udev has told nothing"
            return f"after {(time.monotonic() - plugged_s) * 1000:.0f} ms"


async def every_kind_of_panel_is_touched_where_the_finger_is() -> str:
    kinds = {"b": PANEL, "a": f'{PANEL}\nprotocol = "a"', "single": f'{PANEL}\nprotocol = "single"'}
    said = []
    for protocol, table in kinds.items():
        async with bench(panel=table) as it, ear(f"evdev:{it.at('panel')}?profile=touch") as ours:
            await ours.hears(DeviceReady)
            await it.order("panel", "tap", x=250, y=750)
            down = await ours.hears(Touched)
            assert down.phase is TouchPhase.DOWN, down
            # A finger trembles by two thousandths.
            assert abs(down.x_ppm - 250_000) < 4_000, (protocol, down)
            assert abs(down.y_ppm - 750_000) < 4_000, (protocol, down)
            while (up := await ours.hears(Touched)).phase is not TouchPhase.UP:
                assert up.phase is TouchPhase.MOVED, (protocol, up)
            said.append(f"{protocol} {(up.at_us - down.at_us) // 1000} ms")
    return f"a tap of 90 ms by protocol {', '.join(said)}"


async def several_fingers_are_as_many_contacts() -> str:
    async with bench(panel=PANEL) as it, ear(f"evdev:{it.at('panel')}?profile=touch") as ours:
        await ours.hears(DeviceReady)
        await it.order("panel", "fingers", count=5)
        down: set[int] = set()
        while len(down) < 5:
            touched = await ours.hears(Touched)
            assert touched.phase in {TouchPhase.DOWN, TouchPhase.MOVED}, touched
            down.add(touched.contact)
        while down:
            if (touched := await ours.hears(Touched)).phase is TouchPhase.UP:
                down.remove(touched.contact)
        return "five go down, and all come up"


async def the_time_of_an_event_is_monotonic_and_the_kernels() -> str:
    async with bench(panel=PANEL) as it, ear(f"evdev:{it.at('panel')}?profile=touch") as ours:
        await ours.hears(DeviceReady)
        before_us = time.monotonic_ns() // 1000
        await it.order("panel", "tap", x=500, y=500)
        touched = await ours.hears(Touched)
        after_us = time.monotonic_ns() // 1000
        assert before_us <= touched.at_us <= after_us, (before_us, touched, after_us)
        return f"it is heard {(after_us - touched.at_us) / 1000:.0f} ms after it"


async def a_reader_that_sleeps_is_told_so_and_in_step_with_the_next_touch() -> str:
    async with bench(panel=f"{PANEL}\nframe_ms = 1".replace("frame_ms = 10\n", "")) as it:
        uri = parse_uri(f"evdev:{it.at('panel')}?profile=touch")
        driver = driver_for(uri.profile)
        with closing(await open_link(uri)) as link:
            driver.opened(SystemClock().now_ns())
            await it.order("panel", "drag", x=100, y=100, to_x=900, to_y=900, ms=2000)
            await asyncio.sleep(4)
            slept = await _everything(link)
            dropped = struct.pack("<HH", ecodes.EV_SYN, ecodes.SYN_DROPPED)
            times = sum(slept[start + 16 : start + 20] == dropped for start in range(0, len(slept), 24))
            assert times, f"the kernel has kept all of {len(slept)} bytes"
            list(driver.receive(slept))
            await it.order("panel", "tap", x=500, y=500)
            await asyncio.sleep(2)
            phases = [
                each.phase for each in driver.receive(await _everything(link)) if isinstance(each, Touched)
            ]
        assert phases.count(TouchPhase.DOWN) == phases.count(TouchPhase.UP) == 1, phases
        return f"SYN_DROPPED {times} times in {len(slept) // 24} events; the next tap is one tap"


async def a_shops_code_that_is_typed_while_we_are_busy_is_not_lost() -> str:
    async with bench(scanner=WEDGE) as it:
        uri = parse_uri(_wedge(it))
        driver = driver_for(uri.profile)
        with closing(await open_link(uri)) as link:
            driver.opened(SystemClock().now_ns())
            await it.order("scanner", "scan", text=CODE)
            await asyncio.sleep(2)
            waiting = await _everything(link)
            assert list(driver.receive(waiting)) == [CodeScanned(CODE)]
        return f"an EAN-13 and its Enter are {len(waiting) // 24} of the 64 events that the kernel keeps"


async def a_code_that_the_kernel_had_no_room_for_is_not_told_in_part() -> str:
    async with bench(scanner=WEDGE) as it:
        uri = parse_uri(_wedge(it))
        driver = driver_for(uri.profile)
        with closing(await open_link(uri)) as link:
            driver.opened(SystemClock().now_ns())
            await it.order("scanner", "scan", text=CODE * 3)
            await asyncio.sleep(2)
            late = list(driver.receive(await _everything(link)))
            assert [type(reading) for reading in late] == [Garbled], late
            await it.order("scanner", "scan", text="12345")
            await asyncio.sleep(2)
            assert list(driver.receive(await _everything(link))) == [CodeScanned("12345")]
        return "an object that was busy says so, and has the next code whole"


PROOFS: Final[tuple[Proving, ...]] = (
    a_bench_makes_input_devices_that_udev_knows_for_what_they_are,
    a_scanner_that_is_grabbed_types_for_us_alone,
    a_scanner_that_is_not_grabbed_types_for_everybody,
    a_second_object_is_told_that_a_grabbed_scanner_is_in_use,
    an_input_device_that_is_unplugged_is_no_device_any_more,
    a_scanner_that_is_unplugged_is_a_fault_and_back_when_it_is_plugged_in,
    udev_tells_of_a_plug_long_before_a_pause_is_over,
    every_kind_of_panel_is_touched_where_the_finger_is,
    several_fingers_are_as_many_contacts,
    the_time_of_an_event_is_monotonic_and_the_kernels,
    a_reader_that_sleeps_is_told_so_and_in_step_with_the_next_touch,
    a_shops_code_that_is_typed_while_we_are_busy_is_not_lost,
    a_code_that_the_kernel_had_no_room_for_is_not_told_in_part,
)


def _wedge(it: Bench) -> str:
    return f"evdev:{it.at('scanner')}?profile=wedge"


async def _lost(link: Link) -> Exception:
    try:
        while True:
            await link.read(20)
    except LinkLostError as lost:
        return lost.reason


async def _everything(link: Link) -> bytes:
    """All that waits."""
    data = bytearray()
    while more := await link.read(0.5):
        data += more
    return bytes(data)
