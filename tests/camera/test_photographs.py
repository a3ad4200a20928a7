"""The public photographs: how many are read, and that nothing is read wrongly."""

from pathlib import Path

import pytest

pytest.importorskip("cv2", reason="the extra `camera` is not installed")
pytest.importorskip("pyzbar.wrapper", reason="the extra `camera` (or Debian's libzbar0) is not installed")

from benchmarks.identity.camera import RETAIL, photographs, table, unhurried

# Rows that say nothing to compare with: (group, why).
UNLABELLED = {
    "FalsePos": "there is no code: any read is a false read, and is counted",
    "Multi": "several codes without labels upstream",
    "QR-StructuredAppend": "the label is the text of four symbols together",
}

# Photographs that are not read upright, and why.
UNREAD = {
    "zxing-cpp/upca-5/26.webp": "foil: half of the bars are reflections in every band",
    "zxing-cpp/rss14-2/22.webp": "a stacked DataBar out of focus; no reader of the three has it",
    "zxing-cpp/qrcode-4/05.webp": "crumpled cloth",
    "zxing-cpp/qrcode-4/06.webp": "crumpled cloth",
    "zxing-cpp/qrcode-4/13.webp": "crumpled cloth",
}


@pytest.mark.usefixtures("public")
def test_every_row_of_the_set_is_asked_or_named_with_its_reason() -> None:
    silent = {row["group"] for row in photographs() if row["expected"] is None}
    assert silent == set(UNLABELLED)
    assert UNREAD.keys() <= {row["id"] for row in photographs()}


@pytest.mark.usefixtures("public")
def test_upright_photographs_are_read() -> None:
    upright = table(unhurried, 0)
    unread = sum(upright.photos.values()) - sum(upright.read.values())
    assert unread <= len(UNREAD)
    assert upright.percent(*RETAIL) >= 89
    assert upright.percent("QR") >= 93
    assert upright.percent("DataMatrix") >= 95


@pytest.mark.usefixtures("public")
def test_photographs_at_45_degrees_are_read() -> None:
    upright, oblique = table(unhurried, 0), table(unhurried, 45)
    assert oblique.percent(*RETAIL) >= 79
    for group in ("Code128", "ITF", "DataBar", "DataBarExp"):
        assert 2 * oblique.read[group] >= upright.read[group], group


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("degrees", [0, 45])
def test_no_product_is_accepted_that_is_not_there(degrees: int) -> None:
    found = table(unhurried, degrees)
    assert (found.wrong_accepted, found.false_reads) == (0, 0)


def test_the_set_is_where_the_benchmarks_look_for_it(public: Path) -> None:
    assert photographs()[0]["path"].is_relative_to(public)
