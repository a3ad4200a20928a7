"""The measuring reader: codes that were drawn by others, then badly printed and badly seen."""

from typing import Any

import pytest

from tests.camera.conftest import Drawn

np = pytest.importorskip("numpy", reason="the extra `camera` is not installed")
cv2 = pytest.importorskip("cv2", reason="the extra `camera` is not installed")

from edge.drivers.camera.measured import bars, measure  # noqa: E402 - only where the extra is
from edge.drivers.camera.patterns import EAN_8, EAN_13, UPC_E  # noqa: E402

FORMS = EAN_13, EAN_8, UPC_E

# Symbology, what zxing-cpp is given to draw, the digits that must be read.
CODES = [
    ("EAN13", "4006381333931", "4006381333931"),
    ("EAN13", "9780441014989", "9780441014989"),
    ("UPCA", "036000291452", "0036000291452"),
    ("EAN8", "96385074", "96385074"),
    ("UPCE", "04252614", "0042100005264"),
    ("UPCE", "01234531", "0012300000451"),
]


def line(picture: Any) -> Any:
    """One line through the middle of the bars."""
    return picture[len(picture) // 3 : len(picture) // 2].mean(0, dtype=np.float32)


def read(profile: Any) -> set[str]:
    return {code.digits for code in measure(profile, FORMS)}


@pytest.mark.parametrize(("symbology", "text", "digits"), CODES)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_drawn_code_is_read_either_way_around(
    drawn: Drawn, symbology: str, text: str, digits: str, backwards: bool
) -> None:
    profile = line(drawn(text, symbology, scale=4))
    assert read(profile[::-1].copy() if backwards else profile) == {digits}


@pytest.mark.parametrize("blur", [0.2, 0.4, 0.6])
@pytest.mark.parametrize("shade", [0, 120])
def test_blur_and_a_shadow_do_not_matter(drawn: Drawn, blur: float, shade: int) -> None:
    profile = cv2.GaussianBlur(line(drawn("4006381333931", scale=4))[None], (0, 0), blur * 4)[0]
    shadow = np.linspace(0, shade, len(profile), dtype=np.float32)
    assert read(profile * (1 - shadow / 255)) == {"4006381333931"}


@pytest.mark.parametrize("fatter_px", [3, 5])
def test_bars_that_the_press_made_too_wide_are_read_as_they_were_meant(drawn: Drawn, fatter_px: int) -> None:
    picture = cv2.erode(drawn("4006381333931", scale=8), np.ones((1, fatter_px)))
    assert read(cv2.GaussianBlur(line(picture)[None], (0, 0), 3)[0]) == {"4006381333931"}


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_code(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(128, 60, 600).astype(np.float32)
    assert read(cv2.GaussianBlur(noise[None], (0, 0), 2)[0]) == set()


@pytest.mark.parametrize("length", [1, 2, 7, 30])
def test_a_line_too_short_for_a_code_is_none(length: int) -> None:
    assert read(np.zeros(length, np.float32)) == set()


def test_a_code_with_a_wrong_check_digit_is_none(drawn: Drawn) -> None:
    # The right half of another code: every digit is well printed, and the sum is wrong.
    one, other = (line(drawn(text, scale=4)) for text in ("4006381333931", "4006381333948"))
    middle = len(one) // 2
    assert read(np.concatenate([one[:middle], other[middle:]])) <= {"4006381333948"}
    third = line(drawn("9780441014989", scale=4))
    assert read(np.concatenate([one[:middle], third[middle:]])) == set()


def test_the_edge_of_a_box_has_no_bars() -> None:
    assert bars(np.repeat(np.float32([200, 40]), 300)) < 2
