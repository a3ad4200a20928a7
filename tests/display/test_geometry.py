"""The glass in millimetres: what a panel tells of itself, how large it is drawn, who reaches it."""

from pathlib import Path

import pytest

from edge.config import DisplaySection
from edge.display.edid import EdidError, PictureSize, connected, picture_size
from edge.display.geometry import (
    PRIMARY_MM,
    REACH_MM,
    SIZES,
    TARGET_MM,
    Geometry,
    Panel,
    css,
    geometry,
)
from edge.display.panels import Layout


def edid(*, cm: tuple[int, int] = (0, 0), mm: tuple[int, int] | None = None) -> bytes:
    """A base EDID of a panel that tells its size in whole centimetres, and in millimetres by a timing."""
    block = bytearray(128)
    block[:8] = bytes.fromhex("00ffffffffffff00")
    block[21:23] = cm
    if mm is not None:
        block[54:56] = (14_850).to_bytes(2, "little")  # 148.5 MHz: 1920 x 1080 at 60 Hz
        block[66], block[67] = mm[0] & 0xFF, mm[1] & 0xFF
        block[68] = (mm[0] >> 8) << 4 | mm[1] >> 8
    block[127] = -sum(block) % 256
    return bytes(block)


TOLD = [
    (edid(cm=(71, 40), mm=(708, 398)), PictureSize(708, 398)),
    (edid(cm=(71, 40)), PictureSize(710, 400)),
    (edid(cm=(16, 9), mm=(154, 86)), PictureSize(154, 86)),
    (edid(mm=(344, 194)) + b"\0" * 128, PictureSize(344, 194)),
    (edid(cm=(71, 40), mm=(16, 9)), PictureSize(710, 400)),  # the ratio of the sides, not their length
    (edid(), None),  # a projector
    (edid(cm=(79, 0)), None),  # EDID 1.4: a ratio alone
]


@pytest.mark.parametrize(("told", "size"), TOLD)
def test_a_panel_tells_its_size(told: bytes, size: PictureSize | None) -> None:
    assert picture_size(told) == size


DAMAGED = [b"", edid()[:127], b"\1" + edid()[1:], edid(cm=(71, 40))[:-1] + b"\0"]


@pytest.mark.parametrize("damaged", DAMAGED)
def test_what_is_no_edid_is_refused(damaged: bytes) -> None:
    with pytest.raises(EdidError, match="expected"):
        picture_size(damaged)


def connector(drm: Path, name: str, status: str, told: bytes) -> None:
    (drm / name).mkdir(parents=True)
    (drm / name / "status").write_text(f"{status}\n", encoding="ascii")
    (drm / name / "edid").write_bytes(told)


def test_the_picture_that_is_connected_is_measured(tmp_path: Path) -> None:
    connector(tmp_path, "card0-DP-1", "disconnected", edid(cm=(60, 34)))
    connector(tmp_path, "card0-DSI-1", "connected", b"")
    connector(tmp_path, "card0-HDMI-A-1", "connected", edid(cm=(16, 9), mm=(154, 86)))
    assert connected(tmp_path) == PictureSize(154, 86)


def test_a_board_without_a_picture_has_no_size(tmp_path: Path) -> None:
    assert connected(tmp_path) is None


DRAWN: list[tuple[Layout, int, int]] = [
    # the layout, the width of the picture in millimetres, how much larger than its own size it is drawn
    ("mirror", 398, 1000),  # 32 inches
    ("mirror", 160, 1101),
    ("shelf", 154, 1000),  # 7 inches
    ("shelf", 150, 1000),
    ("wide", 344, 1000),  # 15.6 inches
    ("wide", 268, 1034),  # 12.1 inches
]


@pytest.mark.parametrize(("layout", "width_mm", "scale"), DRAWN)
def test_a_finger_has_room_on_every_panel(layout: Layout, width_mm: int, scale: int) -> None:
    drawn, sizes = geometry(layout, Panel(width_mm)), SIZES[layout]
    assert drawn == Geometry(scale)
    assert sizes.target * width_mm * scale >= TARGET_MM * sizes.width * 1000
    assert sizes.primary * width_mm * scale >= PRIMARY_MM * sizes.width * 1000


def test_nobody_guesses_the_size_of_a_panel() -> None:
    assert geometry("shelf", Panel(mounting_mm=1000)) == Geometry()


def test_a_panel_that_is_too_small_is_named_with_the_size_that_it_takes() -> None:
    drawn = geometry("shelf", Panel(width_mm=108))
    (flaw,) = drawn.flaws
    assert drawn.scale_permille == SIZES["shelf"].scale_max
    assert "108 mm wide" in flaw
    assert geometry("shelf", Panel(width_mm=int(flaw.split()[-2]))).flaws == ()


HUNG: list[tuple[Layout, int, int, str, bool]] = [
    # the layout, its width and the height of its lower edge in mm, where the header stands, all is in reach
    ("shelf", 154, 1100, "top", True),
    ("shelf", 154, 1127, "top", True),
    ("shelf", 154, 1140, "top", False),
    ("wide", 344, 1000, "top", True),
    ("wide", 344, 1030, "bottom", True),
    ("wide", 344, 1200, "bottom", False),
    ("mirror", 398, 589, "top", True),
    ("mirror", 398, 1000, "top", False),
]


@pytest.mark.parametrize(("layout", "width_mm", "mounting_mm", "header", "reached"), HUNG)
def test_controls_stand_where_a_seated_hand_reaches(
    layout: Layout, width_mm: int, mounting_mm: int, header: str, reached: bool
) -> None:
    drawn = geometry(layout, Panel(width_mm, mounting_mm))
    assert (drawn.header, drawn.flaws == ()) == (header, reached)


def test_a_panel_out_of_reach_is_hung_lower_by_what_the_sentence_says() -> None:
    (flaw,) = geometry("mirror", Panel(398, 1000)).flaws
    assert f"above {REACH_MM} mm" in flaw
    lower_mm = int(flaw.split()[-3])
    assert geometry("mirror", Panel(398, 1000 - lower_mm)).flaws == ()
    assert geometry("mirror", Panel(398, 1000 - lower_mm + 1)).flaws != ()


def test_the_style_sheet_of_a_panel_is_one_number() -> None:
    assert css(Geometry(1072)) == ":root { --fit: 1.072; }\n"


def test_a_file_may_say_all_of_it() -> None:
    section = DisplaySection(port=8080, width_mm=154, mounting_mm=1100, contrast="high")
    assert (section.width_mm, section.mounting_mm, section.contrast) == (154, 1100, "high")
