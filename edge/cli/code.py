"""A code of eight letters, large enough to be compared over a counter."""

import io
from typing import Final

import segno

# Five rows of five columns for each letter of a code (`CODE_LETTERS`), and for the dash between its halves.
_LETTERS: Final = {
    "B": ("████ ", "█   █", "████ ", "█   █", "████ "),
    "C": (" ████", "█    ", "█    ", "█    ", " ████"),
    "D": ("████ ", "█   █", "█   █", "█   █", "████ "),
    "F": ("█████", "█    ", "████ ", "█    ", "█    "),
    "G": (" ████", "█    ", "█  ██", "█   █", " ████"),
    "H": ("█   █", "█   █", "█████", "█   █", "█   █"),
    "J": ("  ███", "   █ ", "   █ ", "█  █ ", " ██  "),
    "K": ("█   █", "█  █ ", "███  ", "█  █ ", "█   █"),
    "L": ("█    ", "█    ", "█    ", "█    ", "█████"),
    "M": ("█   █", "██ ██", "█ █ █", "█   █", "█   █"),
    "N": ("█   █", "██  █", "█ █ █", "█  ██", "█   █"),
    "P": ("████ ", "█   █", "████ ", "█    ", "█    "),
    "Q": (" ███ ", "█   █", "█ █ █", "█  █ ", " ██ █"),
    "R": ("████ ", "█   █", "████ ", "█  █ ", "█   █"),
    "S": (" ████", "█    ", " ███ ", "    █", "████ "),
    "T": ("█████", "  █  ", "  █  ", "  █  ", "  █  "),
    "V": ("█   █", "█   █", "█   █", " █ █ ", "  █  "),
    "W": ("█   █", "█   █", "█ █ █", "██ ██", "█   █"),
    "X": ("█   █", " █ █ ", "  █  ", " █ █ ", "█   █"),
    "Z": ("█████", "   █ ", "  █  ", " █   ", "█████"),
    "-": ("     ", "     ", " ███ ", "     ", "     "),
}


def big_code(code: str) -> str:
    """The letters of `code` as five lines for a terminal."""
    return "\n".join("  " + "  ".join(_LETTERS[letter][row] for letter in code).rstrip() for row in range(5))


def code_matrix(text: str) -> str:
    """A QR code of `text` for a terminal: for whoever compares codes by telephone camera. Nothing secret."""
    drawn = io.StringIO()
    segno.make(text, error="m", micro=False).terminal(out=drawn, compact=True)
    return drawn.getvalue().rstrip("\n")
