"""Looking at pictures: all ways round, seen from the side, and with nothing in them."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest

from tests.camera.conftest import Drawn

np = pytest.importorskip("numpy", reason="the extra `camera` is not installed")
cv2 = pytest.importorskip("cv2", reason="the extra `camera` is not installed")
pytest.importorskip("pyzbar.wrapper", reason="the extra `camera` (or Debian's libzbar0) is not installed")

from edge.drivers.camera.looks import Eyes  # noqa: E402 - only where the extra is
from edge.drivers.camera.picture import PictureError, decoded, fitted, grey, turned  # noqa: E402
from edge.sensors.votes import Voted, count  # noqa: E402

COFFEE = "04006381333931"


@pytest.fixture
def eyes() -> Iterator[Eyes]:
    open_eyes = Eyes()
    yield open_eyes
    open_eyes.close()


def codes(eyes: Eyes, picture: Any) -> tuple[Voted, ...]:
    return count(chain.from_iterable(eyes.looks(picture)), lambda _: True)


@pytest.mark.parametrize("degrees", [0, 17, 45, 90, 133, 180, 270, 301])
def test_a_pack_is_known_whichever_way_it_is_held(drawn: Drawn, eyes: Eyes, degrees: int) -> None:
    assert [code.gtin14 for code in codes(eyes, turned(drawn("4006381333931"), degrees))] == [COFFEE]


@pytest.mark.parametrize("degrees", [0, 45])
@pytest.mark.parametrize(
    ("symbology", "text"),
    [("Code128", "PICK-0042"), ("Code39", "SHELF7"), ("ITF", "30712345000010"), ("DataMatrix", "B7-0042")],
)
def test_other_codes_are_read_too(drawn: Drawn, eyes: Eyes, symbology: str, text: str, degrees: int) -> None:
    assert text in {code.text for code in codes(eyes, turned(drawn(text, symbology), degrees))}


def test_bars_that_fan_out_are_set_upright(drawn: Drawn, eyes: Eyes) -> None:
    picture = drawn("4006381333931")
    height, width = picture.shape
    seen = np.float32([(0, 0), (width, 0), (width, height), (0, height)])
    leaning = np.float32([(60, 0), (width - 20, 30), (width, height), (0, height - 10)])
    oblique = cv2.warpPerspective(
        picture, cv2.getPerspectiveTransform(seen, leaning), (width, height), borderValue=255
    )
    assert [(code.gtin14, code.accepted) for code in codes(eyes, oblique)] == [(COFFEE, True)]


def test_two_packs_in_view_are_both_seen_and_neither_is_accepted(drawn: Drawn, eyes: Eyes) -> None:
    both = np.vstack([drawn("4006381333931"), drawn("9780441014989")])
    found = codes(eyes, both)
    assert {code.gtin14 for code in found} == {COFFEE, "09780441014989"}
    assert not any(code.accepted for code in found)


def test_a_digital_link_names_its_product(drawn: Drawn, eyes: Eyes) -> None:
    link = drawn("https://id.gs1.org/01/09520123456788/21/a1", "QRCode")
    assert [(code.gtin14, code.accepted) for code in codes(eyes, link)] == [("09520123456788", True)]


def test_upc_e_is_off_unless_a_shop_asks_for_it(drawn: Drawn, eyes: Eyes) -> None:
    short = drawn("04252614", "UPCE")
    assert codes(eyes, short) == ()
    asking = Eyes(upc_e=True)
    assert [code.gtin14 for code in codes(asking, short)] == ["00042100005264"]
    asking.close()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (3, 3), (40, 40), (480, 640)])
@pytest.mark.parametrize("seed", [None, 1])
def test_nothing_is_seen_where_nothing_is(eyes: Eyes, shape: tuple[int, int], seed: int | None) -> None:
    picture = np.full(shape, 200, np.uint8)
    if seed is not None:
        picture = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    assert codes(eyes, picture) == ()


@pytest.mark.parametrize("turn", range(5))
def test_whichever_look_comes_first_all_of_them_come(drawn: Drawn, eyes: Eyes, turn: int) -> None:
    picture = drawn("4006381333931")
    first = [vote for votes in eyes.looks(picture, turn) for vote in votes]
    assert {vote.reader for vote in first} == {"zxing", "zbar", "measure"}


def test_a_turned_picture_loses_no_corner() -> None:
    picture = np.full((100, 200), 255, np.uint8)
    picture[:4, :4] = picture[:4, -4:] = picture[-4:, :4] = picture[-4:, -4:] = 0
    for degrees in (30, 45, 90, 200):
        labels, _ = cv2.connectedComponents((turned(picture, degrees) < 128).astype(np.uint8))
        assert labels - 1 == 4, f"{degrees} degrees"


def test_pictures_come_in_as_grey_and_no_larger_than_we_look_at() -> None:
    assert grey(np.zeros((480, 640, 3), np.uint8)).shape == (480, 640)
    assert max(fitted(np.zeros((3000, 4000), np.uint8)).shape) <= 1280


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\0\0\0WEBPVP8 "])
def test_bytes_that_are_no_picture_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(PictureError, match=r"shelf\.png"):
        decoded(np.frombuffer(data, np.uint8), "shelf.png")
