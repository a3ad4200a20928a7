"""Checks of characters: the sets that GS1 allows, digits, and what a text must or must not have in it."""

import re
from collections.abc import Callable
from typing import Final

from retail.identity.gs1.fault import Fault, all_of

# GS1 General Specifications, section 7.11: the sets as members of a regular expression's class. Digits are
# spelt out, since \d and str.isdigit know those of every script.
DIGITS: Final = "0-9"
SET_82: Final = "!\"%&'()*+,\\-./0-9:;<=>?A-Z_a-z"
SET_39: Final = "#\\-/0-9A-Z"
SET_64: Final = "A-Za-z0-9_\\-"

# The set that the check characters of a GMN are counted in, and the one that they are written in.
ORDER_82: Final = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
ORDER_32: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

# RFC 4648, section 3.2: three, at the most two of them, fill up a group of characters.
_PADDING_MAX: Final = 2

_IMPORTER: Final = re.compile("[-0-9A-Z_a-z]")
_BAD_PERCENT: Final = re.compile("%(?![0-9A-Fa-f]{2})")

NON_DIGIT: Final = "non digit character"


def _only(members: str, reason: str) -> Callable[[str], Fault | None]:
    stranger = re.compile(f"[^{members}]")

    def check(text: str) -> Fault | None:
        found = stranger.search(text)
        return Fault(reason, found.start(), 1) if found else None

    return check


digits = _only(DIGITS, NON_DIGIT)
set_82 = _only(SET_82, "invalid cset82 character")
set_39 = _only(SET_39, "invalid cset39 character")
_alphabet_64 = _only(SET_64, "invalid cset64 character")


def set_64(text: str) -> Fault | None:
    """Base 64 that is safe in a URI; signs of padding at its end may be left out, but not be wrong."""
    body = text.rstrip("=")
    padding = len(text) - len(body)
    if padding and (padding > _PADDING_MAX or len(text) % 3):
        return Fault("invalid cset64 padding", len(body), padding)
    return _alphabet_64(body)


def has_non_digit(text: str) -> Fault | None:
    """At least one character is no digit, so that nobody takes it for a number of another kind."""
    return None if digits(text) else all_of(text, "requires non digit character")


def hyphen(text: str) -> Fault | None:
    """Nothing but minus signs."""
    return None if text and not text.strip("-") else all_of(text, "not hyphen")


def zero(text: str) -> Fault | None:
    """Nothing but zeros."""
    return None if text and not text.strip("0") else all_of(text, "not zero")


def nonzero(text: str) -> Fault | None:
    """A number that is not zero."""
    return digits(text) or (None if text.strip("0") else all_of(text, "illegal zero value"))


def no_zero_prefix(text: str) -> Fault | None:
    """A number without zeros in front, not even the number zero."""
    return digits(text) or (Fault("illegal zero prefix", 0, 1) if text.startswith("0") else None)


def importer(text: str) -> Fault | None:
    """The importer's index of the tobacco directive: one character (Regulation (EU) 2018/574)."""
    if len(text) != 1:
        return all_of(text, "importer idx must be one character")
    return None if _IMPORTER.match(text) else Fault("invalid import idx character", 0, 1)


def percent(text: str) -> Fault | None:
    """Every percent sign begins an escape of RFC 3986, section 2.1."""
    found = _BAD_PERCENT.search(text)
    if found is None:
        return None
    return Fault("invalid percent sequence", found.start(), min(3, len(text) - found.start()))
