"""Pictures of packs in a hand: easy ones are read by any decoder, hard ones look like what they are."""

import random
from typing import Any

import pytest

pytest.importorskip("cv2", reason="the extra `camera` is not installed")
zxingcpp: Any = pytest.importorskip("zxingcpp", reason="the extra `camera` is not installed")

from simulators.shoppers.camera import HEIGHT, WIDTH, View, approaching, label, modules, seen  # noqa: E402 (above)

CODES = ["4006381333931", "9780201379624", "0012345678905", "7350053850019"]
LUCK = 1


def read(picture: Any) -> set[str]:
    return {found.text for found in zxingcpp.read_barcodes(picture)}


def test_the_modules_are_those_of_the_standard() -> None:
    left = ["0001011", "0100111", "0110011", "0010011", "0111101", "0011101"]  # 9 A, 0 B, 1 B, 2 A, 3 A, 4 B
    assert modules("5901234123457")[:45] == "101" + "".join(left)


@pytest.mark.parametrize("code", CODES)
def test_a_pack_that_is_held_well_is_read_by_any_decoder(code: str) -> None:
    picture = seen(label(code), View(), random.Random(LUCK))
    assert picture.shape == (HEIGHT, WIDTH)
    assert read(picture) in ({code}, {code.removeprefix("0")})  # with a 0 before it, it is a UPC-A


@pytest.mark.parametrize("roll", [0, 20, 90, 180])
def test_a_pack_in_perspective_is_still_a_code(roll: float) -> None:
    view = View(roll=roll, yaw=25, pitch=-20)
    assert read(seen(label(CODES[0]), view, random.Random(LUCK))) == {CODES[0]}


@pytest.mark.parametrize(
    "view", [View(motion_px=25, motion_degrees=0), View(defocus_px=6.0), View(distance_mm=900)]
)
def test_what_no_decoder_can_read_is_read_by_none(view: View) -> None:
    assert read(seen(label(CODES[0]), view, random.Random(LUCK))) == set()


def test_dim_light_is_darker_and_noisier() -> None:
    bright, dim = (
        seen(label(CODES[0]), View(light_percent=percent), random.Random(LUCK)) for percent in (100, 5)
    )
    assert dim.mean() < bright.mean() / 2
    white = slice(HEIGHT // 2 - 20, HEIGHT // 2 - 10), slice(WIDTH // 2 - 190, WIDTH // 2 - 180)
    assert dim[white].std() / dim[white].mean() > 2 * bright[white].std() / bright[white].mean()


def test_a_hand_that_comes_nearer_is_one_second_of_one_seed() -> None:
    first = [picture.tobytes() for picture in approaching(CODES[0], random.Random(3), frames=6)]
    again = [picture.tobytes() for picture in approaching(CODES[0], random.Random(3), frames=6)]
    assert first == again
    assert len(set(first)) == 6


def test_no_picture_is_read_as_another_code() -> None:
    luck = random.Random(LUCK)
    for _ in range(40):
        code = luck.choice(CODES)
        assert read(seen(label(code), View.drawn(luck), luck)) <= {code, code.removeprefix("0")}
