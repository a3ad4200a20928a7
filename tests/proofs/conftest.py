"""What the worlds were put through is said at the end of a run, with the seeds that play it again."""

from collections.abc import Callable
from typing import Final

import pytest

_TOLD: Final = pytest.StashKey[list[str]]()


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say at the end of the run what a proof has tried, and from which seeds."""
    return request.config.stash.setdefault(_TOLD, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    told = config.stash.get(_TOLD, [])
    if told:
        terminalreporter.section("what object and hub were put through")
        for line in sorted(told):
            terminalreporter.line(line)
