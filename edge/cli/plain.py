"""Words from outside, made harmless for a terminal."""

import unicodedata
from typing import Final

# A name that came from outside must neither move the cursor of the terminal nor turn its line around.
_UNSEEN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNS: Final = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


def plain(text: str) -> str:
    """`text` with a mark in the place of every character that would do something to a terminal."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(one) in _UNSEEN or one in _TURNS else one
        for one in text
    )
