"""What a panel says of itself: the size of its picture in millimetres, out of its EDID.

Source: VESA Enhanced EDID Standard, release A, revision 2 (E-EDID 1.4), sections 3.6 and 3.10.2.
"""

from pathlib import Path
from typing import Final

import msgspec

_HEADER: Final = bytes.fromhex("00ffffffffffff00")
_BLOCK_BYTES: Final = 128
_SIZE_CM: Final = slice(21, 23)
# The first detailed timing is the panel's own; with a pixel clock of 0 it would be a descriptor of words.
_TIMING: Final = slice(54, 72)

# No panel of ours is smaller than a matchbox; some projectors say 1 mm, or the ratio of their sides.
_SIDE_MM_MIN: Final = 50

DRM: Final = Path("/sys/class/drm")
"""Where Linux shows its connectors (Documentation/gpu/drm-kms.rst, connector sysfs)."""


class EdidError(ValueError):
    """These bytes are no EDID."""


class PictureSize(msgspec.Struct, frozen=True):
    """Width and height of a picture as its panel is built, before anybody turned it."""

    width_mm: int
    height_mm: int

    @property
    def longer_mm(self) -> int:
        """The longer side."""
        return max(self.width_mm, self.height_mm)

    @property
    def shorter_mm(self) -> int:
        """The shorter side."""
        return min(self.width_mm, self.height_mm)


def picture_size(edid: bytes) -> PictureSize | None:
    """The size that an EDID tells, to the millimetre where it can; None where it tells none.

    Raises EdidError.
    """
    block = edid[:_BLOCK_BYTES]
    if len(block) < _BLOCK_BYTES or not block.startswith(_HEADER):
        raise EdidError(f"expected {_BLOCK_BYTES} bytes from {_HEADER.hex()} on, got {block[:8].hex()}")
    if sum(block) % 256:
        raise EdidError(f"expected a sum of 0 modulo 256, got {sum(block) % 256}")
    return _of_timing(block[_TIMING]) or _of_centimetres(block[_SIZE_CM])


def connected(drm: Path = DRM) -> PictureSize | None:
    """The size of the first picture that is connected and says how large it is; None where none does."""
    for connector in sorted(drm.glob("card*-*")):
        try:
            if (connector / "status").read_text(encoding="ascii").strip() != "connected":
                continue
            size = picture_size((connector / "edid").read_bytes())
        except (OSError, ValueError):
            continue  # a cable without its EDID line, or a damaged one: the file says it, or nobody does
        if size is not None:
            return size
    return None


def _of_timing(timing: bytes) -> PictureSize | None:
    if timing[:2] == b"\0\0":
        return None
    high = timing[14]
    return _believed(timing[12] | (high & 0xF0) << 4, timing[13] | (high & 0x0F) << 8)


def _of_centimetres(size: bytes) -> PictureSize | None:
    return _believed(size[0] * 10, size[1] * 10)


def _believed(width_mm: int, height_mm: int) -> PictureSize | None:
    if min(width_mm, height_mm) < _SIDE_MM_MIN:
        return None
    return PictureSize(width_mm, height_mm)
