"""GS1 Digital Links: web addresses that name a product and its item, read, made and made canonical.

Source: GS1 Digital Link Standard, URI Syntax; the order of checks is that of GS1's engine.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from retail.identity.answer import Refused
from retail.identity.gs1 import uri
from retail.identity.gs1.elements import (
    ELEMENTS_MAX,
    known_field,
    over_long,
    placed,
    refusal,
    together,
    value_fault,
)
from retail.identity.gs1.fields import RULE_OF, Field
from retail.identity.gs1.label import Label
from retail.identity.gs1.strictness import STRICT, Strictness

SCHEMES: Final = ("https://", "HTTPS://", "http://", "HTTP://")
"""How a Digital Link begins; mixed case is not for it."""

# RFC 3986, appendix A: what an address may be written with, and what the name of a host may.
_ADDRESS: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_HOST: Final = re.compile(r"[A-Za-z0-9\-.:\[\]]+(?=/)")

_SYMBOL: Final = re.compile("%[0-9A-Fa-f]{2}|.", re.DOTALL)

# The lengths of a GTIN that lacks the zeros in front of its fourteen digits.
_SHORT_GTINS: Final = (8, 12, 13)

ALPHAS: Final = {
    "cpid": "8010", "cpsn": "8011", "cpv": "22", "gcn": "255", "gdti": "253", "giai": "8004", "ginc": "401",
    "gln": "414", "glnx": "254", "gmn": "8013", "grai": "8003", "gsin": "402", "gsrn": "8018",
    "gsrnp": "8017", "gtin": "01", "itip": "8006", "lot": "10", "party": "417", "refno": "8020",
    "ser": "21", "srin": "8019", "sscc": "00",
}  # fmt: skip
"""The short names that the first edition had for keys and qualifiers."""


class _Written(msgspec.Struct, frozen=True):
    """One AI of an address with its value as it is escaped there, and where both stand."""

    ai: str
    value: str
    ai_at: int
    value_at: int
    in_query: bool


def read(text: str, strictness: Strictness = STRICT, symbology: str | None = None) -> Label | Refused:
    """The label that a Digital Link stands for."""
    wrong = over_long(text) or _not_an_address(text)
    if wrong:
        return wrong
    address = text.partition("#")[0]
    path_text, mark, query = address.partition("?")
    pairs = _path(path_text, strictness)
    if isinstance(pairs, Refused):
        return pairs
    attributes = list(_attributes(query, len(path_text) + len(mark)))
    path = tuple(pair.ai for pair in pairs)
    if path not in uri.PATHS:
        return Refused(
            f"expected a key and its qualifiers in order, got {'/'.join(path)}", path[0], pairs[0].ai_at
        )
    return _label(pairs, attributes, strictness, symbology)


def build(label: Label, stem: str = uri.CANONICAL) -> str | Refused:
    """The Digital Link of a label's elements below `stem`."""
    made = uri.link(label.ais, stem)
    return made or Refused("expected a key, its qualifiers and what a Digital Link may carry beside them")


def _not_an_address(text: str) -> Refused | None:
    plain = _ADDRESS.match(text)
    assert plain is not None, "the pattern matches nothing, too"
    if plain.end() < len(text):
        return Refused(
            f"expected a character of a web address, got {text[plain.end()]!r}", position=plain.end()
        )
    scheme = next((each for each in SCHEMES if text.startswith(each)), None)
    if scheme is None:
        return Refused(f"expected https:// or http://, got {text[:8]!r}", position=0)
    if _HOST.match(text, len(scheme)) is None:
        return Refused("expected the name of a host and a path", position=len(scheme))
    return None


def _path(text: str, strictness: Strictness) -> list[_Written] | Refused:
    """The pairs of a path, from its last key on: what stands before it is the host's own."""
    pairs: list[_Written] = []
    end = len(text)
    while (slash := text.rfind("/", 0, end)) >= 0 and len(pairs) < ELEMENTS_MAX:
        before = text.rfind("/", 0, slash)
        named = text[before + 1 : slash]
        ai = ALPHAS.get(named, named) if strictness.permit_convenience_alphas else named
        if before < 0 or known_field(ai, strictness) is None:
            break
        pairs.insert(0, _Written(ai, text[slash + 1 : end], before + 1, slash + 1, in_query=False))
        if ai in uri.KEYS:
            return pairs
        end = before
    return Refused("expected a key of GS1 Digital Links in the path, got none", position=text.find("/", 8))


def _attributes(query: str, at: int) -> Iterator[_Written]:
    """What stands behind the question mark under a number; other names are the host's own."""
    for part in query.split("&"):
        name, sign, value = part.partition("=")
        if sign and name.isdigit():
            yield _Written(name, value, at, at + len(name) + 1, in_query=True)
        at += len(part) + 1


def _label(
    pairs: list[_Written], attributes: list[_Written], strictness: Strictness, symbology: str | None
) -> Label | Refused:
    path = tuple(pair.ai for pair in pairs)
    seen = set(path)
    found: list[tuple[str, str]] = []
    for written in (*pairs, *attributes):
        field = known_field(written.ai, strictness)
        if field is None:
            return Refused(f"expected an AI, got {written.ai[:40]!r}", position=written.ai_at)
        value = _value(written, strictness)
        if fault := value_fault(field, value):
            return refusal(written.ai, value, fault, written.value_at + _width(written.value, fault.start))
        if written.in_query and (reason := _no_attribute(field, path, seen, strictness)):
            return Refused(f"AI ({written.ai}) {reason}", written.ai, written.ai_at)
        seen.add(written.ai)
        found.append((written.ai, value))
    label = together(tuple(found), strictness, symbology)
    places = [each.ai_at for each in (*pairs, *attributes)]
    return label if isinstance(label, Label) else placed(label, found, places)


def _value(written: _Written, strictness: Strictness) -> str:
    value = uri.unescaped(written.value, in_query=written.in_query)
    suppressed = written.ai == "01" and len(value) in _SHORT_GTINS
    return value.zfill(14) if suppressed and strictness.permit_zero_suppressed_gtin else value


def _no_attribute(field: Field, path: tuple[str, ...], seen: set[str], strictness: Strictness) -> str | None:
    if field.ai in seen:
        return "is there twice"
    known = field.ai in RULE_OF
    if not field.is_attribute if known else strictness.unknown_ai_not_dl_attr:
        return "cannot stand behind the question mark of a Digital Link"
    return "belongs in the path" if uri.belongs_in_path(field.ai, path) else None


def _width(escaped: str, count: int) -> int:
    """How long the first `count` characters of a value are as escaped."""
    return sum(len(each) for each in _SYMBOL.findall(escaped)[:count])
