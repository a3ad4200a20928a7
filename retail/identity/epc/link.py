"""One Web URI for one thing, from EPC URIs and from Web URIs as people write them: what events compare.

Source: GS1 Core Business Vocabulary 2.0 (the Digital Link URIs of events are canonical, of the finest level
that is named, and say nothing else); GS1 Digital Link URI syntax 1.1 (short names of keys, what is escaped).
"""

import re
from typing import Final
from urllib.parse import unquote

from retail.identity.answer import Refused
from retail.identity.epc.elements import UNRESERVED, Elements, canonical_link
from retail.identity.epc.identity import parse

# A link holds one key and a few qualifiers; a QR code of a label rarely has more than 300 characters.
LINK_CHARACTERS_MAX: Final = 2_048

# Events are compared as texts, and Digital Link 1.1 did not ask to escape these three, as later releases do.
_LITERAL: Final = UNRESERVED + "';="

_82: Final = r"[!-\"%-?A-Z_a-z]"
_KEYS: Final = {
    "00": r"\d{18}", "01": r"\d{8}|\d{12,14}", "253": rf"\d{{13}}{_82}{{0,17}}", "255": r"\d{13,25}",
    "401": rf"\d{{4}}{_82}{{0,26}}", "402": r"\d{17}", "414": r"\d{13}", "417": r"\d{13}",
    "8003": rf"0\d{{13}}{_82}{{0,16}}", "8004": rf"\d{{4}}{_82}{{0,26}}", "8006": r"\d{18}",
    "8010": r"\d{4}[#\-/0-9A-Z]{0,26}", "8017": r"\d{18}", "8018": r"\d{18}",
}  # fmt: skip
_QUALIFIERS: Final = {
    "10": rf"{_82}{{1,20}}", "21": rf"{_82}{{1,20}}", "22": rf"{_82}{{1,20}}", "235": rf"{_82}{{1,28}}",
    "254": rf"{_82}{{1,20}}", "8011": r"\d{1,12}", "8019": r"\d{1,10}",
}  # fmt: skip
_VALUES: Final = {ai: re.compile(pattern, re.ASCII) for ai, pattern in (_KEYS | _QUALIFIERS).items()}

_OF_KEY: Final = {
    "01": ("22", "10", "21", "235"), "8006": ("22", "10", "21"), "414": ("254",), "8010": ("8011",),
    "8017": ("8019",), "8018": ("8019",),
}  # fmt: skip
"""Key -> the qualifiers that may follow it."""
_UNNAMING: Final = {"22", "8019"}
"""A variant of a product and the count of a service name no thing of their own."""
_THINGS: Final = {"21", "235"}
"""With one of these, a lot says nothing more about which thing it is."""

_SHORT_NAMES: Final = {
    "gtin": "01", "itip": "8006", "cpid": "8010", "gln": "414", "party": "417", "gsrnp": "8017",
    "gsrn": "8018", "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402",
    "grai": "8003", "giai": "8004",
    "cpv": "22", "lot": "10", "ser": "21", "cpsn": "8011", "glnx": "254", "srin": "8019",
}  # fmt: skip

_WEB: Final = re.compile(r"https?://[^/?#]+(/[^?#]*)(?:[?#].*)?", re.ASCII | re.DOTALL)


def canonical(text: str) -> str | Refused:
    """The Web URI, at id.gs1.org, of what `text` names: an EPC URI, or a Web URI with a GS1 key in its path.

    Check digits are not looked at here: who compares events wants to know what was said, not what is right.
    """
    if len(text) > LINK_CHARACTERS_MAX:
        return Refused(f"expected a URI of at most {LINK_CHARACTERS_MAX} characters, got {len(text)}")
    elements = _of_urn(text) if text.startswith("urn:") else _of_web(text)
    if isinstance(elements, Refused):
        return elements
    return canonical_link(elements, _LITERAL) or Refused(f"expected a GS1 key, got none in {text[:60]!r}")


def _of_urn(text: str) -> Elements | Refused:
    found = parse(text)
    return found if isinstance(found, Refused) else found.elements


def _of_web(text: str) -> Elements | Refused:
    match = _WEB.fullmatch(text)
    if match is None:
        return Refused(f"expected an EPC URI or a Web URI, got {text[:60]!r}")
    segments = match[1].removeprefix("/").removesuffix("/").split("/")
    # What stands in front of the key belongs to whoever owns the host; the key is the first that reads well.
    for at in range(len(segments) - 1):
        found = _elements(segments[at:])
        if found:
            return found
    return Refused(f"expected a GS1 key and its qualifiers in the path, got {match[1][:60]!r}")


def _elements(segments: list[str]) -> Elements:
    """Key and qualifiers, if the segments are these and nothing else; none otherwise."""
    if len(segments) % 2:
        return ()
    names = [_SHORT_NAMES.get(name, name) for name in segments[::2]]
    values = [unquote(value, encoding="ascii", errors="replace") for value in segments[1::2]]
    key = names[0]
    if key not in _KEYS or any(name not in _OF_KEY.get(key, ()) for name in names[1:]):
        return ()
    if not all(_VALUES[ai].fullmatch(value) for ai, value in zip(names, values, strict=True)):
        return ()
    if key == "01":
        values[0] = values[0].zfill(14)
    unsaid = _UNNAMING | ({"10"} if _THINGS & set(names) else set())
    return tuple([(ai, value) for ai, value in zip(names, values, strict=True) if ai not in unsaid])
