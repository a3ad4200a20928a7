"""Find out which port a device of an object hangs on, and write it into the object's file."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, cast, get_args

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from edge.cli.asking import AS_JSON, FILE, STOP, Steps, agreed, is_person, must_agree, resting
from edge.cli.devices.door import readable
from edge.cli.devices.probe import address_of
from edge.cli.object.door import said
from edge.clock import SystemClock
from edge.config import PeripheralSection, without_trust
from edge.drivers.plugged import Plugged, lasting_name, plugged
from edge.drivers.probing import Attempt
from edge.drivers.profiles import Profile, ProfileError, load
from edge.drivers.uris import Address, FileAddress, PeripheralUri
from edge.provision.pairing import (
    DEVICES,
    SHOW,
    NotPairedError,
    PairedRole,
    Port,
    answering,
    first_to_feel,
    replugged,
)
from edge.provision.peripherals import put_in_place
from edge.provision.resting import StillRunsError

_MORE: Final = """\b
Examples:
  opos pair reader                     ask every port, then hold a tag to it
  opos pair reader --replug            pull its plug and put it in again
  opos pair scale shelf/object.toml --port /dev/ttyUSB0 --yes
  opos pair scanner --profile serial-scanner --name counter
  opos pair reader --port 10.0.0.9:5084 --profile llrp --yes --json

Where one such device answers, it is the one; where several do, the one that you show something to.
Exit code 0: it is in the file. 1: it was not found.
"""


@click.command(epilog=_MORE)
@click.argument("role", type=click.Choice(get_args(PairedRole)))
@FILE
@click.option(
    "--port",
    "ports",
    multiple=True,
    metavar="PATH|HOST:PORT",
    help="Ask this port alone; may be given again.",
)
@click.option("--replug", is_flag=True, help="Find it by its plug, pulled and put in again.")
@click.option("--profile", metavar="NAME", help="What it is, if you know (`opos devices profiles`).")
@click.option("--name", metavar="NAME", help="What a second scanner is called.")
@click.option(
    "--wait-s", type=click.IntRange(1, 3600), default=60, show_default=True, help="Patience for you."
)
@click.option("--yes", is_flag=True, help="Write it down without asking.")
@STOP
@AS_JSON
def pair(  # noqa: PLR0913 - each is an option of the command
    *,
    role: str,
    file: Path,
    ports: tuple[str, ...],
    replug: bool,
    profile: str | None,
    name: str | None,
    wait_s: int,
    yes: bool,
    stop: bool,
    as_json: bool,
) -> None:
    """Find the port of the object's reader, scale or scanner, and write it into FILE."""
    steps, wanted = Steps(as_json=as_json), cast(PairedRole, role)
    must_agree(yes, "--yes", f"Write it into {file}?")
    with said(ProfileError, StillRunsError, OSError):
        without_trust(file)
        search = _Search(wanted, steps, wait_s, None if profile is None else load(profile))
        with resting(stop=stop):
            try:
                found = asyncio.run(search.replugged() if replug else search.asked(ports))
            except NotPairedError as error:
                raise steps.fail(str(error), state="refused") from error
        device = PeripheralSection(
            wanted, f"{found.address.way}:{found.address}?profile={found.profile.name}", name
        )
        if not agreed(yes, "--yes", f"Write {device.uri} into {file}?"):
            return
        state = "paired" if put_in_place(file, device) else "already"
    steps.end(
        f"{device.uri} {'is in' if state == 'paired' else 'stood already in'} {file}",
        state=state,
        role=role,
        uri=device.uri,
    )


class _Search:
    """Looks for one device, and says what it does."""

    def __init__(self, role: PairedRole, steps: Steps, wait_s: int, profile: Profile | None) -> None:
        self._role, self._steps, self._wait_s, self._profile = role, steps, wait_s, profile
        self._kinds = [profile] if profile else [each for each in readable() if each.device in DEVICES[role]]

    async def asked(self, places: Sequence[str]) -> PeripheralUri:
        """The device at one of these places, or at any port. Raises NotPairedError."""
        ports = [self._port(_lasting(address_of(each))) for each in places] or [
            *self._ports(_plugged(self._kinds))
        ]
        return await self._one_of(ports)

    async def replugged(self) -> PeripheralUri:
        """The device whose plug is pulled and put in again. Raises NotPairedError."""

        def tell(deed: str) -> None:
            told = {"unplug": "Pull the plug of the device now.", "plug": "Put it in again."}
            self._steps.say(told[deed], state=deed)

        back = await replugged(lambda: _plugged(self._kinds), tell, self._wait_s)
        return await self._one_of([*self._ports(back)])

    async def _one_of(self, ports: Sequence[Port]) -> PeripheralUri:
        if not ports:
            raise NotPairedError(
                "nothing is plugged in that it could be: check its plug, or name it by --port"
            )
        with _bar() as bar:
            task = bar.add_task("")

            def tell(address: Address, attempt: Attempt) -> None:
                bar.update(task, description=f"{address}: {attempt}")

            found = await answering(ports, self._kinds, SystemClock(), tell)
        if not found:
            places = ", ".join(str(each.address) for each in ports)
            raise NotPairedError(
                f"no {self._role} answers at {places}: check its power and its cable, and whether something"
                " else holds the port; if you know what it is, say so by --profile"
            )
        for each in found:
            facts = {"port": str(each.address), "profile": each.profile.name}
            self._steps.say(f"{facts['profile']} at {facts['port']}", state="answers", **facts)
        if len(found) == 1:
            return found[0]
        self._steps.say(f"{SHOW[self._role]}: {len(found)} answer.", state="show", role=self._role)
        return await first_to_feel(found, self._role, SystemClock(), self._wait_s)

    def _port(self, address: Address) -> Port:
        return Port(address, () if self._profile is None else (self._profile,))

    def _ports(self, things: Sequence[Plugged]) -> Iterator[Port]:
        """Serial ports may be anything; of what has an id of its own only what could be such a device."""
        by_name = {each.name: each for each in self._kinds}
        for thing in things:
            address = FileAddress(thing.way, thing.path)
            certain = tuple(by_name[name] for name in thing.profiles if name in by_name)
            if certain:
                yield Port(address, certain)
            elif thing.way == "serial" and not thing.profiles:
                yield self._port(address)


def _lasting(address: Address) -> Address:
    """A path that means the same wherever and whenever the object is started."""
    if isinstance(address, FileAddress):
        return FileAddress(address.way, str(lasting_name(Path(address.path))))
    return address


def _plugged(kinds: Sequence[Profile]) -> list[Plugged]:
    try:
        return plugged(kinds)
    except ImportError as error:
        raise NotPairedError("udev is not here: name the port by --port") from error


def _bar() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        console=Console(stderr=True),
        transient=True,
        disable=not is_person(),
    )
