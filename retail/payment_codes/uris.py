"""The query of a payment URI: keys and values, percent-encoded, where a plus is a plus and not a space."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, unquote

from retail.payment_codes.refusal import Refused, shown

# RFC 3986, section 3.4: what may stand in a query as it is, and percent signs with two digits.
_QUERY: Final = re.compile(r"(?:[A-Za-z0-9\-._~!$'()*+,;:@/?&=]|%[0-9A-Fa-f]{2})*")

# The wallets that we know send a dozen keys; more than 64 is somebody else's page.
_PAIRS_MAX: Final = 64

_NOT_ESCAPED: Final = "@:/?"

Pair = tuple[str, str]


def read(query: str) -> tuple[Pair, ...] | Refused:
    """Each key with its value, decoded once, in the order of the URI; empty pairs are left out."""
    if not _QUERY.fullmatch(query):
        return Refused("query", f"expected the characters of RFC 3986, percent-encoded, got {shown(query)}")
    pairs = [pair for pair in query.split("&") if pair]
    if len(pairs) > _PAIRS_MAX:
        return Refused("query", f"expected at most {_PAIRS_MAX} keys, got {len(pairs)}")
    found = []
    for pair in pairs:
        key, _, value = pair.partition("=")
        try:
            found.append((unquote(key, errors="strict"), unquote(value, errors="strict")))
        except UnicodeDecodeError:
            return Refused(key[:40], "expected percent-encoded UTF-8")
    return tuple(found)


def write(pairs: Iterable[Pair]) -> str:
    """The query that `read` reads back."""
    return "&".join(f"{quote(key, safe='')}={quote(value, safe=_NOT_ESCAPED)}" for key, value in pairs)
