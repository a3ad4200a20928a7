"""The driver of displays of two lines that face the customer; they never say a word.

Source: CD5220 user manual, chapter 6.1 (ESC @, CLR, ESC Q A, ESC Q B).
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.commands import Command, ShowLines
from edge.readings import DeviceReady, Garbled, Nanoseconds, Reading

_RESET: Final = b"\x1b@\x0c"
# "ESC Q A" writes exactly the whole line, up to CR.
_UPPER: Final = b"\x1bQA"
_LOWER: Final = b"\x1bQB"
_RAW_BYTES_MAX: Final = 80


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between displays that take these commands."""

    columns: Annotated[int, Meta(ge=8, le=40)] = 20
    codec: str = "cp437"

    def __post_init__(self) -> None:
        """A codec that Python does not know would fail at the first line."""
        try:
            "".encode(self.codec)
        except LookupError as error:
            raise ValueError(f"codec: Python knows no {self.codec!r}") from error


class LineDisplay:
    """Ready as soon as its port is open; only the latest two lines count."""

    pending = 0

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._shown: ShowLines | None = None
        self._wanted: ShowLines | None = None
        self._greet = False
        self._outgoing = b""

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """At once when there is something to show or to say, else never."""
        return Nanoseconds(0) if self._greet or self._wanted != self._shown else None

    def opened(self, _now_ns: Nanoseconds, /) -> None:
        """Start over: a display that was switched off has forgotten its lines."""
        self._greet = True
        self._shown = None
        self._outgoing = b""

    def command(self, command: Command) -> None:
        """Show two lines."""
        if isinstance(command, ShowLines):
            self._wanted = command

    def receive(self, data: bytes) -> Iterator[Reading]:
        """Whatever comes is no word of a display."""
        if data:
            yield Garbled(data[:_RAW_BYTES_MAX].hex().upper(), "expected nothing: a line display never talks")

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        outgoing, self._outgoing = self._outgoing, b""
        return outgoing

    def tick(self, _now_ns: Nanoseconds, /) -> Iterator[Reading]:
        """Say once that the port is open; show what has changed."""
        if self._greet:
            self._greet = False
            yield DeviceReady()
        if self._wanted is not None and self._wanted != self._shown:
            self._outgoing += b"" if self._shown else _RESET
            self._outgoing += self._line(_UPPER, self._wanted.upper) + self._line(_LOWER, self._wanted.lower)
            self._shown = self._wanted

    def _line(self, command: bytes, text: str) -> bytes:
        """The whole width; nothing below the space passes, or a name could give commands."""
        clean = "".join(character if character.isprintable() else " " for character in text)
        wide = self._settings.columns
        return command + clean[:wide].ljust(wide).encode(self._settings.codec, "replace") + b"\r"


def driver(settings: Mapping[str, Any]) -> LineDisplay:
    """A new driver, set as a profile says."""
    return LineDisplay(msgspec.convert(settings, Settings))
