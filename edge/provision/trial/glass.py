"""The glass of a running object as a trial sees it: what it shows, what it counts, and a finger that taps."""

import http.client
from collections.abc import Sequence
from contextlib import closing
from typing import Final, TypeVar

import msgspec

# An object answers within milliseconds; on a small board under load within a second.
_PATIENCE_S: Final = 5.0
# A basket of a hundred lines in five languages.
_ANSWER_BYTES_MAX: Final = 256 * 1024

_T = TypeVar("_T")


class Way(msgspec.Struct, frozen=True):
    """One way to pay that can be chosen."""

    name: str


class Shown(msgspec.Struct, frozen=True):
    """What the glass shows: which screen, its number, and the ways to pay where it asks for one."""

    screen: str
    number: int
    ways: Sequence[Way] = ()


class Counted(msgspec.Struct, frozen=True):
    """What the object counts: its sales, and whether it trains (`on`, `off`, or what it waits for)."""

    sales: int
    training: str


class _Answered(msgspec.Struct, frozen=True):
    answer: str


class Glass:
    """The glass at this address; every question is a connection of its own, since the object starts anew."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    def shown(self) -> Shown | None:
        """What it shows; None while nobody answers."""
        return self._asked("GET", "/state", Shown)

    def counted(self) -> Counted | None:
        """What it counts; None while nobody answers."""
        return self._asked("GET", "/status", Counted)

    def tap(self, action: str, number: int) -> bool:
        """Tap on the screen of this number; whether that did anything."""
        body = msgspec.json.encode({"action": action, "screen": number})
        answer = self._asked("POST", "/tap", _Answered, body)
        return answer is not None and answer.answer == "accepted"

    def _asked(self, method: str, path: str, kind: type[_T], body: bytes | None = None) -> _T | None:
        line = http.client.HTTPConnection(self._host, self._port, timeout=_PATIENCE_S)
        with closing(line):
            try:
                line.request(method, path, body, {"Content-Type": "application/json"})
                with line.getresponse() as response:
                    return msgspec.json.decode(response.read(_ANSWER_BYTES_MAX), type=kind)
            except (OSError, http.client.HTTPException, msgspec.DecodeError):
                return None
