"""docs/bench.md names all that a calibration says: each reason of a refusal, each field of what is kept."""

import re
from pathlib import Path

import msgspec

from edge.provision.calibrate.findings import Why
from edge.runtime.calibrations import Calibration

PAGE = (Path(__file__).parents[2] / "docs/bench.md").read_text(encoding="utf-8")


def in_the_table(head: str) -> set[str]:
    """What stands in the first column of the table with this head."""
    rows = PAGE.split(f"\n{head}\n| --- | --- |\n")[1].split("\n\n")[0].splitlines()
    return {word for row in rows for word in re.findall(r"`([\w-]+)`", row.split(" | ")[0])}


def test_each_reason_of_a_refusal_is_in_the_book() -> None:
    assert in_the_table("| refused | because |") == {why.value for why in Why}


def test_each_field_of_a_calibration_is_in_the_book() -> None:
    assert in_the_table("| field of `saved` | |") == {
        each.name for each in msgspec.structs.fields(Calibration)
    }
