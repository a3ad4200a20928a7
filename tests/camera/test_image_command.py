"""`opos decode image`: its lines, its turns, and the catalogue."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edge.cli.decode_image import image
from tests.camera.conftest import Drawn

cv2 = pytest.importorskip("cv2", reason="the extra `camera` is not installed")
pytest.importorskip("pyzbar.wrapper", reason="the extra `camera` (or Debian's libzbar0) is not installed")

COFFEE = "04006381333931"


@pytest.fixture
def photo(drawn: Drawn, tmp_path: Path) -> Path:
    path = tmp_path / "coffee.png"
    cv2.imwrite(str(path), drawn("4006381333931"))
    return path


def answers(*arguments: object) -> list[dict[str, Any]]:
    result = CliRunner().invoke(image, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("degrees", [0, 45, 90, -30])
def test_a_photograph_is_one_line_with_its_codes(photo: Path, degrees: int) -> None:
    (answer,) = answers(photo, "--rotate", degrees)
    (code,) = answer["codes"]
    assert answer.keys() == {"file", "codes", "ms", "error"}
    assert (answer["file"], answer["error"]) == (str(photo), None)
    assert answer["ms"] > 0
    assert code == {
        "symbology": "EAN13",
        "text": "4006381333931",
        "gtin14": COFFEE,
        "votes": code["votes"],
        "accepted": True,
    }
    assert code["votes"] >= 2


@pytest.mark.parametrize(
    ("gtins", "accepted"),
    [("04006381333931\n", True), ("4006381333931\n", True), ("09780441014989\n", False)],
)
def test_only_what_the_catalogue_knows_is_accepted(
    photo: Path, tmp_path: Path, gtins: str, accepted: bool
) -> None:
    catalogue = tmp_path / "gtins.txt"
    catalogue.write_text(gtins, encoding="utf-8")
    (answer,) = answers(photo, "--catalogue", catalogue)
    assert [(code["gtin14"], code["accepted"]) for code in answer["codes"]] == [(COFFEE, accepted)]


def test_files_are_answered_in_order_and_those_that_are_no_pictures_too(photo: Path, tmp_path: Path) -> None:
    words, gone = tmp_path / "words.png", tmp_path / "gone.png"
    words.write_text("not a picture", encoding="utf-8")
    lines = answers(words, photo, gone, tmp_path)
    assert [line["file"] for line in lines] == list(map(str, (words, photo, gone, tmp_path)))
    assert [line["error"] is None for line in lines] == [False, True, False, False]
    assert [len(line["codes"]) for line in lines] == [0, 1, 0, 0]


def test_a_group_separator_is_text_like_any_other(drawn: Drawn, tmp_path: Path) -> None:
    path = tmp_path / "matrix.png"
    cv2.imwrite(str(path), drawn("10A\x1d21B", "DataMatrix"))
    (answer,) = answers(path)
    assert [code["text"] for code in answer["codes"]] == ["10A\x1d21B"]
