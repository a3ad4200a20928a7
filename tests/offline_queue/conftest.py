"""A ledger in a temporary directory, a clock that stands still until it is moved, and a key."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from cloud_sync.contract.signing import SoftwareKey
from edge.clock import ClockQuality
from edge.offline_queue.journal import Journal, open_journal
from edge.offline_queue.projections import Projection
from edge.readings import Nanoseconds
from tests.offline_queue.desk import Desk


class StillClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.ns = 1_000_000_000
        self.ms = 1_700_000_000_000

    def now_ns(self) -> Nanoseconds:
        return Nanoseconds(self.ns)

    def wall_ms(self) -> int:
        return self.ms

    def quality(self) -> ClockQuality:
        return "untrusted"


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture(scope="session")
def key() -> SoftwareKey:
    return SoftwareKey.generate()


Opener = Callable[..., Journal]


@pytest.fixture
def opened(tmp_path: Path, clock: StillClock, key: SoftwareKey) -> Iterator[Opener]:
    """Open the journal in the test's directory, as often as the test likes."""
    journals: list[Journal] = []

    def again(*projections: Projection, dev: str = "mirror-4") -> Journal:
        if journals:
            journals[-1].close()
        journal = open_journal(tmp_path / "ledger.db", key, dev, clock, projections)
        journals.append(journal)
        journal.start("1.0")
        return journal

    yield again
    if journals:
        journals[-1].close()


@pytest.fixture
def desk(tmp_path: Path, clock: StillClock, key: SoftwareKey) -> Iterator[Desk]:
    """A directory with one ledger, and a pen for it."""
    laid = Desk(tmp_path, key, clock)
    yield laid
    laid.close()


_TOLD: Final = pytest.StashKey[list[str]]()


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say at the end of the run what a proof has tried, and from which seeds."""
    return request.config.stash.setdefault(_TOLD, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    told = config.stash.get(_TOLD, [])
    if told:
        terminalreporter.section("what the ledger was put through")
        for line in sorted(told):
            terminalreporter.line(line)
