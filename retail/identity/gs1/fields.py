"""The dictionary made ready to read by: a pattern and a list of checks for every AI."""

import re
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from retail.identity.gs1.characters import DIGITS, SET_39, SET_64, SET_82
from retail.identity.gs1.checks import CHECKS, Check
from retail.identity.gs1.dictionary import RULES, Rule
from retail.identity.gs1.fault import Fault, all_of

GS: Final = "\x1d"
"""The separator that a scanner sends for FNC1."""

# Base 64 may end in padding; its check says how much of it.
_MEMBERS: Final = {"N": DIGITS, "X": SET_82, "Y": SET_39, "Z": SET_64 + "="}
_SETS: Final = {"N": "csetnumeric", "X": "cset82", "Y": "cset39", "Z": "cset64"}

# What a pattern of digits has seen already, in all that GS1 has given out.
_SEEN_BY_PATTERN: Final = frozenset({"gcppos1", "gcppos2"})

_SYNTAX: Final = re.compile(r"(\[)?([NXYZ])(\.\.)?([0-9]+)\]?([a-z0-9 ]*)")

# The longest value that any AI may have, and the shape of one that GS1 has not given out.
_UNKNOWN_PART: Final = "X..90"


class Part(msgspec.Struct, frozen=True):
    """One component of a value: `kind` of character, its length, and the checks that it must pass."""

    kind: str
    least: int
    most: int
    optional: bool
    checks: tuple[Check, ...]


Matcher = Callable[[str, int], re.Match[str] | None]
"""A text and a place in it, and the match there."""

Timed = tuple[int, int, Check]
"""A check of what stands between two places of a value."""


class Field(msgspec.Struct, frozen=True):
    """An AI, ready to read values of it.

    `here` matches a value and the separator behind it within a message. What matches has the right characters
    and length, and needs only `checks`.
    """

    ai: str
    rule: Rule
    parts: tuple[Part, ...]
    least: int
    most: int
    separated: bool
    here: Matcher
    checks: tuple[Timed, ...]

    @property
    def is_attribute(self) -> bool:
        """Whether a Digital Link may carry it behind the question mark."""
        return "A" in self.rule.marks

    def fault(self, value: str) -> Fault | None:
        """What is wrong with a whole value, which is not empty."""
        at = 0
        for part in self.parts:
            text = value[at : at + part.most]
            if part.optional and not text:
                continue
            if fault := _part_fault(part, text):
                return Fault(fault.reason, at + fault.start, fault.length)
            at += len(text)
        return Fault("value too long", at, len(value) - at) if at < len(value) else None


def _part_fault(part: Part, text: str) -> Fault | None:
    if len(text) < part.least:
        return all_of(text, "value too short")
    for check in (CHECKS[_SETS[part.kind]], *part.checks):
        if fault := check(text):
            return fault
    return None


def field_of(ai: str, rule: Rule) -> Field:
    """Make `rule` ready for one of its AIs."""
    parts = tuple(_part(text) for text in rule.parts.split("; "))
    pattern = "".join(_pattern(part) for part in parts)
    separated = "F" not in rule.marks
    behind = f"(?:{GS}|\\Z)" if separated else f"{GS}?"
    return Field(
        ai=ai,
        rule=rule,
        parts=parts,
        least=sum(part.least for part in parts if not part.optional),
        most=sum(part.most for part in parts),
        separated=separated,
        here=re.compile(f"({pattern}){behind}").match,
        checks=tuple(_timed(parts)),
    )


def _part(text: str) -> Part:
    found = _SYNTAX.fullmatch(text)
    assert found is not None, f"{text!r} is no component"
    optional, kind, up_to, size, checks = found.groups()
    return Part(
        kind=kind,
        least=1 if up_to else int(size),
        most=int(size),
        optional=optional is not None,
        checks=tuple(CHECKS[name] for name in checks.split()),
    )


def _pattern(part: Part) -> str:
    text = f"[{_MEMBERS[part.kind]}]{{{part.least},{part.most}}}"
    return f"(?:{text})?" if part.optional else text


def _timed(parts: tuple[Part, ...]) -> Iterator[Timed]:
    """The checks that a pattern does not make; only the last part has no fixed place to end at."""
    at = 0
    for part in parts:
        seen = {CHECKS[name] for name in _SEEN_BY_PATTERN} if part.kind == "N" else set()
        if part.kind == "Z":
            yield at, at + part.most, CHECKS["cset64"]
        for check in part.checks:
            if check not in seen:
                yield at, at + part.most, check
        at += part.most


def _members(ais: str) -> Iterator[str]:
    first, _, last = ais.partition("-")
    for number in range(int(first), int(last or first) + 1):
        yield f"{number:0{len(first)}}"


RULE_OF: Final = {ai: rule for rule in RULES for ai in _members(rule.ais)}
"""AI -> its rule."""

AI_DIGITS: Final = {ai[:2]: len(ai) for ai in RULE_OF}
"""The first two digits of an AI -> how many it has: one length for each pair, so that AIs need no ends."""

assert all(AI_DIGITS[ai[:2]] == len(ai) for ai in RULE_OF), "AIs that begin alike are of one length"


class _Fields(dict[str, Field]):
    """AIs made ready when first asked for: a shop meets twenty of them, and patterns take time to make."""

    def __missing__(self, ai: str) -> Field:
        self[ai] = field = field_of(ai, RULE_OF[ai])
        return field


FIELDS: Final = _Fields()
"""AI -> how to read it; KeyError if GS1 has not given it out. It never holds more than RULE_OF does."""


def unknown_field(ai: str) -> Field | None:
    """How to read an AI that GS1 has not given out; None if it never will, as it begins like another one."""
    if not (2 <= len(ai) <= 4 and ai.isascii() and ai.isdigit()) or ai in RULE_OF:
        return None
    sibling = next((each for each in RULE_OF if each[:2] == ai[:2]), None)
    if sibling is None:
        return field_of(ai, Rule(ai, _UNKNOWN_PART))
    if len(sibling) != len(ai):
        return None
    # What begins alike is of fixed length alike (GS1 General Specifications, figure 7.8.5-2).
    fixed = not FIELDS[sibling].separated
    return field_of(ai, Rule(ai, f"X{FIELDS[sibling].most}", "F") if fixed else Rule(ai, _UNKNOWN_PART))
