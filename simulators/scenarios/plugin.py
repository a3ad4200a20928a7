"""Scenario files as tests: `pytest -p simulators.scenarios.plugin shop.scenario.yaml`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from simulators.devices.device import RefusedError
from simulators.scenarios.run import run
from simulators.scenarios.script import SUFFIX, read_scenario


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Every file that is called so is a test."""
    if file_path.name.endswith(SUFFIX):
        collector: pytest.Collector = ScenarioFile.from_parent(parent, path=file_path)
        return collector
    return None


class ScenarioFile(pytest.File):
    """A file with one scenario."""

    def collect(self) -> Iterable[pytest.Item]:
        """The scenario is the only test in it."""
        yield ScenarioTest.from_parent(self, name="scenario")


class ScenarioTest(pytest.Item):
    """The run of one scenario."""

    def runtest(self) -> None:
        """Run it; a step that does not go as written fails the test with its own words."""
        scenario = read_scenario(self.path)
        last = run(scenario, lambda _outcome: None)[-1]
        if last.problem:
            raise ScenarioFailedError(f"step {last.step}, {last.said}: {last.problem}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What a reader of the report needs is the sentence, not where in our code it was raised."""
        if isinstance(excinfo.value, ScenarioFailedError | RefusedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """How it is called."""
        return self.path, 0, f"scenario: {self.path.name}"


class ScenarioFailedError(Exception):
    """A step did not go as written."""
