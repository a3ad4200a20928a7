"""Finding out what an unknown device speaks: our drivers listen to it, then ask it, one after another."""

import contextlib
from collections.abc import Iterable
from typing import Final

import msgspec

from edge.drivers.driver import Informed
from edge.drivers.links import Link, LinkLostError, open_link
from edge.drivers.profiles import Profile, SerialLine
from edge.drivers.registry import driver_for
from edge.drivers.transports import Clock
from edge.drivers.uris import Address, PeripheralUri
from edge.readings import DeviceFault, Garbled, Nanoseconds, Reading

# What talks by itself does so at least once a second; a person needs a moment to scan or to touch.
LISTEN_NS: Final = 2_000_000_000
# Time for a driver's first question, and for the other form of it that some devices want.
ASK_NS: Final = 1_500_000_000
# Once something has made sense to one driver, another one that hears the same may make more of it.
_SECOND_THOUGHT_NS: Final = 300_000_000

# To these any line of text is a code: what another driver understands is no code.
_TAKES_ANYTHING: Final = frozenset({"serial-scanner"})

# The sense of whoever has understood nothing.
_NONSENSE: Final = (False, 0)

# The first things that it said are evidence enough for a person.
_SHOWN_MAX: Final = 3


Kind = tuple[Profile, ...]
"""Profiles that nothing tells apart on a line: one protocol, one way to set its driver."""


class Attempt(msgspec.Struct, frozen=True):
    """One try: a line, and who may understand what comes on it.

    Whoever listens does so with all kinds of the line at once. Whoever asks does so in the words of the first
    one, and the others of its protocol that would have asked the same hear the answer too.
    """

    kinds: tuple[Kind, ...]
    line: SerialLine | None
    asks: bool

    def __str__(self) -> str:
        """Say what is being tried."""
        at = "" if self.line is None else f" at {self.line}"
        return f"Asking in {self.kinds[0][0].protocol}{at}" if self.asks else f"Listening{at}"


class Found(msgspec.Struct, frozen=True):
    """What answers: its protocol, all profiles that speak it on this line, and what was first heard of it."""

    protocol: str
    line: SerialLine | None
    profiles: tuple[str, ...]
    readings: tuple[Reading, ...]


def attempts(address: Address, profiles: Iterable[Profile]) -> list[Attempt]:
    """What to try at `address`, in the order to try it; raises ProfileError.

    First each line is listened to, which changes nothing; a question of one protocol may mean something else
    in another. The lines that most kinds of device use come first.
    """
    lines: dict[SerialLine | None, dict[bytes, list[Profile]]] = {}
    for profile in profiles:
        if address.way in profile.ways:
            line = _bare(profile.serial) if address.way == "serial" else None
            set_as = msgspec.json.encode((profile.protocol, profile.settings))
            lines.setdefault(line, {}).setdefault(set_as, []).append(profile)
    usual = sorted(lines, key=lambda line: -sum(map(len, lines[line].values())))
    kinds = {line: tuple(map(tuple, lines[line].values())) for line in usual}
    return [
        *(Attempt(kinds[line], line, asks=False) for line in usual),
        *(Attempt(asking, line, asks=True) for line in usual for asking in _asking(kinds[line])),
    ]


def _asking(kinds: Iterable[Kind]) -> list[tuple[Kind, ...]]:
    """Those that have a question, together where it is the same one."""
    questions: dict[tuple[str, bytes], list[Kind]] = {}
    for kind in kinds:
        if question := _question(kind[0]):
            questions.setdefault((kind[0].protocol, question), []).append(kind)
    return [tuple(asking) for asking in questions.values()]


async def tried(address: Address, attempt: Attempt, clock: Clock) -> Found | None:
    """Make one attempt; raises LinkLostError when the port cannot be opened."""
    voices = [_Voice(kind) for kind in attempt.kinds]
    # Without a grab: the keyboard of the person who asks may be what is listened to.
    link = await open_link(PeripheralUri(address, attempt.kinds[0][0], grab=False))
    try:
        # A device may hang up on what it does not understand: that is an answer too, though not the one.
        with contextlib.suppress(LinkLostError):
            await _talk(link, voices, clock, asks=attempt.asks)
    finally:
        link.close()
    return _found(voices, attempt.line)


def _found(voices: "list[_Voice]", line: SerialLine | None) -> Found | None:
    """Whoever makes most sense of it, and all of that protocol that make as much."""
    best = max(voices, key=lambda voice: voice.sense)
    if best.sense == _NONSENSE:
        return None
    equals = [voice for voice in voices if (voice.protocol, voice.sense) == (best.protocol, best.sense)]
    names = tuple(profile.name for voice in equals for profile in voice.kind)
    return Found(best.protocol, line, names, tuple([*dict.fromkeys(best.readings)][:_SHOWN_MAX]))


async def _talk(link: Link, voices: "list[_Voice]", clock: Clock, *, asks: bool) -> None:
    end_ns = clock.now_ns() + (ASK_NS if asks else LISTEN_NS)
    for voice in voices:
        voice.begin(link, clock.now_ns(), asks=asks)
    while (now_ns := clock.now_ns()) < end_ns:
        if asks:
            link.write(voices[0].driver.to_send())
        due = [voice.driver.deadline_ns for voice in voices if voice.driver.deadline_ns is not None]
        data = await link.read(max(0, min([end_ns, *due]) - now_ns) / 1e9)
        for voice in voices:
            voice.hear(data, clock.now_ns())
        if any(voice.certain for voice in voices):
            end_ns = min(end_ns, now_ns + _SECOND_THOUGHT_NS)


class _Voice:
    """One driver, and how much sense it makes of what it hears."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.protocol = kind[0].protocol
        self.driver = driver_for(kind[0])
        self.readings: list[Reading] = []
        self._sense = 0
        self._heard = False

    @property
    def sense(self) -> tuple[bool, int]:
        """The more the better; a driver that would take anything comes after all others."""
        strict = self._sense > 0 and self.protocol not in _TAKES_ANYTHING
        return strict, max(0, self._sense)

    @property
    def certain(self) -> bool:
        """Whether it understands, and does not understand everything."""
        return self.sense[0]

    def begin(self, link: Link, now_ns: Nanoseconds, *, asks: bool) -> None:
        """Be told of the port; a driver that only listens is told of no port: it would ask."""
        if link.facts is not None and isinstance(self.driver, Informed):
            self.driver.informed(link.facts)
        if asks:
            self.driver.opened(now_ns)

    def hear(self, data: bytes, now_ns: Nanoseconds) -> None:
        """Take note of what came, and of the time."""
        self._heard = self._heard or bool(data)
        for reading in (*self.driver.receive(data), *self.driver.tick(now_ns)):
            self._weigh(reading)

    def _weigh(self, reading: Reading) -> None:
        match reading:
            case Garbled():
                self._sense -= 1
            case DeviceFault(code=code) if code.startswith("device."):
                pass  # found out by the driver itself, as silence is: the device has said nothing
            case _ if self._heard:
                self._sense += 1
                self.readings.append(reading)
            case _:
                pass


def _bare(line: SerialLine | None) -> SerialLine | None:
    """`line` without its flow control: bytes look the same with it."""
    return line and msgspec.structs.replace(line, flow="none")


def _question(profile: Profile) -> bytes:
    """What its driver says first; nothing where it only listens."""
    driver = driver_for(profile)
    driver.opened(Nanoseconds(0))
    return driver.to_send()
