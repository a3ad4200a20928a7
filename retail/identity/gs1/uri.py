"""The grammar of GS1 Digital Links: keys and qualifiers in the path, attributes behind the question mark.

Source: GS1 Digital Link Standard, URI Syntax, sections 4 and 5; keys and qualifiers are the dictionary's.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Final
from urllib.parse import quote, quote_plus

from retail.identity.gs1.fields import FIELDS, RULE_OF
from retail.identity.gs1.pairing import Elements

CANONICAL: Final = "https://id.gs1.org"

_ESCAPE: Final = re.compile("%([0-9A-Fa-f]{2})")


def _paths() -> Iterator[tuple[str, ...]]:
    for ai, rule in RULE_OF.items():
        for alternative in (rule.path or "").split("|") if rule.path is not None else ():
            qualifiers = alternative.split(",") if alternative else []
            for count in range(len(qualifiers) + 1):
                yield from ((ai, *chosen) for chosen in combinations(qualifiers, count))


PATHS: Final = frozenset(_paths())
"""Every sequence of AIs that a path may have: a key, and any of its qualifiers in their order."""

KEYS: Final = frozenset(path[0] for path in PATHS)

_PATHS_OF: Final = {key: sorted(path for path in PATHS if path[0] == key) for key in KEYS}


def escaped(text: str, *, in_query: bool) -> str:
    """`text` as part of a URI; what RFC 3986 calls unreserved stands for itself, a space is + in a query."""
    return (
        quote_plus(text, safe="", encoding="latin-1")
        if in_query
        else quote(text, safe="", encoding="latin-1")
    )


def unescaped(text: str, *, in_query: bool) -> str:
    """What a part of a URI says; a percent sign that begins no escape stands for itself."""
    plain = text.replace("+", " ") if in_query else text
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), plain)


def link(elements: Elements, stem: str = CANONICAL) -> str | None:
    """The Digital Link of these elements below `stem`; None where no key is, or an AI that no link can carry.

    The key is the first that was read. Of its paths it takes the one with most qualifiers. Attributes keep
    their order, those of fixed length first, as GS1's engine has it.
    """
    key = next((ai for ai, _ in elements if ai in KEYS), None)
    if key is None:
        return None
    values = dict(reversed(elements))
    path = max(_PATHS_OF[key], key=lambda each: sum(ai in values for ai in each))
    path = tuple(ai for ai in path if ai in values)
    others = [ai for ai in dict(elements) if ai not in path]
    if not all(ai in RULE_OF and FIELDS[ai].is_attribute for ai in others):
        return None
    others.sort(key=lambda ai: FIELDS[ai].separated)
    segments = "".join(f"/{ai}/{escaped(values[ai], in_query=False)}" for ai in path)
    return stem.rstrip("/") + segments + _query(others, values)


def _query(ais: Iterable[str], values: dict[str, str]) -> str:
    text = "&".join(f"{ai}={escaped(values[ai], in_query=True)}" for ai in ais)
    return f"?{text}" if text else ""


def belongs_in_path(ai: str, path: tuple[str, ...]) -> bool:
    """Whether `ai` would be a qualifier of this path, and so must not be an attribute."""
    return any((*path[:at], ai, *path[at:]) in PATHS for at in range(1, len(path) + 1))
