"""Where bars lie in a picture, and which way they run: places whose gradients all point one way.

The structure tensor (Bigun and Granlund, 1987) of small cells tells it; nothing here knows a symbology.
"""

from collections.abc import Iterator
from math import atan2, cos, pi, radians, sin
from typing import Any, Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.drivers.camera.picture import Picture

Cells = NDArray[np.float32]

# A cell is 4 pixels wide and high: smaller than any code that can be read, sixteen times less work.
_CELL: Final = 4

# Less than this across is no code: an EAN-8 of one pixel a module has 67.
_ACROSS_PX_MIN: Final = 24
_CELLS_MIN: Final = 12

# Of the energy of a place, the share that must point one way; text has 0.3 and less, bars 0.8 and more.
_COHERENT: Final = 0.6
_ENERGY: Final = 0.25

# The noise of a dim sensor, as energy of a cell: below it nothing is an edge.
_NOISE: Final = 16 * 900.0

# Directions are counted by 5 degrees; those within 15 belong together, as the bars on a bottle do.
_BINS: Final = 36
_SPREAD: Final = radians(15)

# The bars of one code, even around a bottle, are within 8 degrees of each other.
_PARALLEL: Final = radians(8)

# In each of the three strongest directions the three largest places: a broad bar parts a code.
_DIRECTIONS: Final = 3
_PLACES: Final = 3


class Region(msgspec.Struct, frozen=True):
    """A place with parallel bars, in pixels of the picture.

    `across_rad` is the direction across the bars; (`left`, `right`) is its extent in this direction, (`top`,
    `bottom`) its extent along the bars, both measured from the picture's corner.
    """

    cells: int
    across_rad: float
    left: float
    right: float
    top: float
    bottom: float


def regions(picture: Picture) -> list[Region]:
    """The places with parallel bars, largest first."""
    if min(picture.shape) < _CELL:
        return []
    tensor = _tensor(picture)
    return sorted(_found(tensor, *_directions(tensor)), key=lambda region: -region.cells)


def parallel(one: Region, other: Region) -> bool:
    """Whether the bars of two regions run the same way."""
    return abs((one.across_rad - other.across_rad + pi / 2) % pi - pi / 2) < _PARALLEL


def together(parts: list[Region]) -> Region:
    """One region around all, in the direction of the first."""
    across_rad = parts[0].across_rad
    cosine, sine = cos(across_rad), sin(across_rad)
    corners = np.concatenate([_corners(part) for part in parts])
    across, along = corners @ (cosine, sine), corners @ (-sine, cosine)
    return Region(
        cells=sum(part.cells for part in parts),
        across_rad=across_rad,
        left=float(across.min()),
        right=float(across.max()),
        top=float(along.min()),
        bottom=float(along.max()),
    )


def _corners(region: Region) -> Any:
    cosine, sine = cos(region.across_rad), sin(region.across_rad)
    ends = [(x, y) for x in (region.left, region.right) for y in (region.top, region.bottom)]
    return np.array(ends) @ np.array([[cosine, sine], [-sine, cosine]])


def _tensor(picture: Picture) -> tuple[Any, Any, Any]:
    across = cv2.Scharr(picture, cv2.CV_32F, 1, 0)
    down = cv2.Scharr(picture, cv2.CV_32F, 0, 1)
    height, width = picture.shape
    size = width // _CELL, height // _CELL
    products = across * across, down * down, across * down
    xx, yy, xy = (cv2.resize(product, size, interpolation=cv2.INTER_AREA) for product in products)
    return xx, yy, xy


def _directions(tensor: tuple[Any, Any, Any]) -> tuple[Any, Any]:
    """The angle of each cell, and whether its neighbourhood has one.

    Energies are taken relative to those around: bars in a shadow count like bars in the light.
    """
    near = [_mean(part, 3) for part in tensor]
    energy = near[0] + near[1]
    share = 1 / (_mean(energy, 15) * 0.5 + energy + _NOISE)
    xx, yy, xy = (_mean(part * share, 7) for part in near)
    energy, difference, mixed = xx + yy, xx - yy, 2 * xy
    coherent = (cv2.magnitude(difference, mixed) > _COHERENT * energy) & (energy > _ENERGY)
    return np.mod(np.arctan2(mixed, difference) / 2, pi), coherent


def _mean(cells: Any, side: int) -> Any:
    return cv2.blur(cells, (side, side), borderType=cv2.BORDER_REFLECT)


def _found(tensor: tuple[Any, Any, Any], angles: Any, coherent: Any) -> Iterator[Region]:
    counts = np.bincount((angles[coherent] * (_BINS / pi)).astype(int) % _BINS, minlength=_BINS)
    counts = np.roll(counts, 1) + counts + np.roll(counts, -1)
    for _ in range(_DIRECTIONS):
        strongest = int(counts.argmax())
        if counts[strongest] < _CELLS_MIN:
            return
        middle = (strongest + 0.5) * pi / _BINS
        away = np.abs(np.mod(angles - middle + pi / 2, pi) - pi / 2)
        yield from _places(tensor, ((away < _SPREAD) & coherent).astype(np.uint8))
        counts[np.arange(strongest - 4, strongest + 5) % _BINS] = 0


def _places(tensor: tuple[Any, Any, Any], mask: Any) -> Iterator[Region]:
    whole = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(whole, connectivity=8)
    for label in np.argsort(-stats[1:, cv2.CC_STAT_AREA])[:_PLACES] + 1:
        x, y, width, height, area = (int(number) for number in stats[label])
        if area < _CELLS_MIN:
            continue
        window = np.s_[y : y + height, x : x + width]
        inside = labels[window] == label
        xx, yy, xy = (float(part[window][inside].sum()) for part in tensor)
        rows, columns = np.nonzero(inside)
        region = _region(atan2(2 * xy, xx - yy) / 2, columns + x, rows + y)
        if region.right - region.left >= _ACROSS_PX_MIN and region.bottom - region.top >= 1:
            yield region


def _region(across_rad: float, columns: Any, rows: Any) -> Region:
    x, y = (columns + 0.5) * _CELL, (rows + 0.5) * _CELL
    across = x * cos(across_rad) + y * sin(across_rad)
    along = y * cos(across_rad) - x * sin(across_rad)
    left, right = np.percentile(across, (1, 99))
    # A cell at either end is half digits below the bars, or the frame around them.
    top, bottom = np.percentile(along, (4, 96))
    return Region(
        cells=len(columns),
        across_rad=across_rad,
        left=float(left) - _CELL / 2,
        right=float(right) + _CELL / 2,
        top=float(top),
        bottom=float(bottom),
    )
