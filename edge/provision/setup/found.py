"""What hangs on the machine: found by its USB ids, by its camera's name, or by asking what is on the line."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

from edge.clock import SystemClock
from edge.config import CAMERA, Kind, PeripheralSection, Role
from edge.drivers.links import LinkLostError
from edge.drivers.plugged import Plugged, plugged
from edge.drivers.probing import Found, attempts, tried
from edge.drivers.profiles import Profile, ProfileError, known, load
from edge.drivers.registry import driver_for
from edge.drivers.uris import Address, FileAddress, tcp_address
from edge.provision.board import consoles

Use = Role | Literal["terminal"]
"""What a device is for: a role of an object, or the card terminal, which is a way to pay."""

# What a profile calls the device -> what it is for. A touch panel is the browser's: to listen to it as well
# would press everything twice. A load cell gives counts and no weight, a button is nobody's.
_USES: Final[dict[str, Use]] = {
    "tag reader": "reader",
    "card reader": "reader",
    "scale": "scale",
    "scanner": "scanner",
    "receipt printer": "printer",
    "payment terminal": "terminal",
}
_SCANNERS_MAX: Final = 4  # as many as an object may have: `edge.config.checks`

_KINDS: Final[tuple[tuple[frozenset[Use], Kind], ...]] = (
    (frozenset({"reader", "scale"}), "shelf"),
    (frozenset({"reader"}), "mirror"),
    (frozenset({"scanner"}), "panel"),
    (frozenset({"camera"}), "panel"),
)
"""What hangs on an object -> what it most likely is; the first that is all there counts."""


class Device(msgspec.Struct, frozen=True):
    """One device that was found: what it is for, its URI, and what to call it."""

    use: Use
    uri: str
    title: str


class Stranger(msgspec.Struct, frozen=True):
    """Something on a line that nobody here understands, or that cannot be opened: where, and why."""

    path: str
    why: str


class Looked(msgspec.Struct, frozen=True):
    """What a look around has found."""

    devices: tuple[Device, ...]
    strangers: tuple[Stranger, ...] = ()

    def of(self, *uses: Use) -> tuple[Device, ...]:
        """The devices for one of these uses."""
        return tuple(each for each in self.devices if each.use in uses)


class Progress(msgspec.Struct, frozen=True):
    """How far the look at one line is: `tried` of `total` questions."""

    path: str
    tried: int
    total: int


class Places(msgspec.Struct, frozen=True):
    """Where to look: what is plugged in and known for certain, and the lines that have to be asked."""

    certain: tuple[Device, ...]
    lines: tuple[Address, ...]


def places(more: Iterable[str] = (), root: Path = Path("/")) -> Places:
    """Everything that is plugged in, and `more` (a path, or HOST:PORT). Raises PeripheralUriError.

    A serial port of the board itself is only asked if it stands in `more`: a console, a modem or a servo may
    be on it, and a question is a command to some.
    """
    profiles = [load(name) for name in known()]
    things = _plugged(profiles)
    certain = [device for thing in things if (device := _certain(thing, profiles))]
    lines = [
        FileAddress("serial", thing.path)
        for thing in things
        if thing.way == "serial" and thing.usb and not thing.profiles and thing.node not in consoles(root)
    ]
    return Places((*certain, *_cameras(root)), tuple(dict.fromkeys((*lines, *map(_address, more)))))


async def look(where: Places, tell: Callable[[Progress], object]) -> Looked:
    """Ask on every line at once what is on it."""
    answers = await asyncio.gather(*(_asked(address, tell) for address in where.lines))
    devices = [each for each in answers if isinstance(each, Device)]
    strangers = [each for each in answers if isinstance(each, Stranger)]
    return Looked((*where.certain, *devices), tuple(strangers))


def proposed(found: Looked, kind: Kind) -> tuple[PeripheralSection, ...]:
    """Of what was found, what an object of this kind has a use for; of two readers or scales the first."""
    uses = _useful(kind)
    taken: list[PeripheralSection] = []
    count: Counter[Use] = Counter()
    for device in found.devices:
        most = _SCANNERS_MAX if device.use == "scanner" else 1
        if device.use == "terminal" or device.use not in uses or count[device.use] >= most:
            continue
        count[device.use] += 1
        name = f"scanner-{count[device.use]}" if count[device.use] > 1 else None
        taken.append(PeripheralSection(device.use, device.uri, name))
    return tuple(taken)


def likely(uses: AbstractSet[Use]) -> Kind | None:
    """What an object with such devices is, most likely; None where nothing speaks for anything."""
    return next((kind for needed, kind in _KINDS if needed <= uses), None)


def _useful(kind: Kind) -> frozenset[Use]:
    """A mirror has no use for a scale, a panel for neither scale nor reader: see `edge.config.checks`."""
    every = frozenset[Use](get_args(Role))
    without: dict[Kind, set[Use]] = {
        "mirror": {"scale"},
        "shelf": set(),
        "tray": set(),
        "panel": {"reader", "scale"},
    }
    return every - without[kind]


def _plugged(profiles: list[Profile]) -> list[Plugged]:
    try:
        return plugged(profiles)
    except ImportError:  # no libudev: a container, whose devices are named to us
        return []


def _certain(thing: Plugged, profiles: Sequence[Profile]) -> Device | None:
    """A device that its USB ids have given away."""
    for profile in profiles:
        if profile.name in thing.profiles and (use := _USES.get(profile.device)):
            return Device(use, f"{thing.way}:{thing.path}?profile={profile.name}", _title(profile))
    return None


def _cameras(root: Path) -> Iterator[Device]:
    """Each camera by the name that udev gives its first stream, which lasts."""
    for path in sorted((root / "dev/v4l/by-path").glob("*-video-index0")):
        yield Device("camera", f"{CAMERA}/dev/v4l/by-path/{path.name}", "camera")


def _address(where: str) -> Address:
    if where.startswith("/"):
        return FileAddress("serial", where)
    return tcp_address(where)


async def _asked(address: Address, tell: Callable[[Progress], object]) -> Device | Stranger:
    """Listen on one line, then ask on it, until something there is understood."""
    plan = attempts(address, _spoken())
    for number, attempt in enumerate(plan):
        tell(Progress(str(address), number, len(plan)))
        try:
            found = await tried(address, attempt, SystemClock())
        except LinkLostError as lost:
            return Stranger(str(address), str(lost.reason))
        if found is not None and (device := _understood(address, found)):
            tell(Progress(str(address), len(plan), len(plan)))
            return device
    tell(Progress(str(address), len(plan), len(plan)))
    return Stranger(str(address), "nothing that OPOS knows answers there")


def _understood(address: Address, found: Found) -> Device | None:
    name = found.protocol if found.protocol in found.profiles else found.profiles[0]
    profile = load(name)
    use = _USES.get(profile.device)
    return use and Device(use, f"{address.way}:{address}?profile={name}", _title(profile))


def _spoken() -> Iterator[Profile]:
    """Every profile that a driver can work by."""
    for name in known():
        with contextlib.suppress(ProfileError):
            profile = load(name)
            driver_for(profile)
            yield profile


def _title(profile: Profile) -> str:
    return f"{profile.maker} {profile.model}".strip() or profile.device
