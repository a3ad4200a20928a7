"""A code of six digits, large enough to be compared over a counter."""

import io
from typing import Final

import segno

# Five rows of five columns for each digit; a space parts the two halves of a code.
_DIGITS: Final = {
    "0": (" ███ ", "█   █", "█   █", "█   █", " ███ "),
    "1": ("  █  ", " ██  ", "  █  ", "  █  ", " ███ "),
    "2": ("████ ", "    █", " ███ ", "█    ", "█████"),
    "3": ("████ ", "    █", " ███ ", "    █", "████ "),
    "4": ("█  █ ", "█  █ ", "█████", "   █ ", "   █ "),
    "5": ("█████", "█    ", "████ ", "    █", "████ "),
    "6": (" ███ ", "█    ", "████ ", "█   █", " ███ "),
    "7": ("█████", "   █ ", "  █  ", " █   ", " █   "),
    "8": (" ███ ", "█   █", " ███ ", "█   █", " ███ "),
    "9": (" ███ ", "█   █", " ████", "    █", " ███ "),
    " ": ("     ",) * 5,
}


def big_code(code: str) -> str:
    """The digits of `code` as five lines for a terminal."""
    return "\n".join("  " + "  ".join(_DIGITS[digit][row] for digit in code).rstrip() for row in range(5))


def code_matrix(text: str) -> str:
    """A QR code of `text` for a terminal: for whoever compares codes by telephone camera. Nothing secret."""
    drawn = io.StringIO()
    segno.make(text, error="m", micro=False).terminal(out=drawn, compact=True)
    return drawn.getvalue().rstrip("\n")
