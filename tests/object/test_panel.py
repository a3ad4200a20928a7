"""The glass of an object that starts: drawn for the panel that the file or the panel itself describes."""

import logging
from pathlib import Path

import pytest

from edge.config import ConfigError, ObjectConfig, load
from edge.display.voice import VOICES
from edge.runtime.glass import glass_of
from tests.display.test_geometry import connector, edid
from tests.object.test_config import GOOD, write


def told(directory: Path, display: str = "") -> ObjectConfig:
    return load(write(directory, GOOD.replace("port = 8101", f"port = 8101\n{display}")))


def test_a_panel_is_measured_and_a_mirror_hangs_upright(tmp_path: Path) -> None:
    connector(tmp_path / "drm", "card0-HDMI-A-1", "connected", edid(cm=(28, 16), mm=(280, 160)))
    drawn = glass_of(told(tmp_path), spoken=False, drm=tmp_path / "drm").drawn
    assert (drawn.scale_permille, drawn.flaws) == (1101, ())


def test_what_the_file_says_is_believed_before_the_panel(tmp_path: Path) -> None:
    connector(tmp_path / "drm", "card0-HDMI-A-1", "connected", edid(cm=(28, 16), mm=(280, 160)))
    config = told(tmp_path, 'width_mm = 398\ncontrast = "high"')
    glass = glass_of(config, spoken=True, drm=tmp_path / "drm")
    assert (glass.drawn.scale_permille, glass.contrast, glass.voices) == (1000, True, tuple(VOICES))


def test_what_nobody_reaches_is_said_in_the_log_and_sells_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = told(tmp_path, "width_mm = 398\nmounting_mm = 900")
    with caplog.at_level(logging.WARNING):
        glass = glass_of(config, spoken=False, drm=tmp_path)
    assert "mirror-4's panel: some controls are above 1220 mm" in caplog.text
    assert glass.voices == ()


@pytest.mark.parametrize(
    "wrong", ["width_mm = 49", "width_mm = 15.4", "mounting_mm = -1", 'contrast = "low"']
)
def test_a_panel_that_cannot_be_is_refused_by_its_field(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ConfigError, match=rf"display\.{wrong.split(maxsplit=1)[0]}"):
        told(tmp_path, wrong)
