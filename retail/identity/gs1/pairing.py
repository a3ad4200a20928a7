"""Which identifiers must stand together on one label, and which must not."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from retail.identity.answer import Refused
from retail.identity.gs1.fields import FIELDS, RULE_OF

Elements = tuple[tuple[str, str], ...]
"""Pairs of AI and value in the order that they were read in."""

# A shop sees a few dozen combinations of AIs, day in and day out; the rest is strangers' labels.
_REMEMBERED: Final = 1_024

_SIGNATURE: Final = "8030"
_SERIALISED: Final = ("253", "255", "8003")
"""Keys that may lack a serial number, though nothing can be signed without one."""


def mispaired(elements: Elements) -> Refused | None:
    """Why these elements cannot be those of one item, or None."""
    ais = tuple([ai for ai, _ in elements])  # a list is made faster than a generator runs
    wrong, plain = _judged(ais)
    if wrong or plain:
        return wrong
    return _conflict(elements) or _unsigned(elements, ais)


@lru_cache(maxsize=_REMEMBERED)
def _judged(ais: tuple[str, ...]) -> tuple[Refused | None, bool]:
    """What the AIs alone say, and whether they are all that has to be looked at."""
    return _mispaired_ais(ais), len(set(ais)) == len(ais) and _SIGNATURE not in ais


def _mispaired_ais(ais: tuple[str, ...]) -> Refused | None:
    known = sorted(set(ais) & RULE_OF.keys())
    for ai in known:
        if barred := _first_match(RULE_OF[ai].bars.split(","), ai, ais):
            return Refused(f"AI ({ai}) must not stand beside AI ({barred})", ai)
    for ai in known:
        if (needs := RULE_OF[ai].needs) and not _satisfied(needs, ai, ais):
            return Refused(f"AI ({ai}) needs one of AIs {needs} beside it", ai)
    return None


def _satisfied(needs: str, own: str, ais: Iterable[str]) -> bool:
    groups = (group.split("+") for group in needs.split(","))
    return any(all(_first_match([each], own, ais) for each in group) for group in groups)


def _first_match(templates: Iterable[str], own: str, ais: Iterable[str]) -> str | None:
    for template in templates:
        stem = template.rstrip("n")
        for ai in ais:
            if ai != own and len(ai) == len(template) and ai.startswith(stem):
                return ai
    return None


def _conflict(elements: Elements) -> Refused | None:
    """An element that is read twice, as from two symbols on one pack, must say the same twice."""
    values: dict[str, str] = {}
    for ai, value in elements:
        if values.setdefault(ai, value) != value:
            return Refused(f"AI ({ai}) has two values: {values[ai]!r} and {value!r}", ai)
    return None


def _unsigned(elements: Elements, ais: tuple[str, ...]) -> Refused | None:
    if _SIGNATURE not in ais:
        return None
    for ai, value in elements:
        if ai in _SERIALISED and len(value) == FIELDS[ai].least:
            return Refused(f"AI ({ai}) needs its serial number beside AI ({_SIGNATURE})", ai)
    return None
