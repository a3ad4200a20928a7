"""Bodies that nobody may accept, well signed as they are: each is an honest one but for one thing."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from cloud_sync.contract.encoding import encode
from cloud_sync.contract.entry import BODY_BYTES_MAX
from cloud_sync.contract.facts import Boot, Posting
from retail.custody import SOLD, Move
from retail.pricing.book import Version
from tests.contract.paper_chain import body_of
from tests.contract.vectors import story

Wrong = tuple[str, str, bytes]
"""What is wrong, the regular expression that our refusal fits, and the body."""

_TOO_BIG: Final = 2**53
_OVER: Final = "<= 9007199254740991"
_OTHERWISE: Final = "expected the bytes of our encoder, got others from byte"


def wrong_bodies() -> Iterator[Wrong]:
    """All of them: second entries of an epoch."""
    yield from _unbalanced()
    yield from _numbers()
    yield from _names()
    yield from _letters()


def _sale(**changes: Any) -> bytes:
    return encode(body_of(msgspec.structs.replace(story.TWO_SCARVES, **changes), 2))


def _said(old: str, new: str) -> bytes:
    """The body of an honest boot in which `old` was written as `new`."""
    body = encode(body_of(Boot("0.1.0-grün"), 2))
    assert body.count(old.encode()) == 1, f"{old} is not in it once"
    return body.replace(old.encode(), new.encode())


def _unbalanced() -> Iterator[Wrong]:
    owed = Posting("receivable/a7Kx2mQ9vR4t", 6900, "EUR")
    for what, reason, other in (
        ("postings that do not sum to 0", "sum to 1, expected 0", Posting("revenue", -6899, "EUR")),
        (
            "postings that sum to 0 across currencies",
            "sum to 6900, expected 0",
            Posting("revenue", -6900, "USD"),
        ),
    ):
        yield what, reason, _sale(postings=(owed, other))
    for what, reason, taker, units in (
        ("a move of no units", "moves nothing", SOLD, 0),
        ("a move backwards", "moves nothing", SOLD, -1),
        ("a move to its giver", "moves nothing", "floor", 1),
        ("units past 2^53 - 1", "more than can be counted", SOLD, _TOO_BIG),
    ):
        yield what, reason, _sale(moves=(Move("09520001100307", "floor", taker, units),))


def _numbers() -> Iterator[Wrong]:
    for what, reason, number in (
        ("a float", "got `float`", "2000.5"),
        ("a whole number written as a float", "got `float`", "2000.0"),
        ("a whole number with an exponent", "got `float`", "2e3"),
        ("an integer past 2^53 - 1", _OVER, "9007199254740992"),
        ("an integer below -(2^53 - 1)", ">= -9007199254740991", "-9007199254740992"),
        ("an integer of 100 digits", _OVER, "1" + "0" * 99),
        ("minus zero", _OTHERWISE, "-0"),
        ("a zero in front", "invalid number", "02000"),
        ("a number in quotes", "got `str`", '"2000"'),
        ("no number", "JSON", "NaN"),
    ):
        yield what, reason, _said('"mono_us":2000', f'"mono_us":{number}')
    yield "an amount past 2^53 - 1", _OVER, _sale(total_minor=_TOO_BIG)
    yield "a version past 2^53 - 1", "numbers of at most", _sale(prices=Version(1, _TOO_BIG))


def _names() -> Iterator[Wrong]:
    for what, reason, old, new in (
        ("a name twice", _OTHERWISE, '"seq":2', '"seq":7,"seq":2'),
        ("a name that nobody knows", _OTHERWISE, '"seq":2', '"seq":2,"note":"x"'),
        ("a float under a name that nobody knows", _OTHERWISE, '"seq":2', '"seq":2,"x":0.5'),
        ("names in another order", _OTHERWISE, '"seq":2,"idem":"idem-2"', '"idem":"idem-2","seq":2'),
        ("a name that is missing", "missing required field `boot`", '"boot":"b1",', ""),
        ("null for a text", "got `null`", '"b1"', "null"),
        ("a kind that nobody knows", "Invalid value 'gift'", '"kind":"boot"', '"kind":"gift"'),
        ("no kind", "missing required field `kind`", '"kind":"boot",', ""),
        ("a clock of another kind", "Invalid enum value", '"untrusted"', '"sure"'),
    ):
        yield what, reason, _said(old, new)
    yield "a name that is missing, and may be null", _OTHERWISE, _sale().replace(b',"fiscal":null', b"")


def _letters() -> Iterator[Wrong]:
    honest = encode(body_of(Boot("0.1.0-grün"), 2))
    deep = "[" * 1_100 + "]" * 1_100
    long = encode(body_of(Boot(""), 2))
    yield from (
        ("spaces", _OTHERWISE, honest.replace(b",", b", ")),
        ("a line end after it", _OTHERWISE, honest + b"\n"),
        ("bytes after it", "trailing characters", honest + b"{}"),
        ("letters escaped without need", _OTHERWISE, _said("ü", "\\u00fc")),
        ("half of a pair of code units", "JSON|truncated|surrogate", _said("ü", "\\ud800")),
        ("not UTF-8", "utf-8", honest.replace("ü".encode(), b"\xfc")),
        (
            "not UTF-8 where nobody looks",
            _OTHERWISE,
            _said('"seq":2', '"seq":2,"x":"?"').replace(b"?", b"\xff"),
        ),
        ("a byte order mark", "JSON", b"\xef\xbb\xbf" + honest),
        ("UTF-16", "JSON|utf-8", honest.decode().encode("utf-16-le")),
        (
            "brackets in brackets",
            f"brackets without end|{_OTHERWISE}",
            _said('"seq":2', f'"seq":2,"x":{deep}'),
        ),
        ("a list where an object belongs", "Expected `object`, got `array`", b"[]"),
        ("nothing", "truncated", b""),
        (
            "one byte too many",
            f"at most {BODY_BYTES_MAX} bytes",
            long.replace(b'"version":"', b'"version":"' + b"v" * (BODY_BYTES_MAX + 1 - len(long))),
        ),
    )
