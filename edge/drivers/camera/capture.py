"""Frames: the newest picture of a camera, of a film, or of a folder of frames, as OpenCV opens them."""

from collections.abc import Callable, Iterator
from typing import Final, Self

import cv2
import numpy as np

from edge.drivers.camera.picture import Picture, grey

# A camera that has given nothing ten times over is gone; a frame or two are lost whenever the light changes.
MISSED_MAX: Final = 10


class Camera:
    """One open camera: `source` is its number, or the path of a film or of frames (`frames/%03d.png`)."""

    def __init__(self, source: str) -> None:
        self._capture = cv2.VideoCapture(int(source)) if source.isdecimal() else cv2.VideoCapture(source)
        # One frame waits at most: what the shopper held up a second ago is of no use.
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._capture.release()

    def pictures(self, asked: Callable[[], bool]) -> Iterator[Picture]:
        """The frames for as long as somebody asks for them, or until the camera is gone."""
        missed = 0
        while missed < MISSED_MAX and asked():
            there, frame = self._capture.read()
            missed = 0 if there else missed + 1
            if there:
                yield grey(np.asarray(frame, np.uint8))
