"""What the tests of the camera share: the public photographs, and codes that a library has drawn."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
Drawn = Callable[..., Any]


@pytest.fixture
def public() -> Path:
    """The public photographs below $OPOS_DATA/identification."""
    path = ROOT / os.environ.get("OPOS_DATA", "../shared/data") / "identification"
    if not (path / "images.jsonl").exists():
        pytest.skip(f"public photographs are not here: {path}")
    return path


@pytest.fixture
def drawn() -> Drawn:
    """Draws a code with zxing-cpp's own writer, `scale` pixels a module, on paper."""
    np = pytest.importorskip("numpy", reason="the extra `camera` is not installed")
    zxingcpp = pytest.importorskip("zxingcpp", reason="the extra `camera` is not installed")

    def draw(text: str, symbology: str = "EAN13", scale: int = 3) -> Any:
        code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.__members__[symbology])
        picture = np.array(zxingcpp.write_barcode_to_image(code, scale=scale, add_quiet_zones=True))
        return np.pad(picture, 40, constant_values=255)

    return draw
