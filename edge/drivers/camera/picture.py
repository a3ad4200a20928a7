"""Pictures: read from a file, turned, and as large as we look at them; all of them grey, one byte a pixel."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

# The largest photograph that a file may hold, 24 megapixels as of a telephone: what is larger is no frame of
# a camera, and a few kilobytes of PNG can unfold to gigabytes.
PIXELS_MAX: Final = 24_000_000
FILE_BYTES_MAX: Final = 32 * 1024 * 1024

# A code that is held to the glass fills a third of the picture: at 1280 pixels its thinnest bar has four.
_SIDE_MAX: Final = 1280

# What a turned picture does not cover is as bright as the paper at its edges: nine tenths of them are darker.
# Plain white would draw lines around a dim picture that no camera sees.
_PAPER_PERCENT: Final = 90


class PictureError(ValueError):
    """A file that is no picture that we can look at; the message says which, and why."""


def load(path: Path) -> Picture:
    """The picture in the file at `path`. Raises PictureError."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise PictureError(f"{path}: {error.strerror}") from error
    if len(data) > FILE_BYTES_MAX:
        raise PictureError(f"{path}: expected at most {FILE_BYTES_MAX} bytes, got more")
    return decoded(np.frombuffer(data, np.uint8), str(path))


def decoded(data: NDArray[np.uint8], name: str) -> Picture:
    """The picture that `data` encodes (PNG, JPEG, WebP ...), called `name` in a PictureError."""
    try:
        found = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    except cv2.error as error:
        raise PictureError(f"{name}: {error.err}") from error
    if found is None:
        raise PictureError(f"{name}: expected a picture, got bytes that are none")
    if found.size > PIXELS_MAX:
        raise PictureError(f"{name}: expected at most {PIXELS_MAX} pixels, got {found.size}")
    return fitted(np.asarray(found, np.uint8))


def fitted(picture: Picture) -> Picture:
    """The picture at a size that a frame's time is enough for."""
    shrink = _SIDE_MAX / max(picture.shape)
    if shrink >= 1:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)


def grey(frame: NDArray[np.uint8]) -> Picture:
    """A frame of a camera (BGR, or grey already) as we look at it."""
    if frame.ndim == 3:
        frame = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
    return fitted(frame)


def turned(picture: Picture, degrees: int) -> Picture:
    """The picture turned clockwise; the canvas grows so that nothing is cut off."""
    if degrees % 90 == 0:
        return np.ascontiguousarray(np.rot90(picture, -degrees // 90))
    height, width = picture.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1)
    cosine, sine = abs(turn[0, 0]), abs(turn[0, 1])
    canvas = round(width * cosine + height * sine), round(width * sine + height * cosine)
    turn[0, 2] += (canvas[0] - width) / 2
    turn[1, 2] += (canvas[1] - height) / 2
    edges = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    paper = float(np.percentile(edges, _PAPER_PERCENT))
    grown = cv2.warpAffine(picture, turn, canvas, flags=cv2.INTER_CUBIC, borderValue=paper)
    return np.asarray(grown, np.uint8)
