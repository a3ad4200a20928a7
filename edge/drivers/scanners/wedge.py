"""The driver of scanners that type: keyboard wedges, as the kernel's input device tells of them.

It goes by keys going down and never waits for one to come up: scanners press the next key while the last is
still held, and the same one twice in a row. A code ends with a character (Enter, as scanners leave the
factory), or where nothing is typed for longer than a scanner pauses; pauses are measured by the events' own
time, so that a busy object does not cut a code in two. A code of which an event was lost is never told.

Sources: logs of a Honeywell MS7580 (stackoverflow.com question 19732978) and of a Datalogic GFS4400, in which
each character is Alt and three digits of the keypad (monoocde1.blogspot.com).
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from edge.drivers.alarm import Alarm
from edge.drivers.framing import garbled
from edge.drivers.input_events import KEY, LED, REPEAT, SYN, SYN_DROPPED, EventCutter, InputEvent
from edge.drivers.scanners.codes import CODE_BYTES_MAX, Aim, scanned
from edge.drivers.scanners.wedge_keys import GS, Keyboard, load_layout
from edge.readings import Garbled, Nanoseconds, Reading

# The digits of the largest QR code and an AIM identifier before them: a scanner types no more for one code.
CODE_CHARACTERS_MAX: Final = CODE_BYTES_MAX
# A shorter burst is somebody who leans on the scanner's keys, or a person at a keyboard.
CODE_CHARACTERS_MIN: Final = 3
# What is typed last waits so much longer than a pause: an object that is busy sees events late, and only
# their own time tells whether there was a pause.
LATE_NS: Final = 200_000_000
# While a key is held the code goes on: a scanner has been seen to let go of one 123 ms after the next. Longer
# than this is a key whose release was lost.
HELD_US_MAX: Final = 500_000
# Bytes that may have held a whole event.
_EVENT_DIGITS: Final = 2 * 24

_LOST: Final = "expected every event of a code, got a gap in them"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scanner has been told to type like."""

    layout: Literal["us", "gb", "de", "fr", "it", "es"] = "us"
    """The country of the keyboard that the scanner types on."""
    ends: str = "\r\t"
    """Characters that end a code: Enter is CR. A scanner of two-dimensional codes may have a TAB in them."""
    silence_ends: bool = True
    """Whether a pause ends a code too; where a scanner is known to send an end, a code without it is none."""
    timeout_ms: Annotated[int, Meta(ge=10, le=5000)] = 100
    """A longer pause does not occur within a code."""
    prefix: str = ""
    """What every code begins with; one that does not was typed by somebody else."""
    separator_keys: tuple[
        Literal["F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12"], ...
    ] = ("F8",)
    """Keys that stand for a GS1 separator, beside Ctrl and ] and Alt and 029."""
    separator: Annotated[str, Meta(max_length=1)] = ""
    """A printable character that stands for a GS1 separator, where the scanner has been told so."""
    caps_lock: bool = True
    """Whether to mind the Caps Lock key and its lamp."""
    aim: Aim = "auto"
    """Whether an AIM identifier stands before the text; it comes after the prefix."""


class Wedge:
    """A CodeScanned for each code; a scanner may be silent for ever, so its silence is no fault."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._layout = load_layout(self._settings.layout)
        # Why the burst that is being typed is no code, whatever else it will be.
        self._wrong: str | None = None
        self._doubtful = False
        self._last_us: int | None = None
        self._start()

    @property
    def pending(self) -> int:
        """Bytes that are no event, and characters whose code has not ended."""
        return self._events.pending + len(self._text)

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When `tick` has something to do."""
        deadlines = (self._events.deadline_ns, self._alarm.deadline_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def opened(self, now_ns: Nanoseconds) -> None:  # noqa: ARG002 - nothing is due before the first key
        """Start over on a device that has just been opened."""
        self._start()

    def receive(self, data: bytes) -> Iterator[Reading]:
        """The codes that these events complete."""
        for piece in self._events.cut(data):
            if isinstance(piece, Garbled):
                self._doubt(piece)
                yield piece
            else:
                yield from self._heard(piece)
        if self._text:
            self._alarm.set(self._settings.timeout_ms * 1_000_000 + LATE_NS)
        else:
            self._alarm.off()

    def to_send(self) -> bytes:
        """Nothing: a keyboard is not asked."""
        return b""

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time: what was typed last is a code, half an event is none."""
        for noise in self._events.tick(now_ns):
            self._doubt(noise)
            yield noise
        if self._alarm.rings(now_ns):
            yield from self._paused()

    def _start(self) -> None:
        self._events = EventCutter()
        settings = self._settings
        self._keyboard = Keyboard(self._layout, settings.separator_keys, settings.caps_lock)
        self._text = ""
        self._wrong = None
        self._doubtful = False
        self._last_us = None
        self._alarm = Alarm()

    def _doubt(self, noise: Garbled) -> None:
        """Noise that may have held an event, or the beginning of what we hear, spoils a code.

        Less of it may have hurt one: a key of which only the release is left will tell.
        """
        self._doubtful = True
        if len(noise.raw) >= _EVENT_DIGITS or self._last_us is None or self._keyboard.shifted:
            self._wrong = _LOST

    def _heard(self, event: InputEvent) -> Iterator[Reading]:
        if (event.kind, event.code) == (SYN, SYN_DROPPED):
            self._keyboard.rest()
            self._wrong = _LOST
        elif event.kind == LED:
            self._keyboard.lamp(event)
        elif event.kind == KEY and event.value != REPEAT:
            yield from self._key(event)

    def _key(self, event: InputEvent) -> Iterator[Reading]:
        last_us, self._last_us = self._last_us, event.at_us
        if last_us is not None and not 0 <= event.at_us - last_us <= self._pause_us:
            yield from self._paused()
        if self._doubtful and self._keyboard.missed(event):
            self._wrong = _LOST
        for character in self._keyboard.typed(event):
            yield from self._take(character)

    @property
    def _pause_us(self) -> int:
        pause_us = self._settings.timeout_ms * 1000
        return max(pause_us, HELD_US_MAX) if self._keyboard.busy else pause_us

    def _take(self, character: str) -> Iterator[Reading]:
        if character in self._settings.ends:
            yield from self._ended()
        elif len(self._text) < CODE_CHARACTERS_MAX:
            self._text += GS if character == self._settings.separator else character
        else:
            self._wrong = f"expected at most {CODE_CHARACTERS_MAX} characters, got more"

    def _paused(self) -> Iterator[Reading]:
        self._keyboard.rest()
        if not self._settings.silence_ends:
            self._wrong = self._wrong or "expected the end of the code, got silence"
        yield from self._ended()

    def _ended(self) -> Iterator[Reading]:
        text, wrong = self._text, self._wrong
        self._text, self._wrong, self._doubtful = "", None, False
        if not text and wrong is None:
            return
        if wrong := wrong or self._refused(text):
            yield garbled(text.encode(), wrong)
        else:
            typed = text.removeprefix(self._settings.prefix).encode()
            yield scanned(typed, "utf-8", self._settings.aim)

    def _refused(self, text: str) -> str | None:
        prefix = self._settings.prefix
        if not text.startswith(prefix):
            return f"expected the prefix {prefix!r}, got {text[: len(prefix)]!r}"
        if len(text) - len(prefix) < CODE_CHARACTERS_MIN:
            return f"expected a code of {CODE_CHARACTERS_MIN} characters or more, got {len(text)}"
        return None


def driver(settings: Mapping[str, Any]) -> Wedge:
    """A new driver, set as a profile says."""
    return Wedge(msgspec.convert(settings, Settings))
