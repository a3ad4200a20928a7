"""The pages of the doctor's book: what each code means, and the finding that is made of one."""

import shlex
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

WHERE: Final = ("file", "data", "ledger", "user")
"""Words in commands that say where this object lives: no check needs to know it."""
_LATER: Final = {word: f"{{{word}}}" for word in WHERE}

# What is said in the words of a command already; all else is one word of it, blanks and all.
_TYPED: Final = frozenset({"device"})

_BOOK: Final = Path(__file__).parents[1] / "findings.toml"

# Of the codes that a wrong one comes near to, as many as a sentence bears.
_NEAR_MAX: Final = 3


class UnknownCodeError(ValueError):
    """No finding has this code; the message says which are near."""

    def __init__(self, code: str) -> None:
        near = get_close_matches(code, book(), n=_NEAR_MAX)
        meant = f", but {' or '.join(near)} is" if near else ""
        super().__init__(f"no finding has the code {code!r}{meant}: `opos explain` lists them all")


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is written of one code; words in braces are filled in with what was found.

    `hand` is what no program can do, `mend` the one command; `safe` says that it may be run unasked, `signin`
    that a person of the shop has to let the object in.
    """

    subject: str
    title: str
    sentence: str
    meaning: str
    mend: str
    hand: str = ""
    safe: bool = False
    signin: bool = False


class Finding(msgspec.Struct, frozen=True):
    """Something that is wrong: its code, a sentence, and what mends it."""

    code: str
    subject: str
    sentence: str
    hand: str
    mend: str
    safe: bool
    signin: bool


@cache
def book() -> dict[str, Page]:
    """Every page by its code, in order."""
    return msgspec.convert(tomllib.loads(_BOOK.read_text(encoding="utf-8")), dict[str, Page])


def page(code: str) -> Page:
    """The page of `code`, however it is written; raises UnknownCodeError."""
    found = book().get(code.upper())
    if found is None:
        raise UnknownCodeError(code)
    return found


def found(code: str, /, **said: object) -> Finding:
    """The finding `code` of what is `said`; every word in braces must be there, but for those of WHERE."""
    its, words = book()[code], {**_LATER, **said}
    typed = {name: each if name in _TYPED else shlex.quote(str(each)) for name, each in said.items()}
    return Finding(
        code,
        its.subject,
        its.sentence.format(**words),
        its.hand.format(**words),
        its.mend.format(**{**_LATER, **typed}),
        its.safe,
        its.signin,
    )


def placed(finding: Finding, where: Mapping[str, object]) -> Finding:
    """The finding with the words of WHERE filled in."""
    hand, mend = finding.hand, finding.mend
    for word, value in where.items():
        hand = hand.replace(f"{{{word}}}", str(value))
        mend = mend.replace(f"{{{word}}}", shlex.quote(str(value)))
    return msgspec.structs.replace(finding, hand=hand, mend=mend)
