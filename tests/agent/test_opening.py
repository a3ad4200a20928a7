"""The journal is opened once for each runtime, let go when it fails, and then not tried all the time."""

from typing import cast

import pytest

from cloud_sync.agent.agent import Agent
from cloud_sync.agent.opening import AGAIN_NS, Opening
from cloud_sync.agent.ports import UnreadableError
from cloud_sync.contract.receipt import Receipt
from tests.agent.weeks_world import EndlessJournal, Whose

AT_MS = 1_700_000_000_000


class PaperAgent:
    """Writes down what it is told; `cannot_read` is where it comes across a damaged place itself."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.cannot_read = False
        self.time = self

    def proved(self, at_ms: int) -> None:
        assert at_ms == AT_MS

    def came(self) -> None:
        self.told.append("came")

    def opened(self, _waiting: object, identity: Whose) -> None:
        if self.cannot_read:
            raise UnreadableError("entry 7")
        self.told.append(f"opened {identity.dev}")

    def grown(self, head: int) -> None:
        self.told.append(f"grown {head}")

    def unreadable(self, why: str) -> None:
        self.told.append(f"unreadable: {why}")

    def closed(self) -> None:
        self.told.append("closed")


class Drawer:
    """Where the journal lies; its `bad` is why it cannot be read, `begun` whether it has an entry."""

    def __init__(self) -> None:
        self.bad = ""
        self.begun = True
        self.opened = self.closed = 0
        self.ns = 0

    def open(self) -> "PaperJournal":
        self.opened += 1
        if self.bad:
            raise UnreadableError(self.bad)
        return PaperJournal(self)

    def now_ns(self) -> int:
        return self.ns

    def wall_ms(self) -> int:
        return AT_MS


class PaperJournal(EndlessJournal):
    """A journal from the drawer."""

    def __init__(self, drawer: Drawer) -> None:
        super().__init__()
        self._drawer = drawer

    def identity(self) -> Whose:
        return cast("Whose", Whose() if self._drawer.begun else None)

    def head(self) -> int:
        if self._drawer.bad:
            raise UnreadableError(self._drawer.bad)
        return super().head()

    def last_receipt(self) -> Receipt | None:
        return Receipt("mirror-4", "e", 0, "", 1, 0, AT_MS)

    def close(self) -> None:
        self._drawer.closed += 1


class Desk:
    """An opening, whom it tells, and where it opens."""

    def __init__(self) -> None:
        self.agent, self.drawer = PaperAgent(), Drawer()
        self.opening = Opening(cast("Agent", self.agent), self.drawer.open, self.drawer)

    def told(self) -> list[str]:
        """What was told since it was asked last."""
        told, self.agent.told = self.agent.told, []
        return told


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_runtime_that_rings_is_there_and_its_journal_is_opened_once(desk: Desk) -> None:
    desk.opening.rung(3)
    desk.opening.rung(4)
    desk.opening.look()
    assert desk.told() == ["came", "opened mirror-4", "grown 3", "grown 4"]
    assert desk.drawer.opened == 1


def test_without_a_runtime_nothing_is_opened(desk: Desk) -> None:
    desk.opening.look()
    assert (desk.drawer.opened, desk.told()) == (0, [])


def test_a_journal_without_an_entry_is_let_go_and_looked_at_with_the_next_ring(desk: Desk) -> None:
    desk.drawer.begun = False
    desk.opening.rung(0)
    assert (desk.opening.journal, desk.drawer.closed) == (None, 1)
    desk.drawer.begun = True
    desk.opening.rung(1)
    assert desk.told() == ["came", "grown 0", "opened mirror-4", "grown 1"]


def test_one_that_cannot_be_opened_is_not_tried_with_each_sale(desk: Desk) -> None:
    desk.drawer.bad = "locked"
    for head in range(5):
        desk.opening.rung(head)
        desk.opening.look()
    assert desk.drawer.opened == 1
    assert [each for each in desk.told() if not each.startswith("grown")] == ["came", "unreadable: locked"]
    desk.drawer.ns, desk.drawer.bad = AGAIN_NS, ""
    desk.opening.look()
    assert desk.told() == ["opened mirror-4"]


def test_one_that_fails_while_nobody_sells_is_told_and_given_back(desk: Desk) -> None:
    desk.opening.rung(3)
    desk.drawer.bad = "damaged"
    desk.opening.look()
    assert desk.told()[-1] == "unreadable: damaged"
    assert (desk.opening.journal, desk.drawer.closed) == (None, 1)


def test_one_in_which_the_agent_comes_across_a_damaged_place_is_given_back(desk: Desk) -> None:
    desk.agent.cannot_read = True
    desk.opening.rung(9)
    assert desk.told() == ["came", "unreadable: entry 7", "grown 9"]
    assert (desk.opening.journal, desk.drawer.opened, desk.drawer.closed) == (None, 1, 1)


def test_the_next_runtime_waits_for_nothing(desk: Desk) -> None:
    desk.drawer.bad = "gone"
    desk.opening.rung(3)
    desk.opening.gone()
    desk.drawer.bad = ""
    desk.opening.rung(1)
    assert desk.told()[-4:] == ["closed", "came", "opened mirror-4", "grown 1"]
