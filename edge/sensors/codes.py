"""Codes that a scanner read or a camera is sure of: the goods that they name, or what else they are for."""

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Final

import msgspec
from msgspec.structs import replace

from edge.events import (
    CodeBlurred,
    CodeCleared,
    CodeShown,
    CodeUnclear,
    Event,
    Purpose,
    Scanned,
)
from edge.readings import CodeScanned, Heard, Nanoseconds
from edge.sensors.shown import MEMBER_PREFIX, purpose
from edge.sensors.votes import Accepted, Ask, HoldStill, Nothing, Verdict, Voted
from retail.identity import scan
from retail.identity.answer import Refused
from retail.identity.gs1.fields import GS
from retail.identity.gs1.label import Label
from retail.identity.gtin import GTIN_DIGITS
from retail.identity.link import SCHEMES

# A scanner that always looks sends a code again every few tenths of a second for as long as it is in view;
# nobody scans a second pack of the same kind within a second of the first.
_SAME_LOOK_NS: Final = Nanoseconds(1_000_000_000)

# What is told within that time is a handful; a flood of codes is noise, and the oldest are forgotten.
_TOLD_MAX: Final = 64

# The code of a wallet is good for a minute (WeChat Pay, Alipay); what is a person's own is kept no longer.
_KEPT_NS: Final = Nanoseconds(60_000_000_000)

# Digits of a printed number -> what a scanner would have sent in front of it, had it told the symbology.
_PRINTED: Final = {8: "]E4", 12: "]E00", 13: "]E0", GTIN_DIGITS: "]I1"}

# zxing-cpp's name -> the identifiers that the camera's text may have come with.
_SEEN: Final = {
    "EAN13": ("]E0",), "UPCA": ("]E0", "]E00"), "EAN8": ("]E4",), "ITF": ("]I1",), "QRCode": ("]Q1", "]Q3"),
    "DataMatrix": ("]d1", "]d2"), "Code128": ("]C0", "]C1"), "DataBar": ("]e0",),
    "DataBarLimited": ("]e0",), "DataBarExpanded": ("]e0",), "DataBarLtd": ("]e0",), "DataBarOmni": ("]e0",),
    "DataBarExp": ("]e0",), "DataBarStk": ("]e0",), "DataBarExpStk": ("]e0",),
}  # fmt: skip


class _Look(msgspec.Struct, frozen=True):
    """Which worker looked, and before which shopper: each is the one before it plus one."""

    worker: int
    shopper: int


class _Private(msgspec.Struct, frozen=True):
    """What a code held that may be a person's own."""

    ticket: int
    text: str
    at_ns: Nanoseconds

    def __repr__(self) -> str:
        """No text: what stands in an error report was told to others."""
        return f"_Private(ticket={self.ticket})"


class CodeSense:
    """Readings of scanners and verdicts of the camera in, each code once out.

    `region` says by which country's rules numbers carry a weight or a price (`retail.identity.rcn.REGIONS`);
    the price book may change it. A code is told again once it has been out of view.
    """

    def __init__(
        self, region: Callable[[], str | None] = lambda: None, member_prefix: str = MEMBER_PREFIX
    ) -> None:
        self._region = region
        self._member_prefix = member_prefix
        self._tickets = count(1)
        self._told: dict[Scanned | str, Nanoseconds] = {}
        self._in_view: dict[Scanned | str, _Look] = {}
        """What the camera has told since it last saw nothing, and the look in which it was."""
        self._look = _Look(worker=0, shopper=0)
        self._private: _Private | None = None

    def hear(self, heard: Heard) -> Iterator[Event]:
        """What one reading means: a `CodeScanned` of any source, all others nothing."""
        if not isinstance(heard.reading, CodeScanned):
            return
        text, symbology = heard.reading.text, heard.reading.symbology
        goods = None if self._is_members(text) else _scanned(text, symbology, self._region())
        yield from self._tell(goods, text, heard.at_ns)

    def saw(self, verdict: Verdict, at_ns: Nanoseconds) -> Iterator[Event]:
        """What one verdict of the camera means."""
        match verdict:
            case Nothing():
                self._in_view.clear()
                yield CodeCleared()
            case HoldStill():
                yield CodeBlurred()
            case Ask(candidates=candidates):
                yield CodeUnclear(tuple(sorted({code.gtin14 for code in candidates if code.gtin14})))
            case Accepted(code=code):
                goods = self._named(code)
                yield CodeCleared()
                if not self._stays_in_view(goods or code.text):
                    yield from self._tell(goods, code.text, at_ns)

    def reveal(self, ticket: int, now_ns: Nanoseconds) -> str | None:
        """What the code of a `CodeShown` holds; None once it is older than a minute, or another came."""
        private = self._private
        if private is None or private.ticket != ticket or now_ns - private.at_ns > _KEPT_NS:
            return None
        return private.text

    def recall(self, labels: Iterable[Scanned], now_ns: Nanoseconds) -> None:
        """These were told before this life: what the camera still sees of them is told no second time."""
        for label in labels:
            self._remember_in_view(label, self._look)
            self._is_told(label, now_ns)

    def look_anew(self) -> None:
        """Another worker looks now: of what was in view of the one before it, it knows nothing."""
        self._look = replace(self._look, worker=self._look.worker + 1)

    def forget(self) -> None:
        """The shopper is gone, and so is what was theirs."""
        self._private = None
        self._look = replace(self._look, shopper=self._look.shopper + 1)

    def _named(self, code: Voted) -> Scanned | None:
        """The goods that the camera's code names."""
        if code.gtin14 is None or self._is_members(code.text):
            return None
        for identifier in _SEEN.get(code.symbology, ()):
            goods = _read(identifier + code.text, self._region())
            if goods is not None and goods.gtin14 == code.gtin14:
                return goods
        return Scanned(code.gtin14, code.gtin14)

    def _is_members(self, text: str) -> bool:
        """Whether a text is a member's, even where the shop writes its members as digits of goods."""
        return bool(self._member_prefix) and text.startswith(self._member_prefix)

    def _stays_in_view(self, key: Scanned | str) -> bool:
        """Whether it has been in view all the time; from here on it is.

        Nobody saw it leave where both the worker and the shopper are others than those it was told by.
        """
        told, now = self._in_view.pop(key, None), self._look
        stays = told is not None and (told.worker == now.worker or told.shopper == now.shopper)
        self._remember_in_view(key, replace(told, worker=now.worker) if told and stays else now)
        return stays

    def _remember_in_view(self, key: Scanned | str, look: _Look) -> None:
        if len(self._in_view) >= _TOLD_MAX:
            del self._in_view[next(iter(self._in_view))]
        self._in_view[key] = look

    def _tell(self, goods: Scanned | None, text: str, now_ns: Nanoseconds) -> Iterator[Event]:
        if self._is_told(goods or text, now_ns):
            return
        if goods is not None:
            yield goods
            return
        ticket = next(self._tickets)
        meant = purpose(text, None, self._member_prefix)
        if meant is not Purpose.OTHER:
            self._private = _Private(ticket, text, now_ns)
        yield CodeShown(meant, ticket)

    def _is_told(self, key: Scanned | str, now_ns: Nanoseconds) -> bool:
        """Whether this is the same look as the one before; whatever is looked at stays in mind."""
        before_ns = self._told.pop(key, None)
        self._told[key] = now_ns
        if len(self._told) > _TOLD_MAX:
            del self._told[next(iter(self._told))]
        return before_ns is not None and now_ns - before_ns < _SAME_LOOK_NS


def _scanned(text: str, symbology: str, region: str | None) -> Scanned | None:
    """The goods that a scanner's text names, whether or not it tells the symbology."""
    if symbology == "]E0" and len(text) == 12:
        text = f"0{text}"  # as scanners send a UPC-A that were told to leave out the zero
    return _read((symbology or _guessed(text)) + text, region)


def _guessed(text: str) -> str:
    """The identifier that a text would have come with from a scanner that tells it."""
    if text.isascii() and text.isdigit() and len(text) in _PRINTED:
        return _PRINTED[len(text)]
    if text.startswith(SCHEMES):
        return "]Q1"
    return "]d2" if GS in text or text.startswith("01") else "]Q0"


def _read(sent: str, region: str | None) -> Scanned | None:
    label = scan.read(sent, region=region)
    return None if isinstance(label, Refused) or label.gtin14 is None else _goods(label, label.gtin14)


def _goods(label: Label, gtin14: str) -> Scanned:
    return Scanned(
        gtin14,
        (label.lookup_code or gtin14).zfill(GTIN_DIGITS),
        serial=label.serial,
        lot=label.lot,
        expiry=label.expiry,
        weight_mg=label.weight_mg,
        price_minor=label.price_minor,
        currency=label.currency,
        count=label.count,
        circulation=label.circulation,
    )
