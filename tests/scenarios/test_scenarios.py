"""A scenario goes as written, or says which step did not and what was heard instead."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.devices.device import RefusedError
from simulators.scenarios.script import read_scenario
from tests.scenarios.conftest import Opos

EXAMPLES = Path(__file__).parents[2] / "simulators" / "scenarios" / "examples"
Written = Callable[[str], Path]

GOOD = """
  - put: {device: scale, mass_mg: 450000}
  - expect: {from: scale, reading: {type: Weighed, weight_mg: 450000, steady: true}}
  - never: {from: scale, reading: {type: Weighed, weight_mg: 0, steady: true}, for_ms: 100}
  - status: {device: scale, mass_mg: 450000}
  - wait_ms: 1
"""


def test_a_day_that_goes_as_written_is_exit_code_0(opos: Opos, scenario: Written) -> None:
    done = opos("sim", "run", str(scenario(GOOD)), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5]
    assert not any(line["problem"] for line in lines)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        (
            "  - expect: {from: scale, reading: {type: DeviceReady}}\n"
            "  - expect: {from: scale, reading: {type: Weighed, weight_mg: 7}, within_ms: 1500}\n",
            'not within 1500 ms; heard last: {"type":',
        ),
        (
            "  - expect: {from: scale, reading: {type: DeviceReady}}\n"
            "  - never: {from: scale, reading: {type: Weighed}, for_ms: 1000}\n",
            'heard {"type": "Weighed"',
        ),
        ("  - status: {device: scale, mass_mg: 5}\n", 'it says {"mass_mg": 0}'),
        ("  - take: {device: scale, mass_mg: 5}\n", "cannot take 5 mg: 0 mg lie on the plate"),
        ("  - put: {device: toaster, mass_mg: 5}\n", "no device 'toaster' on this bench"),
    ],
)
def test_a_step_that_does_not_go_as_written_says_what_was_heard_instead(
    opos: Opos, scenario: Written, steps: str, says: str
) -> None:
    done = opos("sim", "run", str(scenario(steps + "  - wait_ms: 1\n")))
    assert done.returncode == 1
    assert says in done.stdout
    assert "wait 1 ms" not in done.stdout  # what comes after it is not tried


def test_a_listener_that_cannot_begin_is_told_with_its_own_words(opos: Opos, scenario: Written) -> None:
    file = scenario("  - expect: {from: scale, reading: {type: Weighed}}\n")
    file.write_text(file.read_text(encoding="utf-8").replace("mt-sics", "no-such"), encoding="utf-8")
    done = opos("sim", "run", str(file))
    assert done.returncode == 1
    assert "no profile is called 'no-such'" in done.stdout


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ("  - jump: 5\n", "step 1: expected `jump: {device: NAME, ...}`, got 5"),
        ("  - {wait_ms: 1, put: 2}\n", "step 1: expected one word, as in `- wait_ms: 200`, got wait_ms, put"),
        ("  - wait_ms: -1\n", "step 1, wait_ms: Expected `int` >= 0"),
        ("  - wait_ms: 1\n  - expect: {from: scale}\n", "step 2, expect: Object missing required field"),
        ("  - expect: {from: mirror, reading: {}}\n", "step 1: nobody listens as 'mirror'"),
        ("  []\n", "steps"),
        ("  - [\n", "is no YAML"),
    ],
)
def test_a_file_that_is_no_scenario_says_where(scenario: Written, steps: str, says: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read_scenario(scenario(steps))
    assert says in str(caught.value)


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.scenario.yaml")), ids=lambda file: file.name)
def test_the_examples_go_as_written(opos: Opos, file: Path) -> None:
    done = opos("sim", "run", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def test_scenarios_are_tests_of_pytest(scenario: Written, tmp_path: Path) -> None:
    wrong = scenario("  - status: {device: scale, mass_mg: 5}\n")
    wrong.rename(tmp_path / "wrong.scenario.yaml")
    scenario("  - status: {device: scale, mass_mg: 0}\n")
    plain = ("-p", "no:randomly", "-p", "no:cacheprovider", "--rootdir", str(tmp_path))
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "simulators.scenarios.plugin", *plain, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "1 failed, 1 passed" in ran.stdout
    assert 'step 1, status of scale: mass_mg=5: it says {"mass_mg": 0}' in ran.stdout
