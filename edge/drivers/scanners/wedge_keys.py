"""The keys that a scanner presses: from key codes to the characters that they would type on a keyboard.

A scanner sends positions of keys, and its own setting says of which country's keyboard: the same table must
stand here. Codes are those of linux/input-event-codes.h.
"""

import tomllib
import unicodedata
from pathlib import Path
from typing import Final

import msgspec

from edge.drivers.input_events import DOWN, LED, UP, InputEvent

GS: Final = "\x1d"

# The rows of a keyboard from the top: key codes in the order in which a layout names what they type.
_ROWS: Final = (
    (41, *range(2, 14)),
    tuple(range(16, 28)),
    (*range(30, 41), 43),
    (86, *range(44, 54)),
)

_CTRL: Final = frozenset({29, 97})
_SHIFT: Final = frozenset({42, 54})
_ALT: Final = 56
_ALTGR: Final = 100
_MODIFIERS: Final = _CTRL | _SHIFT | {_ALT, _ALTGR}
_CAPS_LOCK: Final = 58
_LED_CAPS_LOCK: Final = 1

# Keys that type the same on every keyboard; the keypad with its NumLock on, as scanners need it.
_FIXED: Final = {
    28: "\r", 96: "\r", 15: "\t", 57: " ", 1: "\x1b",
    55: "*", 74: "-", 78: "+", 83: ".", 98: "/", 117: "=", 121: ",",
}  # fmt: skip
_KEYPAD: Final = dict(zip((82, 79, 80, 81, 75, 76, 77, 71, 72, 73), "0123456789", strict=True))
_F_KEYS: Final = {f"F{n}": code for n, code in enumerate((*range(59, 69), 87, 88), 1)}

# Where Ctrl finds its characters when the layout has none of them there: the brackets of the first keyboards.
_CONTROL_KEYS: Final = {26: "[", 27: "]", 43: "\\"}
_CONTROLS: Final = range(0x40, 0x60)

# A dead key stands in a layout as the combining accent; alone, or before a space, it types this.
_ACCENTS: Final = {"\u0300": "`", "\u0301": "\u00b4", "\u0302": "^", "\u0303": "~", "\u0308": "\u00a8"}

# Windows takes the last byte of a longer number; nobody types more digits than these.
_ALT_DIGITS_MAX: Final = 8


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each key of the four rows types: alone, with Shift, with AltGr; a space where it types nothing."""

    plain: tuple[str, str, str, str]
    shift: tuple[str, str, str, str]
    altgr: tuple[str, str, str, str] = ("", "", "", "")


def load_layout(name: str) -> Layout:
    """The layout of one country; it comes with us, so that it is there and right."""
    path = Path(__file__).parent / "layouts" / f"{name}.toml"
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Layout)


class Keyboard:
    """One keyboard: key events in, characters out; it knows what is held down, and notices what it missed."""

    def __init__(self, layout: Layout, separator_keys: tuple[str, ...], caps_lock: bool) -> None:
        self._plain = _typed_by(layout.plain)
        self._shift = _typed_by(layout.shift)
        self._altgr = _typed_by(layout.altgr)
        self._fixed = _FIXED | {_F_KEYS[name]: GS for name in separator_keys}
        self._caps_lock = caps_lock
        self._caps = False
        self._held: set[int] = set()
        self._stale: set[int] = set()
        self._alt_digits = ""
        self._accent = ""

    def rest(self) -> None:
        """A pause: whatever is still held is not part of what comes."""
        self._stale |= self._held
        self._held.clear()
        self._alt_digits = self._accent = ""

    @property
    def busy(self) -> bool:
        """Whether a key is held down."""
        return bool(self._held)

    @property
    def shifted(self) -> bool:
        """Whether a key is held that changes what others type."""
        return not self._held.isdisjoint(_MODIFIERS)

    def missed(self, event: InputEvent) -> bool:
        """Whether a key goes up that is not down: an event before this one was lost."""
        return event.value == UP and event.code not in self._held | self._stale

    def lamp(self, event: InputEvent) -> None:
        """The computer has switched a lamp of the keyboard: the one of Caps Lock tells its state."""
        if (event.kind, event.code) == (LED, _LED_CAPS_LOCK):
            self._caps = self._caps_lock and event.value == 1

    def typed(self, event: InputEvent) -> str:
        """The characters that a key going down or up types, mostly none or one."""
        if event.value == DOWN:
            self._stale.discard(event.code)
            self._held.add(event.code)
            return self._accented(self._pressed(event.code))
        self._held.discard(event.code)
        self._stale.discard(event.code)
        return self._alt_typed() if event.code == _ALT else ""

    def _pressed(self, code: int) -> str:
        if code == _CAPS_LOCK:
            self._caps = self._caps_lock and not self._caps
            return ""
        if _ALT in self._held:
            self._alt_digits = (self._alt_digits + _KEYPAD.get(code, ""))[:_ALT_DIGITS_MAX]
            return ""
        if self._held & _CTRL:
            return _control(self._plain.get(code, ""), code)
        return self._fixed.get(code) or _KEYPAD.get(code) or self._from_layout(code)

    def _from_layout(self, code: int) -> str:
        if _ALTGR in self._held:
            return self._altgr.get(code, "")
        typed = (self._shift if self._held & _SHIFT else self._plain).get(code, "")
        # A sharp s has no capital of one character: it stays as it is.
        return typed.swapcase() if self._caps and len(typed.swapcase()) == 1 else typed

    def _alt_typed(self) -> str:
        """What Alt and digits of the keypad type: code page 1252 after a zero, else 437, as on Windows."""
        digits, self._alt_digits = self._alt_digits, ""
        byte = bytes([int(digits or "0") % 256])
        if byte == b"\0":
            return ""
        if byte < b"\x80":
            return byte.decode("ascii")
        try:
            return byte.decode("cp1252" if digits.startswith("0") else "cp437")
        except UnicodeDecodeError:  # five bytes of 1252 are nothing there, and controls in Latin-1
            return byte.decode("latin-1")

    def _accented(self, typed: str) -> str:
        if not typed:
            return ""
        accent, self._accent = self._accent, ""
        if not accent:
            self._accent = typed if unicodedata.combining(typed) else ""
            return "" if self._accent else typed
        if typed in {" ", accent}:
            return _ACCENTS[accent]
        composed = unicodedata.normalize("NFC", typed + accent)
        return composed if len(composed) == 1 else _ACCENTS[accent] + _ACCENTS.get(typed, typed)


def _typed_by(rows: tuple[str, ...]) -> dict[int, str]:
    pairs = (pair for codes, row in zip(_ROWS, rows, strict=True) for pair in zip(codes, row, strict=False))
    return {code: typed for code, typed in pairs if typed != " "}


def _control(plain: str, code: int) -> str:
    """The control character of a key held with Ctrl; empty where there is none."""
    for typed in (plain.upper(), _CONTROL_KEYS.get(code, "")):
        if len(typed) == 1 and ord(typed) in _CONTROLS:
            return chr(ord(typed) - _CONTROLS.start)
    return ""
