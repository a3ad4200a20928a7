"""What a camera sees of a pack in a hand: its code in perspective, blurred by the hand, in bad light.

Needs the extra `camera`; nothing else of the shoppers imports this.
"""

import math
import random
from collections.abc import Iterator
from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

WIDTH, HEIGHT = 640, 480
# The lens of a usual webcam: about 60 degrees from left to right.
_FOCAL_PX: Final = 550
# Modules of EAN-13 at its nominal size (GS1 General Specifications, 5.2): 0.33 mm wide, 95 of them between
# quiet zones of 11 and 7, and bars 22.85 mm high.
_MODULE_MM, _BAR_MM = 0.33, 22.85
_QUIET_LEFT, _QUIET_RIGHT = 11, 7
_PX_A_MODULE: Final = 8
# White between the bars and the edge of the label, above and below.
_MARGIN_MM: Final = 4.0

# The same section: number sets A and C of each digit, B is C read backwards; and which of A and B the six
# left digits take, so that they tell the first one.
_SET_A: Final = (
    "0001101",
    "0011001",
    "0010011",
    "0111101",
    "0100011",
    "0110001",
    "0101111",
    "0111011",
    "0110111",
    "0001011",
)
_SET_C: Final = tuple(code.translate(str.maketrans("01", "10")) for code in _SET_A)
_SET_B: Final = tuple(code[::-1] for code in _SET_C)
_PARITIES: Final = (
    "AAAAAA",
    "AABABB",
    "AABBAB",
    "AABBBA",
    "ABAABB",
    "ABBAAB",
    "ABBBAA",
    "ABABAB",
    "ABABBA",
    "ABBABA",
)
_GUARD, _MIDDLE = "101", "01010"

# A sensor that is full after so many electrons has the shot noise of their square root (EMVA 1288, 2.2).
_FULL_ELECTRONS: Final = 8_000
_READ_NOISE: Final = 2.0


class View(msgspec.Struct, frozen=True):
    """How a hand holds a pack: angles in degrees, blur in pixels, light in percent of what is usual."""

    distance_mm: int = 70
    roll: float = 0
    yaw: float = 0
    pitch: float = 0
    motion_px: int = 0
    motion_degrees: float = 0
    defocus_px: float = 0.0
    light_percent: int = 100

    @classmethod
    def drawn(cls, luck: random.Random) -> "View":
        """Any way in which people hold a pack before they are told to hold it still."""
        return cls(
            luck.randint(55, 130),
            luck.uniform(-180, 180),
            luck.uniform(-40, 40),
            luck.uniform(-40, 40),
            luck.choice((0, 0, 3, 5, 9)),
            luck.uniform(0, 180),
            luck.uniform(0, 2.5),
            luck.randint(12, 110),
        )


def modules(ean13: str) -> str:
    """The 95 modules of a code, a 1 for each that is dark; its check digit is not looked at."""
    assert len(ean13) == 13
    assert ean13.isascii()
    assert ean13.isdigit()
    sets = {"A": _SET_A, "B": _SET_B}
    left = (sets[of][int(digit)] for of, digit in zip(_PARITIES[int(ean13[0])], ean13[1:7], strict=True))
    right = (_SET_C[int(digit)] for digit in ean13[7:])
    return "".join((_GUARD, *left, _MIDDLE, *right, _GUARD))


def label(ean13: str) -> Picture:
    """The code as it is printed, on white."""
    row = "0" * _QUIET_LEFT + modules(ean13) + "0" * _QUIET_RIGHT
    px_a_mm = _PX_A_MODULE / _MODULE_MM
    bars = np.repeat(np.array([0 if dark == "1" else 255 for dark in row], np.uint8), _PX_A_MODULE)
    printed = np.tile(bars, (round(_BAR_MM * px_a_mm), 1))
    margin = round(_MARGIN_MM * px_a_mm)
    return np.pad(printed, ((margin, margin), (0, 0)), constant_values=255)


def seen(printed: Picture, view: View, luck: random.Random) -> Picture:
    """One grey picture of the camera, of a printed label in some view."""
    picture = _background(luck)
    corners = _corners(printed, view)
    height, width = printed.shape
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    way = cv2.getPerspectiveTransform(flat, corners)
    # INTER_AREA does not exist for warps: a label that is shown smaller is blurred first, as pixels do it.
    smaller = max(width / float(np.linalg.norm(corners[1] - corners[0])), 1)
    soft = cv2.GaussianBlur(printed, (0, 0), smaller / 2.5)
    cover = cv2.warpPerspective(np.full_like(printed, 255), way, (WIDTH, HEIGHT))
    drawn = cv2.warpPerspective(soft, way, (WIDTH, HEIGHT))
    picture = np.where(cover > 127, drawn, picture)
    return _lit(_blurred(picture, view), view.light_percent, luck)


def approaching(ean13: str, luck: random.Random, frames: int = 30) -> Iterator[Picture]:
    """The pictures of a second: a hand brings a pack nearer, turns it towards the camera, and holds it."""
    printed, end = label(ean13), View.drawn(luck)
    for frame in range(frames):
        unrest = max(1 - 2 * frame / frames, 0)
        view = msgspec.structs.replace(
            end,
            distance_mm=round(end.distance_mm * (1 + unrest)),
            roll=end.roll + 40 * unrest + luck.gauss(0, 1),
            yaw=end.yaw * (0.5 + unrest) + luck.gauss(0, 1),
            pitch=end.pitch * (0.5 + unrest) + luck.gauss(0, 1),
            motion_px=round(end.motion_px + 12 * unrest),
        )
        yield seen(printed, view, luck)


def _corners(printed: Picture, view: View) -> NDArray[np.float32]:
    """Where the corners of a label come to lie in the picture of a pinhole camera that it is held before."""
    mm_a_px = _MODULE_MM / _PX_A_MODULE
    half_h, half_w = (side * mm_a_px / 2 for side in printed.shape)
    turn = _turn(2, view.roll) @ _turn(1, view.yaw) @ _turn(0, view.pitch)
    flat = np.array([(-half_w, -half_h, 0), (half_w, -half_h, 0), (half_w, half_h, 0), (-half_w, half_h, 0)])
    space = flat @ turn.T + (0, 0, view.distance_mm)
    return np.asarray(space[:, :2] * _FOCAL_PX / space[:, 2:] + (WIDTH / 2, HEIGHT / 2), np.float32)


def _turn(axis: int, degrees: float) -> NDArray[np.float64]:
    vector = np.zeros(3)
    vector[axis] = math.radians(degrees)
    return np.asarray(cv2.Rodrigues(vector)[0], np.float64)


def _background(luck: random.Random) -> Picture:
    """A shelf, a hand, another pack: patches of any grey."""
    picture = np.full((HEIGHT, WIDTH), luck.randint(60, 160), np.uint8)
    for _ in range(12):
        left, top = luck.randrange(WIDTH), luck.randrange(HEIGHT)
        to = left + luck.randint(20, 250), top + luck.randint(20, 200)
        cv2.rectangle(picture, (left, top), to, (luck.randint(20, 220),), cv2.FILLED)
    return picture


def _blurred(picture: Picture, view: View) -> Picture:
    if view.motion_px > 1:
        kernel = np.zeros((view.motion_px, view.motion_px), np.float32)
        kernel[view.motion_px // 2] = 1
        middle = (view.motion_px - 1) / 2
        spin = cv2.getRotationMatrix2D((middle, middle), view.motion_degrees, 1)
        kernel = np.asarray(cv2.warpAffine(kernel, spin, kernel.shape), np.float32)
        picture = np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.uint8)
    if view.defocus_px > 0:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), view.defocus_px), np.uint8)
    return picture


def _lit(picture: Picture, light_percent: int, luck: random.Random) -> Picture:
    """Less light, and the noise that belongs to it; the camera turns up its gain by four at most."""
    electrons = picture / 255 * _FULL_ELECTRONS * light_percent / 100
    dice = np.random.default_rng(luck.getrandbits(64))
    caught = dice.poisson(electrons) + dice.normal(0, _READ_NOISE, picture.shape)
    gain = min(100 / light_percent, 4)
    return np.clip(caught * gain * 255 / _FULL_ELECTRONS, 0, 255).astype(np.uint8)
