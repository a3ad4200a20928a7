"""Strips: the bars of one region, upright and cut into bands, however obliquely they were seen."""

from collections.abc import Iterator
from math import cos, sin
from typing import Any, Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.drivers.camera.picture import Picture
from edge.drivers.camera.regions import Region

Profile = NDArray[np.float32]

# Beyond the bars on either side we keep as much paper as their width has in hundredths: a quiet zone, or the
# half of a code that a reflection has cut off.
_PAPER: Final = 0.22
_PAPER_PX: Final = 6

# An EAN-13 with its paper is 137 modules: at 600 pixels each has four, as many as the readers want. A picture
# is never blown up more than four times, since there is nothing in it to be seen then.
_WIDTH_PX: Final = 600
_ENLARGED_MAX: Final = 4.0
_ROWS: Final = 32
_ROWS_MIN: Final = 6

# A code of several rows is looked at whole, twice as large as it is, but within the time of a frame.
_TURNED_ENLARGED: Final = 2.0
_TURNED_PX_MAX: Final = 200_000

# Two rounds bring the slope of fanned bars within a tenth of a degree.
_ROUNDS: Final = 2
_SLOPE_MAX: Final = 1.0


def upright(picture: Picture, region: Region) -> Picture:
    """The region as a picture of its own, in which the bars stand upright even where they fan out.

    Bars seen in perspective, or around a bottle, lean differently at the two ends. We fit how they lean
    as a line over the width, and undo it by a change of perspective.
    """
    paper = (region.right - region.left) * _PAPER + _PAPER_PX
    left, right = region.left - paper, region.right + paper
    enlarged = min(_ENLARGED_MAX, max(1.0, _WIDTH_PX / (right - left)))
    width = round((right - left) * enlarged)
    height = round(min(_ROWS, max(_ROWS_MIN, region.bottom - region.top)))
    ratio = height / (region.bottom - region.top) / enlarged
    lean = np.zeros(2)
    for _ in range(_ROUNDS):
        strip = _cut(picture, region, (left, right), lean, (width, height))
        lean = np.clip(lean + _leaning(strip) * ratio, -_SLOPE_MAX, _SLOPE_MAX)
    return _cut(picture, region, (left, right), lean, (width, height))


def straightened(picture: Picture, region: Region) -> Picture:
    """The region turned back, with all its rows and the paper around it."""
    paper = (region.right - region.left) * _PAPER + _PAPER_PX
    left, right = region.left - paper, region.right + paper
    tall = msgspec.structs.replace(region, top=region.top - paper, bottom=region.bottom + paper)
    enlarged = min(_TURNED_ENLARGED, (_TURNED_PX_MAX / ((right - left) * (tall.bottom - tall.top))) ** 0.5)
    size = round((right - left) * enlarged), round((tall.bottom - tall.top) * enlarged)
    return _cut(picture, tall, (left, right), np.zeros(2), size)


def _cut(
    picture: Picture, region: Region, ends: tuple[float, float], lean: Any, size: tuple[int, int]
) -> Picture:
    half = (region.bottom - region.top) / 2
    (left, right), (width, height) = ends, size
    corners = np.array(
        [
            (left - lean[0] * half, region.top),
            (right - lean[1] * half, region.top),
            (right + lean[1] * half, region.bottom),
            (left + lean[0] * half, region.bottom),
        ]
    )
    cosine, sine = cos(region.across_rad), sin(region.across_rad)
    source = (corners @ np.array([[cosine, sine], [-sine, cosine]])).astype(np.float32)
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    change = cv2.getPerspectiveTransform(target, source)
    cut = cv2.warpPerspective(
        picture, change, size, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(cut, np.uint8)


def _leaning(strip: Picture) -> Any:
    """How far the bars lean at the left and right end, in columns a row.

    It is the slope along which nothing changes: least squares of (down + slope * across), with a slope that
    is a line over the width.
    """
    across = cv2.Sobel(strip, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(strip, cv2.CV_32F, 0, 1, ksize=3)
    squares = (across * across).sum(0, dtype=np.float64)
    products = (across * down).sum(0, dtype=np.float64)
    place = np.linspace(-1, 1, strip.shape[1])
    total, first, second = squares.sum(), (squares * place).sum(), (squares * place * place).sum()
    # The thousandth keeps a strip with a single edge solvable.
    steady = second + 1e-3 * total + 1e-6
    sums = np.array([[total + 1e-6, first], [first, steady]])
    middle, change = np.linalg.solve(sums, -np.array([products.sum(), (products * place).sum()]))
    return np.array([middle - change, middle + change])


def bands(strip: Picture, count: int) -> Iterator[Profile]:
    """The strip cut along the bars into `count` bands, each averaged to one line.

    Glare and dirt rarely cover all of them, and averages of different rows are different crops.
    """
    rows = len(strip)
    for band in range(count):
        part = strip[band * rows // count : (band + 1) * rows // count]
        if len(part):
            yield part.mean(0, dtype=np.float32)


def as_picture(profile: Profile, rows: int = 8) -> Picture:
    """A profile at full contrast as a picture for readers that want one."""
    low, high = float(profile.min()), float(profile.max())
    line = ((profile - low) * (255 / max(1.0, high - low))).astype(np.uint8)
    return np.repeat(line[None], rows, 0)
