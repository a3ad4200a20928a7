"""The vectors that everybody must refuse: each says what is wrong with it, and how our refusal names it."""

from tests.contract.vectors.golden import Vector, keys
from tests.contract.vectors.wrong_entries import BEFORE, wrong_entries
from tests.contract.vectors.wrong_frames import wrong_frames
from tests.contract.vectors.wrong_words import wrong_words


def refused() -> Vector:
    """All of them. Most are well signed: they show what else there is to check."""
    return {
        "about": "Nobody may accept one of these. An entry claims to be the second one of chain.json's first"
        " epoch, a word to be a receipt of the hub, a frame to be a batch of the first epoch. `reason` is"
        " how our own refusal names what is wrong: a regular expression.",
        "keys": keys(),
        "after": BEFORE,
        "entries": list(wrong_entries()),
        "words": list(wrong_words()),
        "frames": list(wrong_frames()),
    }
