"""The journal while its runtime is there: opened, looked at, let go, and opened again when it failed.

One that cannot be read is told as a fault, and opened anew now and then. More than that a start of the
process would not do either, so nobody ends it: an agent that starts in circles tells nobody what is wrong,
and takes documents, keys and orders away from a shop that may sell all the while.
"""

from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from cloud_sync.agent.agent import Agent
from cloud_sync.agent.ports import Clock, UnreadableError, Waiting
from cloud_sync.contract.receipt import Receipt

# SQLite waits ten seconds for whoever holds the locks of a ledger (seen): in between the line has its turn.
AGAIN_NS: Final = 10_000_000_000


class Journal(Waiting, Protocol):
    """A journal that is open. One that could not be read once answers nothing any more."""

    def last_receipt(self) -> Receipt | None:
        """What the hub said last; None before the first."""
        ...

    def close(self) -> None:
        """Give the file back."""
        ...


_J = TypeVar("_J", bound=Journal)


class Opening(Generic[_J]):
    """Opens the journal of one object for its agent; `open_` raises UnreadableError."""

    def __init__(self, agent: Agent, open_: Callable[[], _J], clock: Clock) -> None:
        self._agent = agent
        self._open_journal = open_
        self._clock = clock
        self._runtime_is_there = False
        self._not_before_ns = 0
        self.journal: _J | None = None
        """The one that is open; None without a runtime, and while it cannot be read."""

    def rung(self, head: int) -> None:
        """The runtime has entries up to `head`."""
        if not self._runtime_is_there:
            self._runtime_is_there = True
            self._agent.came()
        if self.journal is None:
            self._open()
        self._agent.grown(head)

    def look(self) -> None:
        """Touch it: that it cannot be read is told before somebody buys, and that it can be again is seen."""
        if self.journal is None:
            if self._runtime_is_there:
                self._open()
            return
        try:
            self.journal.head()
        except UnreadableError as error:
            self._fail(error)

    def gone(self) -> None:
        """The runtime is gone, and the journal with it."""
        self._agent.closed()
        self._let_go()
        self._runtime_is_there, self._not_before_ns = False, 0

    def _open(self) -> None:
        """Open it; one without an entry yet is looked at again with the next ring."""
        if self._clock.now_ns() < self._not_before_ns:
            return
        try:
            self.journal = self._open_journal()
            identity = self.journal.identity()
            if identity is None:
                self._let_go()
                return
            if (receipt := self.journal.last_receipt()) is not None:
                self._agent.time.proved(receipt.at_ms)
            self._agent.opened(self.journal, identity)
        except UnreadableError as error:
            self._fail(error)

    def _fail(self, error: UnreadableError) -> None:
        self._let_go()
        self._not_before_ns = self._clock.now_ns() + AGAIN_NS
        self._agent.unreadable(str(error))

    def _let_go(self) -> None:
        if self.journal is not None:
            self.journal.close()
            self.journal = None
