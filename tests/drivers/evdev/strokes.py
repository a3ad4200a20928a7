"""Keys as a scanner presses them: names and times in, the kernel's bytes out, written here a second time."""

import struct

# linux/input-event-codes.h, in the order of the rows of a keyboard.
CODES = {
    **dict(zip("1234567890-=", range(2, 14), strict=True)),
    **dict(zip("qwertyuiop[]", range(16, 28), strict=True)),
    **dict(zip("asdfghjkl;'`", range(30, 42), strict=True)),
    **dict(zip("\\zxcvbnm,./", range(43, 54), strict=True)),
    **dict(zip(("kp0", "kp1", "kp2", "kp3", "kp4"), (82, 79, 80, 81, 75), strict=True)),
    **dict(zip(("kp5", "kp6", "kp7", "kp8", "kp9"), (76, 77, 71, 72, 73), strict=True)),
    "enter": 28,
    "ctrl": 29,
    "shift": 42,
    "alt": 56,
    "space": 57,
    "caps": 58,
    "numlock": 69,
    "<": 86,
    "kpenter": 96,
    "altgr": 100,
    "right shift": 54,
    "tab": 15,
    "f8": 66,
    "f12": 88,
    "left": 105,
}


def event(at_us: int, kind: int, code: int, value: int) -> bytes:
    """`struct input_event` of 64-bit Linux."""
    return struct.pack("<qqHHi", *divmod(at_us, 1_000_000), kind, code, value)


class Strokes:
    """Keys pressed one after the other, a millisecond apart; `data` is what the kernel tells of it."""

    def __init__(self, at_s: int = 1000) -> None:
        self.at_us = at_s * 1_000_000
        self.data = b""

    def wait(self, milliseconds: int) -> "Strokes":
        """Press nothing for a while."""
        self.at_us += 1000 * milliseconds
        return self

    def key(self, name: str, value: int) -> "Strokes":
        """One key down (1), up (0) or repeated (2)."""
        self.at_us += 1000
        scan = event(self.at_us, 4, 4, 0x70000 + CODES[name])
        self.data += (
            scan + event(self.at_us, 1, CODES[name], value) + event(self.at_us, 0, 0, int(value == 2))
        )
        return self

    def down(self, name: str) -> "Strokes":
        """One key goes down."""
        return self.key(name, 1)

    def up(self, name: str) -> "Strokes":
        """One key goes up."""
        return self.key(name, 0)

    def tap(self, *names: str) -> "Strokes":
        """Keys go down and up, one after the other."""
        for name in names:
            self.down(name).up(name)
        return self

    def held(self, holder: str, *names: str) -> "Strokes":
        """Keys are tapped while another is held."""
        return self.down(holder).tap(*names).up(holder)

    def raw(self, kind: int, code: int, value: int) -> "Strokes":
        """An event of another kind."""
        self.data += event(self.at_us, kind, code, value)
        return self

    def enter(self) -> bytes:
        """Enter, and all of it."""
        return self.tap("enter").data
