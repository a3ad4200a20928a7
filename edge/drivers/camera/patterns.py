"""How EAN and UPC symbols are made, and how each of their figures looks through a bad lens or a bad print.

Source: GS1 General Specifications, section 5.2 (symbol characters, number sets A, B and C, guard bars, the
digit that the sets imply, UPC-E).
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

MODULES: Final = 7
"""A digit is seven modules wide."""

# Section 5.2.1.2.2: a bar is 1. Set C is A with bars and spaces changed over, B is C read backwards.
_SET_A: Final = (
    "0001101", "0011001", "0010011", "0111101", "0100011",
    "0110001", "0101111", "0111011", "0110111", "0001011",
)  # fmt: skip
_CHANGED: Final = str.maketrans("01", "10")
_SET_C: Final = tuple(figure.translate(_CHANGED) for figure in _SET_A)
_SET_B: Final = tuple(figure[::-1] for figure in _SET_C)

# Sets of the left half -> the digit in front that is not printed in bars (0 is set A, 1 is set B).
Sets = dict[tuple[int, ...], int | None]
LEADING: Final[Sets] = {
    (0, 0, 0, 0, 0, 0): 0, (0, 0, 1, 0, 1, 1): 1, (0, 0, 1, 1, 0, 1): 2, (0, 0, 1, 1, 1, 0): 3,
    (0, 1, 0, 0, 1, 1): 4, (0, 1, 1, 0, 0, 1): 5, (0, 1, 1, 1, 0, 0): 6, (0, 1, 0, 1, 0, 1): 7,
    (0, 1, 0, 1, 1, 0): 8, (0, 1, 1, 0, 1, 0): 9,
}  # fmt: skip
NO_LEADING: Final[Sets] = {(0, 0, 0, 0): None}
"""EAN-8 has set A only, and nothing in front."""

# Sets of a UPC-E -> the check digit of the UPC-A that it is short for.
CHECKED: Final[Sets] = {
    (1, 1, 1, 0, 0, 0): 0, (1, 1, 0, 1, 0, 0): 1, (1, 1, 0, 0, 1, 0): 2, (1, 1, 0, 0, 0, 1): 3,
    (1, 0, 1, 1, 0, 0): 4, (1, 0, 0, 1, 1, 0): 5, (1, 0, 0, 0, 1, 1): 6, (1, 0, 1, 0, 1, 0): 7,
    (1, 0, 1, 0, 0, 1): 8, (1, 0, 0, 1, 0, 1): 9,
}  # fmt: skip

SAMPLES: Final = 4
"""Samples a module: two would show a blurred bar, four its slope."""

# What a lens does (blur, as the sigma of a Gaussian in modules) and a press (bars grown, in modules; half a
# module deceives readers that go by edges, since 1 and 7, or 2 and 8, differ in nothing but widths).
_BLURS: Final = (0.3, 0.55, 0.85)
_GROWTHS: Final = (-0.3, 0.0, 0.3, 0.55)
LOOKS: Final = tuple((blur, growth) for blur in _BLURS for growth in _GROWTHS)

_FINE: Final = 32
_MARGIN: Final = 2


def unit(samples: Any) -> Any:
    """Samples without their brightness and contrast, so that a product of two is their correlation."""
    even = samples - samples.mean(-1, keepdims=True)
    return even / np.maximum(np.linalg.norm(even, axis=-1, keepdims=True), 1e-6)


def _seen(modules: str, blur: float, growth: float) -> Samples:
    """Modules as a line of light, half a module more than those within two at either end; for comparing."""
    line: Any = np.repeat([module == "1" for module in modules], _FINE).astype(np.float32)[None]
    grown = round(abs(growth) * _FINE / 2)
    if grown:
        change = cv2.dilate if growth > 0 else cv2.erode
        line = change(line, np.ones((1, 2 * grown + 1), np.uint8))
    light = 1 - 2 * cv2.GaussianBlur(line, (0, 0), blur * _FINE)[0]
    count = (len(modules) - 2 * _MARGIN + 1) * SAMPLES
    places = _MARGIN * _FINE - _FINE // 2 + (np.arange(count) + 0.5) * _FINE / SAMPLES
    return np.asarray(unit(light[places.astype(int)]), np.float32)


def _table(figures: Iterable[str], before: str, after: str) -> Samples:
    """All figures in all looks, one a column; what stands before and after a digit is the same for each."""
    return np.stack([_seen(before + figure + after, *look) for look in LOOKS for figure in figures]).T.copy()


LEFT: Final = _table(_SET_A + _SET_B, "01", "01")
RIGHT: Final = _table(_SET_C, "10", "10")
DIGIT_SAMPLES: Final = (MODULES + 1) * SAMPLES


def places(module: float, count: int) -> Samples:
    """Where the `count` samples of a figure lie that begins at `module`, in modules."""
    return ((np.arange(count) + 0.5) / SAMPLES - 0.5 + module).astype(np.float32)


# A guard is looked for at a medium blur: it must stand out, not be read.
_SIDE: Final = _seen("0010100", 0.5, 0)
_CENTRE: Final = _seen("010101010", 0.5, 0)
_UPC_E_END: Final = _seen("0101010100", 0.5, 0)

# The centre may be off by two modules where the bars go around a bottle.
_OFFSETS: Final = np.arange(-2, 2.01, 0.5, dtype=np.float32)
# Bars and spaces of one module may go on beside the centre: of two places that look alike the middle one
# is right.
_OFFSET_COST: Final = 0.02 * np.abs(_OFFSETS)


class Form(msgspec.Struct, frozen=True):
    """One kind of symbol: its width in modules, and where its centre guard begins (None: it has none).

    `digits` counts those of one half. `sets` says what the number sets of the left half mean.
    """

    name: str
    width: int
    centre: int | None
    digits: int
    sets: Sets
    guards: Samples
    """Where the samples of all guards lie, in modules."""


def _two_halves(name: str, width: int, digits: int, sets: Sets) -> Form:
    centre = 3 + MODULES * digits
    side = places(0, len(_SIDE))
    middles = [places(centre, len(_CENTRE)) + offset for offset in _OFFSETS]
    return Form(name, width, centre, digits, sets, np.concatenate([side, side + width - 3, *middles]))


def _one_piece() -> Form:
    ends = places(0, len(_SIDE)), places(3 + MODULES * 6, len(_UPC_E_END))
    return Form("UPCE", 51, None, 6, CHECKED, np.concatenate(ends))


EAN_13: Final = _two_halves("EAN13", 95, 6, LEADING)
EAN_8: Final = _two_halves("EAN8", 67, 4, NO_LEADING)
UPC_E: Final = _one_piece()


def guarded(samples: Any, form: Form) -> tuple[Any, Any]:
    """How well samples at `form.guards`, a row for each try, show the guards (1 is perfectly).

    And by how many modules the centre is off.
    """
    side = len(_SIDE)
    start = unit(samples[:, :side]) @ _SIDE
    if form.centre is None:
        end = unit(samples[:, side:]) @ _UPC_E_END
        return (start + 1.5 * end) / 2.5, np.zeros(len(samples), np.float32)
    end = unit(samples[:, side : 2 * side]) @ _SIDE
    middles = unit(samples[:, 2 * side :].reshape(len(samples), len(_OFFSETS), -1)) @ _CENTRE - _OFFSET_COST
    return (start + end + 1.5 * middles.max(1)) / 3.5, _OFFSETS[middles.argmax(1)]


def lengthened(six: Iterable[int]) -> Iterator[int]:
    """The twelve digits without check digit, zero in front, that the six of a UPC-E are short for."""
    a, b, c, d, e, last = six
    if last <= 2:
        middle = [a, b, last, 0, 0, 0, 0, c, d, e]
    elif last == 3:
        middle = [a, b, c, 0, 0, 0, 0, 0, d, e]
    elif last == 4:
        middle = [a, b, c, d, 0, 0, 0, 0, 0, e]
    else:
        middle = [a, b, c, d, e, 0, 0, 0, 0, last]
    yield from (0, 0, *middle)
