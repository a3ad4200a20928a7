"""The conformance battery can fail: drivers that break a promise, and vectors that say nothing, are found."""

from collections.abc import Collection
from pathlib import Path

import msgspec
import pytest

from tests.drivers.conformance.battery import EXAMINATIONS, meant
from tests.drivers.conformance.faults import FAULTS, faults_of, survived
from tests.drivers.conformance.mutants import MUTANTS, Brittle, Mutant
from tests.drivers.conformance.scenes import SCENES
from tests.drivers.conformance.subjects import Subject, subject
from tests.drivers.conformance.vectors import known, read

VECTORS = """
protocol = "mt-sics"
profile = "mt-sics"
facts = "a page"
[[vector]]
source = "a hundred grams"
bytes = "53 20 53 20 20 20 20 20 31 30 30 2E 30 30 20 67 0D 0A"
"""


def broken(mutant: type[Mutant], protocol: str) -> Subject:
    right = subject(known(protocol))
    return msgspec.structs.replace(right, fresh=lambda settings: mutant(right.fresh(settings)))


def finders(examined: Subject, among: Collection[str]) -> set[str]:
    """The names of those examinations and faults that find something."""
    scene = SCENES[examined.protocol]
    flaws = {name: examine(examined) for name, examine in EXAMINATIONS.items()}
    flaws |= {fault.name: survived(examined, scene, fault) for fault in faults_of(examined, scene)}
    return {name for name in among if next(flaws[name], None) is not None}


@pytest.mark.parametrize(
    ("mutant", "protocol", "names"), MUTANTS, ids=[mutant.__name__ for mutant, *_ in MUTANTS]
)
def test_a_driver_that_breaks_a_promise_is_found_wherever_that_promise_is_examined(
    mutant: type[Mutant], protocol: str, names: frozenset[str]
) -> None:
    assert finders(broken(mutant, protocol), names) == names


def test_a_driver_that_raises_ends_the_examination_with_its_own_words() -> None:
    examined = broken(Brittle, "mt-sics")
    with pytest.raises(UnicodeDecodeError):
        [*EXAMINATIONS["noisy"](examined)]


def test_a_mutant_that_changes_nothing_has_no_flaw() -> None:
    names = [*EXAMINATIONS, *(fault.name for fault in FAULTS if fault.name != "overload")]
    assert finders(broken(Mutant, "r200"), names) == set()


@pytest.mark.parametrize(
    ("wanted", "flaw"),
    [
        ('readings = [{ type = "Weighed", weight_mg = 100_000, steady = true }]', None),
        ('readings = [{ type = "Weighed", weight_mg = 100_001 }]', "expected"),
        ('readings = [{ type = "Weighed" }, { type = "Weighed" }]', "expected"),
        ("readings = []", "expected"),
        ('never = ["Weighed"]', "expected no Weighed"),
        ('never = ["TagSeen"]', None),
    ],
)
def test_a_vector_is_met_exactly_or_it_is_a_flaw(tmp_path: Path, wanted: str, flaw: str | None) -> None:
    file = tmp_path / "mt-sics.toml"
    file.write_text(VECTORS + wanted)
    found = next(meant(subject(read(file))), None)
    assert (found is None) == (flaw is None)
    assert flaw is None or flaw in str(found)


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        'readings = [{ type = "Heavy" }]',
        'readings = [{ type = "Weighed", weight_g = 100 }]',
        'never = ["Heavy"]',
        'readings = []\nnever = ["Weighed"]',
        "reading = []",
    ],
)
def test_a_vector_that_would_compare_nothing_is_refused(tmp_path: Path, wanted: str) -> None:
    file = tmp_path / "mt-sics.toml"
    file.write_text(VECTORS + wanted)
    with pytest.raises(msgspec.ValidationError):
        read(file)
