"""Proofs of the doctor, run as an object is: what its service may not open, and what opens it again."""

import asyncio
import grp
import os
import re
import shlex
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from edge.provision.doctor.pages import Finding
from tests.vm.image import CHECKOUT
from tests.vm.inputs import WEDGE
from tests.vm.proof import Proving
from tests.vm.room import bench, known, on_usb, usb

SHUT: Final = "OP-2103"
# The user of the service as far as devices go: nothing is his but what the unit's groups may open.
USER, GROUP = "nobody", "nogroup"
UNIT: Final = CHECKOUT / "systemd/opos-edge.service"
PANEL: Final = """\
[object]
id = "panel-4"
kind = "panel"
name = "Fitting room 4"
tenant = "demo"
site = "corner"
sells_from = "floor"
timezone = "UTC"
[display]
port = 8101
[tender]
kind = "house-account"
account = "a7Kx"
[sync]
broker = "127.0.0.1:1883"
hub = "http://127.0.0.1:8110/"
"""
SCANNER: Final = """\
[[peripheral]]
role = "scanner"
name = "scanner-{number}"
uri = "{uri}"
"""
_ALL_LOOK: Final = 0o755


class Report(msgspec.Struct, frozen=True):
    """What `opos doctor --json` prints, as far as it is looked at here."""

    well: tuple[str, ...]
    findings: tuple[Finding, ...]


async def what_our_rules_give_to_the_service_is_missed_and_given_back_by_the_doctors_command() -> str:
    async with usb("hid-scanner", "hid"):
        port = await on_usb("hidraw")
        assert port.path.startswith("/dev/opos/"), port
        return await _given_back({port.node: f"hidraw:{port.path}?profile=hid-scanner"})


async def what_debians_rules_give_to_the_service_is_missed_and_given_back_by_the_doctors_command() -> str:
    async with bench(scanner=WEDGE) as it, usb("serial-scanner", "acm"):
        port, keyboard = await on_usb("serial"), (await known(it, "scanner")).node
        link = Path(it.at("scanner"))
        link.parent.chmod(_ALL_LOOK)
        return await _given_back(
            {
                keyboard: f"evdev:{link}?profile=wedge",
                port.node: f"serial:{port.path}?profile=serial-scanner",
            }
        )


async def _given_back(scanners: dict[str, str]) -> str:
    """Shut the nodes as a driver's reload may leave them: the doctor tells of each, his command opens it."""
    with _panel(scanners.values()) as file:
        given = {node: _access(node) for node in scanners}
        for node in scanners:
            os.chown(node, 0, 0)
            Path(node).chmod(0o600)
        told = await _examined(file)
        assert [each.code for each in told.findings] == [SHUT] * len(scanners), told
        for command in dict.fromkeys(each.mend for each in told.findings):
            await _typed(command)
        # At its end, not some time after: `opos doctor --fix` looks again at once.
        opened = {node: _access(node) for node in scanners}
        assert opened == given, (opened, given)
        healed = await _examined(file)
        assert (healed.well, healed.findings) == (("devices",), ()), healed
    sentences = " ".join(each.sentence for each in told.findings)
    return f"{sentences} {told.findings[0].mend}: {', '.join(given.values())}"


def _access(node: str) -> str:
    about = Path(node).stat()
    return f"{stat.S_IMODE(about.st_mode):o} {grp.getgrgid(about.st_gid).gr_name}"


@contextmanager
def _panel(scanners: Iterable[str]) -> Iterator[Path]:
    """The file of an object with these scanners, which everybody may read."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(_ALL_LOOK)
        file = Path(folder, "object.toml")
        tables = [SCANNER.format(number=number, uri=uri) for number, uri in enumerate(scanners, 1)]
        file.write_text("".join((PANEL, *tables)))
        yield file


async def _examined(file: Path) -> Report:
    """What the doctor finds at the devices, as the service would: as nobody, in its groups."""
    command = (sys.executable, "-m", "opos", "doctor", "--only", "devices", "--json", str(file))
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, user=USER, group=GROUP, extra_groups=_groups()
    )
    said, _ = await process.communicate()
    report = msgspec.json.decode(said, type=Report)
    assert process.returncode == (1 if report.findings else 0), (process.returncode, report)
    return report


def _groups() -> list[str]:
    """The groups that the unit adds to the service, as far as this machine has them."""
    asked = re.search(r"^SupplementaryGroups=(.*)$", UNIT.read_text(), re.MULTILINE)
    assert asked is not None, UNIT
    there = {each.gr_name for each in grp.getgrall()}
    return [name for name in asked[1].split() if name in there]


async def _typed(command: str) -> None:
    """Type a command as root, and wait for its end."""
    process = await asyncio.create_subprocess_exec(*shlex.split(command))
    assert await process.wait() == 0, command


PROOFS: Final[tuple[Proving, ...]] = (
    what_our_rules_give_to_the_service_is_missed_and_given_back_by_the_doctors_command,
    what_debians_rules_give_to_the_service_is_missed_and_given_back_by_the_doctors_command,
)
