"""The looks at one frame, cheapest first: each is a piece of work that ends, and gives votes.

Whoever calls stops when enough is known or when the frame's time is over; the looks that are left get their
turn with a later frame, which shows the same goods.
"""

from collections.abc import Iterator
from itertools import chain
from math import pi, radians
from typing import Any, Final

import cv2
import numpy as np

from edge.drivers.camera import patterns
from edge.drivers.camera.measured import bars, measure
from edge.drivers.camera.picture import Picture
from edge.drivers.camera.readers import (
    BARS,
    BARS_OF_ZBAR,
    BY_HISTOGRAM,
    MATRICES,
    MEASURE,
    QR_OF_ZBAR,
    UPRIGHT,
    Placed,
    Zbar,
    is_retail,
    seen,
    zxing,
)
from edge.drivers.camera.regions import Region, parallel, regions, together
from edge.drivers.camera.strips import as_picture, bands, straightened, upright
from edge.readings import CodeSeen

Votes = list[CodeSeen]

# A hand holds one pack to the glass, which may show two codes and a table of figures that looks like a third.
_REGIONS: Final = 3
_PLACES: Final = 8
_BANDS: Final = 5
# Shelves and boxes have edges; no code has fewer than six bars.
_PROBES: Final = 3
_BARS_MIN: Final = 6
_ENOUGH: Final = 2

# A closer look is half as large again, which moves every pixel of it; more of it only takes time.
_CLOSER: Final = 1.5
_CLOSER_PX_MAX: Final = 160_000
_LARGE_PX: Final = 160_000
_PAPER_PX: Final = 12
_CODES_CLOSER: Final = 4

# Bars within 5 degrees of upright or level were seen as they are.
_STRAIGHT_RAD: Final = radians(5)
_WAYS: Final = 2

# All of EAN and UPC comes with thirteen digits, but EAN-8.
_AIMS: Final = {"EAN8": "]E4"}

_UNSHARP_SIGMA_PX: Final = 3.0
_UNSHARP: Final = 2.0


def alone() -> None:
    """Keep OpenCV to one thread: the other cores are the shop's."""
    cv2.setNumThreads(1)


class Eyes:
    """What looks at frames. UPC-E is off unless a shop asks for it: its six digits are easily misread."""

    def __init__(self, *, upc_e: bool = False) -> None:
        self._upc_e = upc_e
        self._forms = (patterns.EAN_13, patterns.EAN_8, patterns.UPC_E)[: 3 if upc_e else 2]
        self._bars = tuple(each for each in BARS if upc_e or each.name != "UPCE")
        self._zbar = {
            (symbols, large): Zbar(symbols, step=(1 if symbols is QR_OF_ZBAR else 2) * (1 + large))
            for symbols in (BARS_OF_ZBAR, QR_OF_ZBAR)
            for large in (False, True)
        }

    def close(self) -> None:
        """Give back what the readers hold."""
        for scanner in self._zbar.values():
            scanner.close()

    def looks(self, picture: Picture, turn: int = 0) -> Iterator[Votes]:
        """One look after another, each when it is asked for; `turn` says which later one comes first."""
        first = zxing(picture, (*self._bars, *MATRICES), "frame")
        yield [placed.code for placed in first]
        yield _closer(picture, first)
        later = self._strips, self._whole, self._flattened
        for number in range(len(later)):
            yield from later[(number + turn) % len(later)](picture)

    def _strips(self, picture: Picture) -> Iterator[Votes]:
        found = regions(picture)[:_PLACES]
        strips = [(region, upright(picture, region)) for region in found]
        barred = [(region, strip) for region, strip in strips if _has_bars(strip)]
        looks = [self._strip(strip, f"region {number}") for number, (_, strip) in enumerate(barred)]
        yield from chain(*looks[:1])
        for number, region in enumerate(_directions([region for region, _ in barred], found)):
            part = straightened(picture, region)
            yield [each.code for each in zxing(part, self._bars, f"direction {number}", UPRIGHT)]
        yield from chain(*looks[1:_REGIONS])

    def _strip(self, strip: Picture, name: str) -> Iterator[Votes]:
        measured: Votes = []
        for number, line in enumerate(bands(strip, _BANDS)):
            crop = f"{name} band {number}"
            for code in measure(line, self._forms):
                aim = _AIMS.get(code.symbology, "]E0")
                measured.append(seen(code.symbology, code.digits, aim, MEASURE, crop))
            if len(measured) >= _ENOUGH:
                break
        yield measured
        yield [each.code for each in zxing(strip, self._bars, f"{name} strip", UPRIGHT)]
        if not measured:
            yield self._lines(strip, name)

    def _lines(self, strip: Picture, name: str) -> Votes:
        votes: Votes = []
        for number, line in enumerate(bands(strip, _PROBES)):
            votes += self._by_zbar(as_picture(line), f"{name} third {number}")
        return votes

    def _by_zbar(self, picture: Picture, crop: str, symbols: frozenset[Any] = BARS_OF_ZBAR) -> Votes:
        # In a large picture a code is large, or too far away to be meant.
        votes = self._zbar[symbols, picture.size > _LARGE_PX].read(picture, crop)
        return [vote for vote in votes if self._upc_e or vote.symbology != "UPCE"]

    def _whole(self, picture: Picture) -> Iterator[Votes]:
        yield self._by_zbar(picture, "frame")
        yield self._by_zbar(picture, "frame", QR_OF_ZBAR)

    def _flattened(self, picture: Picture) -> Iterator[Votes]:
        """Second passes, for matrix codes above all: as it is by its histogram, sharpened, larger."""
        yield [each.code for each in zxing(picture, MATRICES, "histogram", BY_HISTOGRAM)]
        if picture.size > _CLOSER_PX_MAX:
            return
        yield [each.code for each in zxing(_larger(picture), MATRICES, "larger")]
        yield [each.code for each in zxing(_sharper(picture), MATRICES, "sharper")]


def _has_bars(strip: Picture) -> bool:
    return max(bars(line) for line in bands(strip, _PROBES)) >= _BARS_MIN


def _directions(barred: list[Region], found: list[Region]) -> Iterator[Region]:
    """All that runs one way, as one region, for codes of several rows; the way of most bars comes first."""
    for _ in range(_WAYS):
        if not barred:
            return
        first = barred[0]
        whole = together(
            [first, *(region for region in found if region != first and parallel(first, region))]
        )
        barred = [region for region in barred if not parallel(first, region)]
        if abs((whole.across_rad + pi / 4) % (pi / 2) - pi / 4) > _STRAIGHT_RAD:
            yield whole


def _closer(picture: Picture, first: list[Placed]) -> Votes:
    """A second crop of what has been read, but for EAN and UPC, which the measuring reader confirms."""
    votes: Votes = []
    for placed in [each for each in first if not is_retail(each.code.symbology)][:_CODES_CLOSER]:
        left, top, right, bottom = placed.box
        rows = slice(max(0, top - _PAPER_PX), bottom + _PAPER_PX)
        part = picture[rows, max(0, left - _PAPER_PX) : right + _PAPER_PX]
        if 0 < part.size <= _CLOSER_PX_MAX:
            votes += [each.code for each in zxing(_larger(part), (placed.format,), "closer")]
    return votes


def _larger(picture: Picture) -> Picture:
    grown = cv2.resize(picture, None, fx=_CLOSER, fy=_CLOSER, interpolation=cv2.INTER_CUBIC)
    return np.asarray(grown, np.uint8)


def _sharper(picture: Picture) -> Picture:
    soft = cv2.GaussianBlur(picture, (0, 0), _UNSHARP_SIGMA_PX)
    return np.asarray(cv2.addWeighted(picture, 1 + _UNSHARP, soft, -_UNSHARP, 0), np.uint8)
