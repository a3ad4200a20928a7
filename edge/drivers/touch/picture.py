"""Where on the picture a panel was touched: from the panel's own numbers to millionths of the picture.

The matrix is libinput's calibration matrix (its documentation, "Static device configuration"): six numbers,
row by row, that move a point of the unit square; here they are whole millionths.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta

from edge.drivers.driver import Axis

PPM: Final = 1_000_000

# Twenty times the picture: no panel is mounted so far off, nor is it that much smaller.
MATRIX_PPM_MAX: Final = 20 * PPM
MatrixPpm = Annotated[int, Meta(ge=-MATRIX_PPM_MAX, le=MATRIX_PPM_MAX)]
Matrix = tuple[MatrixPpm, MatrixPpm, MatrixPpm, MatrixPpm, MatrixPpm, MatrixPpm]
Turn = Literal[0, 90, 180, 270]

STRAIGHT: Final[Matrix] = (PPM, 0, 0, 0, PPM, 0)

# How far the picture is turned clockwise -> the matrix that libinput's documentation gives for it.
_TURNS: Final[dict[int, Matrix]] = {
    0: STRAIGHT,
    90: (0, -PPM, PPM, PPM, 0, 0),
    180: (-PPM, 0, PPM, 0, -PPM, PPM),
    270: (0, PPM, 0, -PPM, 0, PPM),
}


class Picture:
    """The picture behind a panel: where on it a point of the panel lies."""

    def __init__(self, x: Axis, y: Axis, matrix: Matrix = STRAIGHT, turn: Turn = 0) -> None:
        self._x = x
        self._y = y
        self._matrices = (matrix, _TURNS[turn])

    def place(self, x: int, y: int) -> tuple[int, int]:
        """The point in millionths of the picture's width and height, never outside of it."""
        x_ppm, y_ppm = _share_ppm(x, self._x), _share_ppm(y, self._y)
        for a, b, c, d, e, f in self._matrices:
            x_ppm, y_ppm = (a * x_ppm + b * y_ppm) // PPM + c, (d * x_ppm + e * y_ppm) // PPM + f
        return min(max(x_ppm, 0), PPM), min(max(y_ppm, 0), PPM)


def _share_ppm(value: int, axis: Axis) -> int:
    return (value - axis.lowest) * PPM // max(axis.highest - axis.lowest, 1)
