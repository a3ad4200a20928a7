"""Proofs of USB devices that the guest plugs into itself, of the commands, and of an I2C bus."""

import grp
import stat
import tempfile
import time
from pathlib import Path
from typing import Final

from edge.commands import Print, PrintedLine
from edge.readings import (
    DeviceFault,
    DeviceReady,
    Printed,
    PrintOutcome,
    Weighed,
)
from tests.vm.inputs import CODE, WEDGE
from tests.vm.proof import Proving
from tests.vm.room import ear, on_usb, opos, until, usb


async def a_scale_on_a_usb_serial_port_is_found_and_weighed_with() -> str:
    async with usb("mt-sics", "acm") as scale:
        port = await on_usb("serial")
        assert port.path.startswith("/dev/serial/by-id/"), port
        async with ear(f"serial:{port.path}?profile=mt-sics") as ours:
            await ours.hears(DeviceReady)
            await scale.obey({"verb": "put", "mass_mg": 262_000})
            while not (weighed := await ours.hears(Weighed)).steady or not weighed.weight_mg:
                pass
        assert weighed.weight_mg == 262_000, weighed
        return f"{port.path}, usb {port.usb} in socket {port.socket}: 262 g are 262 g"


async def a_usb_serial_port_that_is_pulled_out_is_a_fault_and_back_by_its_name() -> str:
    async with usb("mt-sics", "acm") as scale:
        port = await on_usb("serial")
        async with ear(f"serial:{port.path}?profile=mt-sics") as ours:
            await ours.hears(DeviceReady)
            await ours.hears(Weighed)
            await scale.obey({"verb": "unplug"})
            fault = await ours.hears(DeviceFault)
            assert fault.code == "device.gone", fault
            plugged_s = time.monotonic()
            await scale.obey({"verb": "plug"})
            await ours.hears(DeviceReady)
            await ours.hears(Weighed)
            return f"back after {time.monotonic() - plugged_s:.1f} s"


async def a_scale_on_usb_is_open_to_one_group_and_weighed_with() -> str:
    async with usb("hid-scale", "hid") as scale:
        port = await on_usb("hidraw")
        about = Path(port.node).stat()
        assert grp.getgrgid(about.st_gid).gr_name == "input", about
        assert stat.S_IMODE(about.st_mode) == 0o660, about
        async with ear(f"hidraw:{port.path}?profile=hid-scale") as ours:
            await scale.obey({"verb": "put", "mass_mg": 262_000})
            while not (weighed := await ours.hears(Weighed)).steady or not weighed.weight_mg:
                pass
            assert weighed.weight_mg == 262_000, weighed
            await scale.obey({"verb": "unplug"})
            await ours.hears(DeviceFault)
            await scale.obey({"verb": "plug"})
            await ours.hears(DeviceReady)
        return f"{port.path} in socket {port.socket}: 262 g are 262 g, pulled out and back"


async def a_printer_on_usb_prints_and_says_so() -> str:
    async with usb("esc-pos", "printer") as printer:
        port = await on_usb("lp")
        async with ear(f"lp:{port.path}?profile=esc-pos") as ours:
            await ours.hears(DeviceReady)
            ours.conversation.command(Print("1", (PrintedLine("Thank you"),)))
            printed = await ours.hears(Printed)
            assert printed == Printed("1", PrintOutcome.PRINTED), printed
            await printer.obey({"verb": "unplug"})
            fault = await ours.hears(DeviceFault)
            assert fault.code == "device.gone", fault
        return f"{port.path}: {fault.sentence}"


async def the_commands_find_each_other_through_the_kernel() -> str:
    with tempfile.TemporaryDirectory() as folder:
        file, scanner, hand = Path(folder, "bench.toml"), Path(folder, "scanner"), str(Path(folder, "sock"))
        file.write_text(
            f'[bench]\ncontrol = "sock"\nstate = "state"\n[[device]]\nname = "scanner"\n{WEDGE}\n'
        )
        async with opos("sim", "up", str(file)):
            await until(lambda: scanner.exists() or None, "the scanner")
            async with opos("devices", "--json") as listed:
                assert str(scanner.resolve()).encode() in await listed.read(), "it is not in the list"
            async with opos("listen", f"evdev:{scanner}?profile=wedge", "--json") as heard:
                assert b"DeviceReady" in await heard.readline()
                async with opos("sim", "put", "code", CODE, "--bench", hand) as said:
                    await said.read()
                code = await heard.readline()
        assert CODE.encode() in code, code
        return "opos sim up, devices, listen and sim put code, each a process"


async def a_bus_without_transactions_is_a_fault_and_not_an_untouched_key() -> str:
    found = [path for path in Path("/sys/class/i2c-dev").glob("*/name") if "stub" in path.read_text().lower()]
    assert found, "there is no stub of an I2C bus"
    async with ear(f"i2c:/dev/{found[0].parent.name}:0x5a?profile=mpr121") as ours:
        fault = await ours.hears(DeviceFault)
        return fault.sentence


PROOFS: Final[tuple[Proving, ...]] = (
    a_scale_on_a_usb_serial_port_is_found_and_weighed_with,
    a_usb_serial_port_that_is_pulled_out_is_a_fault_and_back_by_its_name,
    a_scale_on_usb_is_open_to_one_group_and_weighed_with,
    a_printer_on_usb_prints_and_says_so,
    the_commands_find_each_other_through_the_kernel,
    a_bus_without_transactions_is_a_fault_and_not_an_untouched_key,
)
