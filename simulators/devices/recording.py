"""A device that plays what a real one said: the device's end of a recording that `opos record` has made.

The form of a recording: JSON lines; the first has `recording` (1), `uri` and `profile`; every other one has
`us`, microseconds since the beginning, and one of `opened`, `device` and `host` (bytes in hexadecimal),
`facts`, `reading`. Where the host spoke, the player waits until as many bytes have come.
"""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import RefusedError

LINE_BYTES_MAX: Final = 65_536
# An hour of a busy reader.
MOMENTS_MAX: Final = 2_000_000
MICROSECOND_NS: Final = 1_000
# A host that does not say what it said then is not waited for any longer than this.
PATIENCE_NS: Final = 2_000_000_000


class Moment(msgspec.Struct, frozen=True):
    """A line of the recording, as far as a player cares."""

    us: int
    device: str = ""
    host: str = ""


class Player:
    """Plays a recording once, from the moment that the host opens the port; a restart plays it again."""

    kind = "recording"
    terminator = b""
    verbs: tuple[str, ...] = ()

    def __init__(self, moments: list[Moment], baud: int) -> None:
        self.baud = baud
        self._moments = moments
        self.power_on(0)

    def power_on(self, now_ns: int, /) -> None:
        """Begin at the beginning."""
        self._place = 0
        self._since_ns = now_ns
        self._heard_bytes = 0

    def shake(self, _until_ns: int, /) -> None:
        """What was recorded does not change."""

    def obey(self, order: Mapping[str, Any], _now_ns: int, /) -> None:
        """A recording has no hands."""
        raise RefusedError(f"the verb {order.get('verb')!r} is unknown here: a recording only plays")

    def world(self) -> dict[str, Any]:
        """Say how far it has played."""
        return {"played": self._place, "moments": len(self._moments)}

    def restore(self, _world: Mapping[str, Any], _now_ns: int, /) -> None:
        """A new bench begins at the beginning."""

    @property
    def wakes_ns(self) -> int | None:
        """When the next thing was said, counted from the last one."""
        return None if self._place == len(self._moments) else self._since_ns + self._pause_ns

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Count what the host says; when it has said as much as then, play on."""
        self._heard_bytes += len(data)
        while self._place < len(self._moments) and (wanted := self._moments[self._place].host):
            if self._heard_bytes < len(wanted) // 2:
                return
            self._heard_bytes -= len(wanted) // 2
            self._next(now_ns)

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give what is due by now."""
        said: list[bytes] = []
        while (due_ns := self.wakes_ns) is not None and due_ns <= now_ns:
            moment = self._moments[self._place]
            if moment.host:
                self._heard_bytes = 0  # it was waited for in vain
            said.append(bytes.fromhex(moment.device))
            self._next(now_ns)
        return [piece for piece in said if piece]

    @property
    def _pause_ns(self) -> int:
        moment = self._moments[self._place]
        before_us = self._moments[self._place - 1].us if self._place else 0
        recorded_ns = max(0, moment.us - before_us) * MICROSECOND_NS
        return recorded_ns + PATIENCE_NS if moment.host else recorded_ns

    def _next(self, now_ns: int) -> None:
        self._place += 1
        self._since_ns = now_ns


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """A recording on a bench; `file` is where it lies."""

    file: str
    baud: int = 9600

    def device(self, _luck: random.Random, /) -> Player:
        """Read the recording; RefusedError says in which line it is none."""
        return Player(_read(Path(self.file)), self.baud)


def _read(file: Path) -> list[Moment]:
    moments: list[Moment] = []
    try:
        with file.open("rb") as lines:
            head = msgspec.json.decode(lines.readline(LINE_BYTES_MAX), type=dict[str, Any])
            if head.get("recording") != 1:
                raise RefusedError(f'{file} is no recording: its first line has no "recording": 1')
            while (line := lines.readline(LINE_BYTES_MAX)) and len(moments) < MOMENTS_MAX:
                moment = msgspec.json.decode(line, type=Moment)
                bytes.fromhex(moment.device + moment.host)
                if moment.device or moment.host:
                    moments.append(moment)
    except OSError as error:
        raise RefusedError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{file}, line {len(moments) + 2} or later, is no recording: {error}") from error
    return moments
