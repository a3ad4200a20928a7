"""Element strings as they are written: raw with FNC1 between them, or with their AIs in brackets."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from retail.identity.answer import Refused
from retail.identity.gs1.fault import Fault
from retail.identity.gs1.fields import AI_DIGITS, FIELDS, GS, RULE_OF, Field, unknown_field
from retail.identity.gs1.label import BRACKET, Label, label_of
from retail.identity.gs1.pairing import Elements, mispaired
from retail.identity.gs1.strictness import STRICT, Strictness

# The largest symbol, a QR Code of version 40, holds 7,089 digits.
TEXT_MAX: Final = 8_191

# No label has half as many; what has is made to keep us busy.
ELEMENTS_MAX: Final = 64

FNC1: Final = "^"

# How much of a wrong value a refusal repeats.
_SHOWN_MAX: Final = 40

_BRACKETED: Final = re.compile(r"\(([^)]*)\)((?:\\\(|[^(])*)")
_SYMBOL: Final = re.compile(r"\\\(|.", re.DOTALL)


def raw(text: str, strictness: Strictness = STRICT) -> Label | Refused:
    """The label that a line with `^` for FNC1, the first of them in front, stands for."""
    if too_long := over_long(text):
        return too_long
    if not text.startswith(FNC1):
        return Refused(f"expected {FNC1} (FNC1) in front, got {text[:1]!r}", position=0)
    if GS in text:
        return Refused(f"expected {FNC1} for FNC1, got the separator of a scanner", position=text.index(GS))
    return message(text.replace(FNC1, GS), 1, strictness)


def bracketed(text: str, strictness: Strictness = STRICT) -> Label | Refused:
    """The label that a line such as `(01)09520123456788(10)ABC` stands for; a value writes BRACKET."""
    if too_long := over_long(text):
        return too_long
    found: list[tuple[str, str]] = []
    places: list[int] = []
    at = 0
    while at < len(text):
        matched = _BRACKETED.match(text, at)
        if matched is None or not matched[2]:
            return Refused(f"expected an AI in brackets and its value, got {_cut(text[at:])}", position=at)
        ai, written = matched.groups()
        field = known_field(ai, strictness)
        if field is None:
            return Refused(f"expected an AI, got {_cut(ai)}", position=at + 1)
        value = written.replace(BRACKET, "(")
        if fault := value_fault(field, value):
            return refusal(ai, value, fault, matched.start(2) + _width(written, fault.start))
        found.append((ai, value))
        places.append(at + 1)
        at = matched.end()
    label = together(tuple(found), strictness)
    return label if isinstance(label, Label) else placed(label, found, places)


def _width(written: str, count: int) -> int:
    """How long the first `count` characters of a value are as written."""
    symbols = _SYMBOL.findall(written)
    return sum(len(each) for each in symbols[:count])


def message(text: str, start: int, strictness: Strictness, symbology: str | None = None) -> Label | Refused:
    """The label that a scanner sent, from `start` on: AI and value in turns, GS where no length is fixed."""
    found: list[tuple[str, str]] = []
    at, end = start, len(text)
    while at < end:
        ai = text[at : at + 2]
        field = FIELDS.get(ai)
        if field is None:
            ai = text[at : at + AI_DIGITS.get(ai, 0)]
            field = FIELDS.get(ai) or known_field(ai, strictness)
            if field is None:
                return Refused(f"expected an AI, got {_cut(text[at:], 4)}", position=at)
        at += len(ai)
        matched = field.here(text, at)
        if matched is None:
            return _wrong_value(field, text, at)
        value = matched[1]
        for first, stop, check in field.checks:
            part = value[first:stop]
            if part and check(part):
                return _wrong_value(field, text, at)
        found.append((ai, value))
        at = matched.end()
    label = together(tuple(found), strictness, symbology)
    return label if isinstance(label, Label) else placed(label, found, _places(found, text, start))


def _wrong_value(field: Field, text: str, at: int) -> Refused:
    end = text.find(GS, at)
    value = text[at : end if end >= 0 else len(text)]
    if not field.separated:
        value = value[: field.most]
    fault = field.fault(value) if value else Fault("value is empty", 0, 0)
    assert fault is not None, f"AI ({field.ai}) has no value {value!r}"
    return refusal(field.ai, value, fault, at + fault.start)


def _places(found: list[tuple[str, str]], text: str, at: int) -> Iterator[int]:
    """Where each element of a message begins."""
    for ai, value in found:
        yield at
        at += len(ai) + len(value)
        at += text.startswith(GS, at)


def together(elements: Elements, strictness: Strictness, symbology: str | None = None) -> Label | Refused:
    """The label that these elements are, or why they do not belong together."""
    if not 0 < len(elements) <= ELEMENTS_MAX:
        return Refused(f"expected 1 to {ELEMENTS_MAX} elements, got {len(elements)}", position=0)
    wrong = mispaired(elements) if strictness.association else None
    return wrong or label_of(elements, symbology)


def placed(wrong: Refused, found: Iterable[tuple[str, str]], places: Iterable[int]) -> Refused:
    """A refusal with the place of the element that it names, given where each element begins."""
    if wrong.ai is None:
        return wrong
    place = next(place for (ai, _), place in zip(found, places, strict=True) if ai == wrong.ai)
    return Refused(wrong.reason, wrong.ai, place)


def known_field(ai: str, strictness: Strictness) -> Field | None:
    """How to read `ai`, if it is one or may be one."""
    if ai in RULE_OF:
        return FIELDS[ai]
    return unknown_field(ai) if strictness.permit_unknown_ais else None


def value_fault(field: Field, value: str) -> Fault | None:
    """What is wrong with a value that stands alone."""
    if not field.least <= len(value) <= field.most:
        short = len(value) < field.least
        return Fault(f"value too {'short' if short else 'long'}", 0 if short else field.most, len(value))
    return field.fault(value)


def refusal(ai: str, value: str, fault: Fault, position: int) -> Refused:
    """Why a value is none of its AI's."""
    wrong = value[fault.start : fault.start + fault.length]
    return Refused(f"AI ({ai}): {fault.reason}, got {_cut(wrong)}", ai, position)


def over_long(text: str) -> Refused | None:
    """A text that no symbol could hold."""
    if len(text) <= TEXT_MAX:
        return None
    return Refused(f"expected at most {TEXT_MAX} characters, got {len(text)}", position=TEXT_MAX)


def _cut(text: str, most: int = _SHOWN_MAX) -> str:
    return repr(text) if len(text) <= most else f"{text[:most]!r}..."
