"""The glass in real millimetres: how large a finger's target is on this panel, and who can reach it."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from edge.display.panels import Layout

REACH_MM: Final = 1220
"""The highest that a hand reaches from a wheelchair (ADA 308.2.1; EN 301 549, annex on reach: 1,220 mm)."""

TARGET_MM: Final = 15
PRIMARY_MM: Final = 18
"""Sides of what can be tapped, and of what the screen is about: a fingertip is 11 to 15 mm wide."""

_WHOLE: Final = 1000

Header = Literal["top", "bottom"]


class Panel(msgspec.Struct, frozen=True):
    """What is known of a panel: its picture's width, and how high its lower edge hangs; None is unknown."""

    width_mm: int | None = None
    mounting_mm: int | None = None


class Sizes(msgspec.Struct, frozen=True):
    """What a layout draws, in hundredths of a rem, which are its own pixels.

    `target` is the shorter side of the smallest control, `primary` the height of the filled button. The
    highest control ends at `highest` above the lower edge; at `low` where the header stands at the bottom.
    Drawn larger than `scale_max` (in thousandths), the fullest screens do not fit their panel any more.
    """

    width: int
    height: int
    target: int
    primary: int
    highest: int
    low: int
    scale_max: int = _WHOLE


SIZES: Final[Mapping[Layout, Sizes]] = {
    "mirror": Sizes(width=1080, height=1920, target=92, primary=152, highest=1710, low=1710, scale_max=1300),
    "shelf": Sizes(width=800, height=480, target=80, primary=96, highest=480, low=480),
    "wide": Sizes(width=1920, height=1080, target=104, primary=150, highest=1080, low=1030, scale_max=1150),
}
"""Held to what a browser paints by tests/display/test_reach_in_chromium.py."""


class Geometry(msgspec.Struct, frozen=True):
    """How a layout is drawn on one panel, and in sentences what cannot be helped by drawing."""

    scale_permille: int = _WHOLE
    header: Header = "top"
    flaws: tuple[str, ...] = ()


def geometry(layout: Layout, panel: Panel) -> Geometry:
    """The layout on `panel`: as large as a finger needs, its controls as low as a seated hand reaches."""
    if panel.width_mm is None:
        return Geometry()
    sizes = SIZES[layout]
    wanted = max(
        _WHOLE,
        _permille(TARGET_MM * sizes.width, sizes.target * panel.width_mm),
        _permille(PRIMARY_MM * sizes.width, sizes.primary * panel.width_mm),
    )
    scale = min(wanted, sizes.scale_max)
    flaws = []
    if wanted > scale:
        least_mm = -(-panel.width_mm * wanted // scale)
        flaws.append(
            f"the picture is {panel.width_mm} mm wide: buttons are smaller than {TARGET_MM} mm, "
            f"which takes {least_mm} mm"
        )
    header, high = _header(sizes, panel, scale)
    if high is not None:
        flaws.append(high)
    return Geometry(scale, header, tuple(flaws))


def css(drawn: Geometry) -> str:
    """The style sheet that draws a page so: all else that it needs is in reach.css."""
    return f":root {{ --fit: {drawn.scale_permille / _WHOLE:.3f}; }}\n"


def _header(sizes: Sizes, panel: Panel, scale: int) -> tuple[Header, str | None]:
    """Where the header stands, and what is out of reach in spite of that."""
    if panel.mounting_mm is None or panel.width_mm is None:
        return "top", None
    room_mm, width_mm = REACH_MM - panel.mounting_mm, panel.width_mm

    def height_mm(hundredths: int) -> int:
        drawn = min(hundredths * scale // _WHOLE, sizes.height)
        return -(-drawn * width_mm // sizes.width)

    if height_mm(sizes.highest) <= room_mm:
        return "top", None
    header: Header = "bottom" if sizes.low < sizes.highest else "top"
    if height_mm(sizes.low) <= room_mm:
        return header, None
    lower_mm = height_mm(sizes.low) - room_mm
    return header, (
        f"some controls are above {REACH_MM} mm, where nobody in a wheelchair reaches them: "
        f"hang the panel {lower_mm} mm lower"
    )


def _permille(part: int, whole: int) -> int:
    """`part` of `whole` in thousandths, rounded up: a target is never a hair too small."""
    return -(-part * _WHOLE // whole)
