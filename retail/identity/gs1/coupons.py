"""Coupons of North America: the digits of AI 8110 and of AI 8112, walked field by field.

Sources: GS1 US, North American Coupon Application Guideline Using GS1 DataBar Expanded Symbols (8110); GS1 AI
(8112) Coupon Data Specification. Words like "1st purchase requirement" are those of GS1's own checks.
"""

from typing import Final

from retail.identity.gs1.characters import digits
from retail.identity.gs1.dates import yymmdd
from retail.identity.gs1.fault import Fault

# A company prefix has six digits and as many more as its length digit says.
_PREFIX_DIGITS: Final = 6

# The length digit of a prefix that is not there, as the coupon's own one is meant.
_NO_PREFIX: Final = "9"

_REQUIREMENTS: Final = "012349"
_DATE_DIGITS: Final = 6


class _WrongError(Exception):
    """Ends the walk where a coupon is wrong."""

    def __init__(self, reason: str, start: int, length: int) -> None:
        super().__init__(reason)
        self.fault = Fault(f"coupon {reason}", start, length)


class _Walk:
    """The digits of a coupon and how far they have been read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def next_is(self, digit: str) -> bool:
        """Step over `digit` if it comes next: it announces an optional field."""
        if not self.text.startswith(digit, self.at):
            return False
        self.at += 1
        return True

    def one(self, missing: str, among: str = "0123456789", invalid: str = "") -> str:
        """The next digit, which must be there and be `among` those."""
        if self.at == len(self.text):
            raise _WrongError(f"missing {missing}", 0, len(self.text))
        digit = self.text[self.at]
        if digit not in among:
            raise _WrongError(f"invalid {invalid or missing}", self.at, 1)
        self.at += 1
        return digit

    def some(self, count: int, short: str) -> str:
        """The next `count` digits; where none is left at all, the whole coupon is to blame."""
        rest = len(self.text) - self.at
        if rest < count:
            raise _WrongError(short, self.at if rest else 0, rest or len(self.text))
        self.at += count
        return self.text[self.at - count : self.at]

    def sized(self, name: str, among: str = "0123456789", extra: int = 0) -> str:
        """A digit that says how long the field is (and `extra` more), and the field."""
        length = self.one(f"{name} vli", among, f"{name} length")
        absent = length == _NO_PREFIX and name.endswith("purchase gcp")
        return self.some(0 if absent else int(length) + extra, f"truncated {name}")

    def end(self) -> None:
        """Nothing may follow."""
        if self.at < len(self.text):
            raise _WrongError("excess data", self.at, len(self.text) - self.at)


def coupon(text: str) -> Fault | None:
    """A coupon as it has been since 2011: what to buy, what it saves, and up to seven optional fields."""
    if fault := digits(text):
        return fault
    try:
        _coupon(_Walk(text))
    except _WrongError as wrong:
        return wrong.fault
    return None


def offer(text: str) -> Fault | None:
    """A coupon whose offer stands in a file: format, funder, offer and serial number."""
    if fault := digits(text):
        return fault
    try:
        _offer(_Walk(text))
    except _WrongError as wrong:
        return wrong.fault
    return None


def _offer(walk: _Walk) -> None:
    walk.one("format code", "01")
    walk.sized("funder", "0123456", _PREFIX_DIGITS)
    walk.some(6, "truncated offer code")
    walk.sized("serial number", extra=_PREFIX_DIGITS)
    walk.end()


def _coupon(walk: _Walk) -> None:
    walk.sized("gcp", "0123456", _PREFIX_DIGITS)
    walk.some(6, "truncated offer code")
    walk.sized("save value", "12345")
    _purchase(walk, "1st")
    if walk.next_is("1"):
        walk.one("additional purchase rules code", "0123")
        _other_purchase(walk, "2nd")
    if walk.next_is("2"):
        _other_purchase(walk, "3rd")
    _dates(walk)
    if walk.next_is("5"):
        walk.sized("serial number", extra=_PREFIX_DIGITS)
    if walk.next_is("6"):
        walk.sized("retailer gcp or gln", "1234567", _PREFIX_DIGITS)
    if walk.next_is("9"):
        _remarks(walk)
    walk.end()


def _purchase(walk: _Walk, place: str) -> None:
    walk.sized(f"{place} purchase requirement", "12345")
    walk.one(f"{place} purchase requirement code", _REQUIREMENTS)
    walk.some(3, f"truncated {place} purchase family code")


def _other_purchase(walk: _Walk, place: str) -> None:
    _purchase(walk, place)
    walk.sized(f"{place} purchase gcp", "01234569", _PREFIX_DIGITS)


def _dates(walk: _Walk) -> None:
    expiry = _date(walk, "expiration") if walk.next_is("3") else None
    if not walk.next_is("4"):
        return
    start = _date(walk, "start")
    if expiry is not None and start > expiry:
        # Both dates and the digit that announces the second, and that of the first.
        span = 2 * (1 + _DATE_DIGITS)
        raise _WrongError("expiration before start", walk.at - span, span)


def _date(walk: _Walk, name: str) -> str:
    text = walk.some(_DATE_DIGITS, f"too short for {name} date")
    if yymmdd(text):
        raise _WrongError(f"invalid {name} date", walk.at - _DATE_DIGITS, _DATE_DIGITS)
    return text


def _remarks(walk: _Walk) -> None:
    walk.one("save value code", "01256")
    walk.one("save value applies to item", "012")
    walk.one("store coupon flag")
    walk.one("dont multiply flag", "01")
