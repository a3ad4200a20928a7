"""The calibration of a panel: four crosses, where the panel felt them, and the matrix that joins the two.

The matrix is libinput's (its documentation, "Static device configuration"): a point of the panel's unit
square goes to a point of the picture's. It is solved by least squares in whole fractions: four touches decide
six numbers, and what is left over says how well they were aimed.
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

import msgspec

from edge.drivers.touch.picture import MATRIX_PPM_MAX, PPM, Matrix
from edge.readings import Reading, Touched, TouchPhase

TARGETS: Final = ((125_000, 125_000), (875_000, 125_000), (875_000, 875_000), (125_000, 875_000))
"""Where the crosses are, in millionths of the picture: an eighth from its edges, clockwise from the top."""

# A finger's middle is a few millimetres off what it aims at; on a glass of 300 mm this is 9 mm.
_MISS_PPM_MAX: Final = 30_000
# A finger wanders less than this before it lifts, or it was a wipe.
_WIPE_PPM: Final = 30_000

_TURNED_BACK: Final[dict[int, Callable[[int, int], tuple[int, int]]]] = {
    0: lambda x, y: (x, y),
    90: lambda x, y: (y, PPM - x),
    180: lambda x, y: (PPM - x, PPM - y),
    270: lambda x, y: (PPM - y, x),
}
"""How far the picture is turned clockwise -> where a point of it lies on the panel as it was built."""


class TouchRefusedError(ValueError):
    """Four touches that no matrix brings to the crosses; the message says what to do."""


class Calibrated(msgspec.Struct, frozen=True):
    """The matrix in millionths, and by how much the worst touch still misses its cross."""

    matrix_ppm: Matrix
    miss_ppm: int

    @property
    def libinput(self) -> str:
        """The same as LIBINPUT_CALIBRATION_MATRIX has it."""
        return " ".join(_decimal(each) for each in self.matrix_ppm)


class Taps:
    """Hears the panel, and makes one place of each touch: the middle of where it went down and came up."""

    def __init__(self) -> None:
        self._down: dict[int, tuple[int, int]] = {}

    def hear(self, reading: Reading) -> Iterator[tuple[int, int]]:
        """The place of a touch that has just ended; none of a palm or a wipe."""
        if not isinstance(reading, Touched):
            return
        if reading.phase is TouchPhase.DOWN:
            self._down[reading.contact] = reading.x_ppm, reading.y_ppm
        elif reading.phase in {TouchPhase.UP, TouchPhase.CANCELLED}:
            began = self._down.pop(reading.contact, None)
            if began is None or self._down or reading.phase is TouchPhase.CANCELLED:
                return
            x, y = began
            if max(abs(x - reading.x_ppm), abs(y - reading.y_ppm)) <= _WIPE_PPM:
                yield (x + reading.x_ppm) // 2, (y + reading.y_ppm) // 2


def calibrated(touched: Sequence[tuple[int, int]], turned: int = 0) -> Calibrated:
    """The matrix for four touches of the crosses in their order, on a picture that is `turned` clockwise.

    `touched` is in millionths of the panel. Raises TouchRefusedError.
    """
    aims = [_TURNED_BACK[turned](*each) for each in TARGETS]
    rows = [_solved(touched, [aim[axis] for aim in aims]) for axis in (0, 1)]
    found = [round(each) for row in rows for each in (row.a * PPM, row.b * PPM, row.c)]
    a, b, c, d, e, f = found
    miss_ppm = max(
        max(abs(a * x // PPM + b * y // PPM + c - to_x), abs(d * x // PPM + e * y // PPM + f - to_y))
        for (x, y), (to_x, to_y) in zip(touched, aims, strict=True)
    )
    if miss_ppm > _MISS_PPM_MAX or max(map(abs, found)) > MATRIX_PPM_MAX:
        raise TouchRefusedError(
            f"the touches miss their crosses by up to {miss_ppm // 10_000} % of the picture, whichever way it"
            " is turned: begin again, and touch the middle of each cross with one finger"
        )
    return Calibrated((a, b, c, d, e, f), miss_ppm)


class _Row(NamedTuple):
    a: Fraction
    b: Fraction
    c: Fraction


def _solved(touched: Sequence[tuple[int, int]], aims: Sequence[int]) -> _Row:
    """One row of the matrix: the plane over the touches that comes nearest to the aims.

    With both taken from their means the normal equations are two by two.
    """
    count = len(touched)
    mean_x, mean_y = (Fraction(sum(each[axis] for each in touched), count) for axis in (0, 1))
    mean_aim = Fraction(sum(aims), count)
    points = [(x - mean_x, y - mean_y, aim - mean_aim) for (x, y), aim in zip(touched, aims, strict=True)]
    xx, xy, yy = (sum(p[i] * p[j] for p in points) for i, j in ((0, 0), (0, 1), (1, 1)))
    xt, yt = (sum(p[i] * p[2] for p in points) for i in (0, 1))
    determinant = xx * yy - xy * xy
    if determinant == 0:
        raise TouchRefusedError("all touches lie on one line: touch each cross where it is shown")
    a = Fraction(xt * yy - yt * xy) / determinant
    b = Fraction(yt * xx - xt * xy) / determinant
    return _Row(a, b, mean_aim - a * mean_x - b * mean_y)


def _decimal(value_ppm: int) -> str:
    sign, value = "-" if value_ppm < 0 else "", abs(value_ppm)
    return f"{sign}{value // PPM}.{value % PPM:06d}"
