"""Which keys type which character: the keyboards that a scanner pretends to be.

Source: the key positions of Linux (include/uapi/linux/input-event-codes.h), and the layouts as keyboards of
these countries show them.
"""

from typing import Final, NamedTuple

ENTER, TAB, LEFT_CTRL, LEFT_SHIFT, LEFT_ALT, NUM_LOCK, F8, RIGHT_ALT = 28, 15, 29, 42, 56, 69, 66, 100
SPACE: Final = 57
RIGHT_BRACKET: Final = 27
KEYPAD: Final = {"0": 82, "1": 79, "2": 80, "3": 81, "4": 75, "5": 76, "6": 77, "7": 71, "8": 72, "9": 73}

# The four rows of a keyboard by the kernel's key codes, from the left.
_ROWS: Final = ((41, *range(2, 14)), tuple(range(16, 28)), (*range(30, 41), 43), (86, *range(44, 54)))
# Country -> rows without and with Shift; a blank is a key that types nothing by itself (or a dead one).
_PLAIN: Final = {
    "us": ("`1234567890-=", "qwertyuiop[]", "asdfghjkl;'\\", " zxcvbnm,./"),
    "de": (" 1234567890ß ", "qwertzuiopü+", "asdfghjklöä#", "<yxcvbnm,.-"),
    "fr": ("²&é\"'(-è_çà)=", "azertyuiop $", "qsdfghjklmù*", "<wxcvbn,;:!"),
}
_SHIFTED: Final = {
    "us": ("~!@#$%^&*()_+", "QWERTYUIOP{}", 'ASDFGHJKL:"|', " ZXCVBNM<>?"),
    "de": ('°!"§$%&/()=? ', "QWERTZUIOPÜ*", "ASDFGHJKLÖÄ'", ">YXCVBNM;:_"),
    "fr": (" 1234567890°+", "AZERTYUIOP £", "QSDFGHJKLM%µ", ">WXCVBN?./§"),
}
_ALT_GR: Final = {
    "us": {},
    "de": {"@": 16, "{": 8, "[": 9, "]": 10, "}": 11, "\\": 12, "~": 27, "|": 86, "€": 18},
    "fr": {"#": 4, "{": 5, "[": 6, "|": 7, "\\": 9, "@": 11, "]": 12, "}": 13, "€": 18},
}


class Stroke(NamedTuple):
    """One key, and what is held while it is pressed."""

    key: int
    held: tuple[int, ...] = ()


def strokes(country: str) -> dict[str, Stroke]:
    """Every character that this keyboard can type."""
    table = {character: Stroke(key, (RIGHT_ALT,)) for character, key in _ALT_GR[country].items()}
    for rows, held in ((_SHIFTED, (LEFT_SHIFT,)), (_PLAIN, ())):
        for keys, row in zip(_ROWS, rows[country], strict=True):
            pairs = zip(row, keys, strict=True)
            table |= {character: Stroke(key, held) for character, key in pairs if character != " "}
    return table | {" ": Stroke(SPACE)}
