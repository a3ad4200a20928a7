"""What the figures of GS1 scans are taken with: valid labels, all different. Nothing measures time."""

from benchmarks.identity import gs1
from retail.identity import scan
from retail.identity.gs1.label import Label

# The number that was promised, said here once more: a goal that is moved shows.
PROMISED = {"gs1-scan": "value >= 100000"}


def test_every_promised_number_stands_beside_its_goal() -> None:
    assert {each.name: str(each.goal) for each in gs1.BENCHMARKS if each.goal is not None} == PROMISED


def test_the_scans_are_valid_different_and_of_every_kind() -> None:
    labels = [scan.read(text) for text in gs1.scans()]
    assert all(isinstance(label, Label) for label in labels)
    assert len(set(gs1.scans())) == gs1.SCANS
    kinds = {tuple(ai for ai, _ in label.ais) for label in labels if isinstance(label, Label)}
    assert len(kinds) == 6


def test_the_bare_pattern_cuts_each_of_them_alike() -> None:
    for text in gs1.scans():
        label = scan.read(text)
        assert isinstance(label, Label)
        (groups,) = gs1._CUT.findall(text)
        parts = [part for part in groups if part]
        assert tuple(zip(parts[::2], parts[1::2], strict=True)) == label.ais
