"""A small fleet as a person starts it: its own Mosquitto, its own hub, and what is said at the end."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from simulators.cli import sim
from simulators.fleet.crowd import Crowd
from simulators.fleet.place import HubFigures
from simulators.fleet.report import Took, report_of
from simulators.fleet.shift import Shift, Where

OPOS = (sys.executable, "-m", "opos")


def fleet(*words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and report of a fleet."""
    command = [*OPOS, "sim", "fleet", *words, "--json"]
    done = subprocess.run(command, check=False, capture_output=True, timeout=120)
    assert done.stdout, done.stderr.decode()
    return done.returncode, json.loads(done.stdout)


def test_objects_that_come_back_at_once_and_go_on_selling_are_counted_once_each() -> None:
    code, report = fleet("5", "--rate", "60", "--minutes", "0.05", "--offline", "300")
    assert code == 0, report
    assert (report["objects"], report["sales"], report["receipts"]) == (5, 5 * 303, 5 * 303)
    assert report["entries"] == 5 * 305
    assert (report["rejected"], report["lost"], report["doubled"], report["false_receipts"]) == (0, 0, 0, 0)
    assert report["money"] == report["hub_money"]
    assert report["receipt_p50_ms"] <= report["receipt_p99_ms"] <= report["receipt_max_ms"]
    assert report["cpu_s"].keys() == {"fleet", "mosquitto", "hub"}


def crowd_of(sales: int) -> Crowd:
    """Two objects that have no line, and have sold so often each."""
    shift = Shift(objects=2, rate=0, minutes=0, offline=sales, seed=1)
    return Crowd(shift, "test", Where("127.0.0.1", 1), [])


# What the hub has counted of two objects that sold three times each, and what is said of it.
COUNTED = [
    ({"fleet-test-0000": 3, "fleet-test-0001": 3}, 0, (0, 0, True)),
    ({"fleet-test-0000": 3, "fleet-test-0001": 2}, -1, (1, 0, False)),
    ({"fleet-test-0000": 4, "fleet-test-0001": 2}, 0, (1, 1, True)),
    ({"fleet-test-0000": 3}, -5, (3, 0, False)),
    ({"fleet-test-0000": 3, "fleet-test-0001": 5}, 7, (0, 2, False)),
]


@pytest.mark.parametrize(("counted", "more_minor", "said"), COUNTED)
def test_what_the_hub_has_not_counted_or_counted_twice_is_said(
    counted: dict[str, int], more_minor: int, said: tuple[int, int, bool]
) -> None:
    crowd = crowd_of(sales=3)
    figures = HubFigures(counted, {"EUR": crowd.total_minor + more_minor})
    report = report_of(crowd, figures, 0, Took(0, 0, 0, {}))
    assert (report.lost, report.doubled, report.money_equal) == said
    assert not report.is_well  # nobody has a receipt
    assert (report.sales, report.receipts, report.receipt_p99_ms) == (6, 0, None)


@pytest.mark.parametrize(
    "wrong", [{"rejected": 1}, {"lost": 1}, {"doubled": 1}, {"money_equal": False}, {"receipts": 5}]
)
def test_one_thing_that_is_wrong_is_enough_for_exit_code_1(wrong: dict[str, Any]) -> None:
    crowd = crowd_of(sales=3)
    figures = HubFigures({"fleet-test-0000": 3, "fleet-test-0001": 3}, {"EUR": crowd.total_minor})
    well = msgspec.structs.replace(report_of(crowd, figures, 0, Took(0, 0, 0, {})), receipts=6)
    assert well.is_well
    assert not msgspec.structs.replace(well, **wrong).is_well


def test_the_waits_of_receipts_are_percentiles_by_nearest_rank() -> None:
    crowd = crowd_of(sales=0)
    crowd.members[0].trader.waits_ns += [n * 1_000_000 for n in range(1, 101)]
    report = report_of(crowd, HubFigures({}, {}), 0, Took(0, 0, 0, {}))
    assert (report.receipt_p50_ms, report.receipt_p99_ms, report.receipt_max_ms) == (50, 99, 100)


# What is typed, and what is said.
WRONG = [
    (["3", "--rate", "0"], "nobody would sell anything"),
    (["0"], "0 is not in the range"),
    (["3", "--broker", "127.0.0.1"], "expected HOST:PORT"),
    (["3", "--broker", "127.0.0.1:1883"], "belong together"),
    (["3", "--hub", "http://127.0.0.1:1"], "belong together"),
    (
        ["3", *("--broker", "h:1", "--hub", "http://h", "--hub-dir", "."), "--database", "postgresql://h/d"],
        "--database is for a hub that is started here",
    ),
    (["three"], "not a valid integer"),
]


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_what_makes_no_sense_is_said_with_exit_code_2(words: list[str], said: str) -> None:
    result = CliRunner().invoke(sim, ["fleet", *words], prog_name="opos sim")
    assert (result.exit_code, said in result.output) == (2, True), result.output


def test_help_has_examples() -> None:
    result = CliRunner().invoke(sim, ["fleet", "--help"], prog_name="opos sim")
    assert "opos sim fleet 16 --rate 0 --offline 120" in result.output.partition("Examples:")[2]


def test_a_place_where_there_is_no_hub_is_said_in_a_sentence(tmp_path: Path) -> None:
    where = ("--broker", "127.0.0.1:9", "--hub", "http://127.0.0.1:9", "--hub-dir", str(tmp_path))
    result = CliRunner().invoke(sim, ["fleet", "1", *where], prog_name="opos sim")
    assert result.exit_code == 1
    assert "there is no hub here" in result.output
