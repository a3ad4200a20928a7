"""The senses of an object: which sensing goes with its kind and its devices, and what each reading means."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from edge.config import Kind, ObjectConfig, Role
from edge.events import Event, Scanned
from edge.readings import Heard, Nanoseconds
from edge.sensors.alike import Alike, TooManyKindsError, confusable
from edge.sensors.codes import CodeSense
from edge.sensors.mirror import MirrorSense
from edge.sensors.service import Service
from edge.sensors.shelf import Loose, Pack, ShelfSense
from edge.sensors.taps import ABOVE_THE_GLASS, TapRules, TapSense
from edge.sensors.tray import TraySense
from edge.sensors.votes import Verdict

_log: Final = logging.getLogger("opos.senses")

Known = Callable[[str], Pack | None]
"""What an item of the shop weighs, by its EPC."""

# Panels that see a finger before it lands; every other one feels it (see the profiles' sources).
_LOOKS_ABOVE: Final = ("profile=irtouch-frame", "profile=quanta-optical")

_EYES: Final = frozenset[Role]({"scanner", "camera"})
_GOODS: Final = frozenset[Role]({"reader", "scale"})


class Sense(Protocol):
    """What readings mean to one of the senses."""

    def hear(self, heard: Heard) -> Iterator[Event]:
        """What one reading means."""
        ...


class Device(msgspec.Struct, frozen=True):
    """A device as the senses know it: what it is for, who says what it says, and how it is reached."""

    role: Role
    source: str
    uri: str


class Senses:
    """All senses of one object; `known` tells of the shop's items, `region` how its own numbers are read."""

    def __init__(
        self, kind: Kind, devices: Sequence[Device], known: Known, region: Callable[[], str | None]
    ) -> None:
        self._shelf = ShelfSense(known) if kind == "shelf" else None
        self._service = _service(kind, devices)
        self._codes = CodeSense(region)
        goods = self._shelf or _sense_of(kind, devices, known)
        self._by_source = {each.source: self._for(each, goods) for each in devices}
        self._kinds: Mapping[str, Pack] = {}
        self._told_apart = True

    def hear(self, heard: Heard) -> Iterator[Event]:
        """What one reading means: to the object as a whole first, then to whom it concerns."""
        yield from self._service.hear(heard)
        yield from self._by_source[heard.source].hear(heard)

    def saw(self, verdict: Verdict, at_ns: Nanoseconds) -> Iterator[Event]:
        """What a verdict of the camera means."""
        yield from self._codes.saw(verdict, at_ns)

    def expect(self, packs: Mapping[str, Pack], loose: Mapping[str, Loose]) -> None:
        """From here on these items and units belong on this object; only a shelf cares.

        Where weight cannot tell the kinds apart no unit without a tag is sold: the shelf was planned wrongly.
        """
        if self._shelf is None:
            return
        kinds = {gtin: each.pack for gtin, each in loose.items()}
        if kinds != self._kinds:
            self._kinds, self._told_apart = kinds, _told_apart(kinds)
        self._shelf.expect(packs, loose if self._told_apart else {})

    def reveal(self, ticket: int, at_ns: Nanoseconds) -> str | None:
        """What the code of a ticket held; None once it is forgotten."""
        return self._codes.reveal(ticket, at_ns)

    def recall(self, labels: Iterable[Scanned], at_ns: Nanoseconds) -> None:
        """These codes were told before the object was started anew, and may still be in view."""
        self._codes.recall(labels, at_ns)

    def look_anew(self) -> None:
        """Another worker of the camera looks now."""
        self._codes.look_anew()

    def forget(self) -> None:
        """The shopper is gone, and so is what their codes held."""
        self._codes.forget()

    def _for(self, device: Device, goods: Sense | None) -> Sense:
        """Who makes sense of what a device says."""
        if device.role == "touch":
            above = device.uri.endswith(_LOOKS_ABOVE)
            return TapSense(device.source, ABOVE_THE_GLASS if above else TapRules())
        return goods if goods is not None and device.role in _GOODS else self._codes


def devices_of(config: ObjectConfig) -> tuple[Device, ...]:
    """The devices of an object's file."""
    return tuple(Device(each.role, each.source, each.uri) for each in config.peripherals)


def _told_apart(kinds: Mapping[str, Pack]) -> bool:
    """Whether a scale can tell these kinds apart; if not, the log says what to do."""
    try:
        alike = confusable(kinds)
    except TooManyKindsError as error:
        _log.warning("nothing without a tag is sold here: %s", error)
        return False
    if alike:
        names = ", ".join(sorted({*_kinds_of(alike[0])}))
        _log.warning(
            "nothing without a tag is sold here: weight cannot tell apart what is taken of %s", names
        )
    return not alike


def _kinds_of(pair: Alike) -> Iterator[str]:
    for deed in (pair.one, pair.other):
        yield from (*deed.taken, *deed.laid)


def _sense_of(kind: Kind, devices: Sequence[Device], known: Known) -> Sense | None:
    """What goods are sensed by, where the object is no shelf; None where it knows them by codes alone."""
    if kind == "tray":
        return TraySense(known, weighs=any(each.role == "scale" for each in devices))
    return MirrorSense() if kind == "mirror" else None


def _service(kind: Kind, devices: Sequence[Device]) -> Service:
    """A panel lives by codes; every other object by what feels and hears its goods."""
    eyes = [each.source for each in devices if each.role in _EYES] if kind == "panel" else []
    return Service([each.source for each in devices if each.role in _GOODS], eyes)
