"""The uplink: decides which entries go out and when; it touches no line, no file and no clock.

It asks before it pours. On a new connection, and whenever the hub owes an answer for too long, one batch is
out (the last entry once more, if there is nothing new); the hub's receipt says from where to go on, and that
somebody is there. After that up to `BATCHES_MAX` are out. A hub that has been quiet for long, since nothing
was sold, is asked in passing: one that came back from a backup may need what nobody else still has.
"""

import random
from collections import deque
from enum import Enum
from typing import Final

import msgspec

from cloud_sync.agent.duty import ALWAYS, Duty
from cloud_sync.agent.ports import Waiting
from cloud_sync.contract.batch import ENTRIES_MAX
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.receipt import Receipt

BATCHES_MAX: Final = 8
"""The most batches without a receipt: 768 KiB before compression, and what a lost one costs to send again."""

_MS: Final = 1_000_000
# An answer takes two syncs of the hub's disk and the way there and back. Three seconds without any is a line
# that is down, whatever TCP says.
PATIENCE_NS: Final = 3_000 * _MS
# After a reconnect each object of a fleet asks at its own moment.
SPREAD_NS: Final = 250 * _MS
# The line took no more: look again this much later.
PAUSE_NS: Final = 100 * _MS


class Stage(Enum):
    """How the uplink stands with the hub."""

    AWAY = "away"  # no line, or nobody who could record a receipt
    ASKING = "asking"  # a line, and no answer on it yet (or none in time): one batch is out
    FLOWING = "flowing"  # the hub answers: up to BATCHES_MAX are out
    FORKED = "forked"  # the hub has entries of ours that we do not have: nothing more goes out


class Step(Enum):
    """What can happen to the uplink."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    ANSWERED = "answered"
    OVERDUE = "overdue"
    CONTRADICTED = "contradicted"


# What is not here cannot happen: an answer finds nobody AWAY, and only a new journal ends FORKED.
MOVES: Final = {
    (Stage.AWAY, Step.CONNECTED): Stage.ASKING,
    (Stage.ASKING, Step.ANSWERED): Stage.FLOWING,
    (Stage.ASKING, Step.OVERDUE): Stage.ASKING,
    (Stage.ASKING, Step.DISCONNECTED): Stage.AWAY,
    (Stage.ASKING, Step.CONTRADICTED): Stage.FORKED,
    (Stage.FLOWING, Step.ANSWERED): Stage.FLOWING,
    (Stage.FLOWING, Step.OVERDUE): Stage.ASKING,
    (Stage.FLOWING, Step.DISCONNECTED): Stage.AWAY,
    (Stage.FLOWING, Step.CONTRADICTED): Stage.FORKED,
}


class Outcome(Enum):
    """What a receipt meant."""

    ADVANCED = "advanced"  # more is confirmed than before
    REPEATED = "repeated"  # as much as before: an answer to an entry that the hub had, or a gap on its side
    FELL_BACK = "fell back"  # a hub of a higher generation has less: everything from there goes out again
    STALE = "stale"  # an older word than one we heard before: ignored
    FORK = "fork"  # it confirms an entry that we do not have, or another one in its place


class Wanted(msgspec.Struct, frozen=True):
    """The batch that should go out now: it starts with entry `first` and has at most `limit` entries."""

    first: int
    limit: int


class _Flight(msgspec.Struct, frozen=True):
    first: int
    last: int


class Uplink:
    """The deciding machine of one journal (one epoch). Every time is monotonic, in nanoseconds."""

    def __init__(self, waiting: Waiting, luck: random.Random, duty: Duty = ALWAYS) -> None:
        self._waiting = waiting
        self._luck = luck
        self._duty = duty
        self.stage = Stage.AWAY
        self.head = waiting.head()
        self.acked = waiting.receipt().seq
        self.generation = waiting.receipt().generation
        self._flights: deque[_Flight] = deque()
        self._sent = self.acked  # the last entry that is out or confirmed
        self._repairing_to = 0  # until this is confirmed a repeated receipt is an echo, not another gap
        self._misses = 0  # overdue answers in a row
        self._has_asked = False  # on this connection
        self._fed_ns = 0  # since when the oldest entry that is not out has waited
        self._hurried_to = 0  # up to this entry nothing waits for company
        self._not_before_ns = 0
        self._quiet_until_ns = 0  # when a hub that answers and has nothing to say is asked in passing
        self._overdue_ns = 0  # when the hub's silence is too long; meaningful while something is out

    @property
    def flowing(self) -> bool:
        """Whether the hub answers: this, and not TCP, is what `up` means."""
        return self.stage is Stage.FLOWING

    @property
    def in_flight(self) -> int:
        """How many batches are out."""
        return len(self._flights)

    @property
    def deadline_ns(self) -> int | None:
        """When to call `tick` and `wanted` again if nothing else happens; None for never."""
        if self.stage in (Stage.AWAY, Stage.FORKED):
            return None
        if self._flights and not self._may_follow():
            return self._overdue_ns
        if self._flights:
            return min(self._overdue_ns, max(self._not_before_ns, self._ripe_ns()))
        if not self._has_something():
            return self._quiet_until_ns if self.stage is Stage.FLOWING and self.head else None
        asking = self.stage is Stage.ASKING
        return self._not_before_ns if asking else max(self._not_before_ns, self._ripe_ns())

    def connected(self, now_ns: int) -> None:
        """There is a line, and somebody who records receipts."""
        if self._step(Step.CONNECTED):
            self._go_back()
            self._misses = 0
            self._has_asked = False
            self._not_before_ns = now_ns + self._luck.randrange(SPREAD_NS)

    def disconnected(self) -> None:
        """One of the two is gone."""
        if self._step(Step.DISCONNECTED):
            self._go_back()

    def grown(self, head: int, now_ns: int) -> None:
        """The journal has entries up to `head`."""
        if head > self.head:
            if self._sent >= self.head:
                self._fed_ns = now_ns
            self.head = head

    def hurry(self) -> None:
        """Somebody waits for what is here now: it goes out without lingering."""
        self._hurried_to = self.head

    def wanted(self, now_ns: int) -> Wanted | None:
        """The batch that should go out now; after it was published (or not) call `sent` (or `refused`)."""
        if now_ns < self._not_before_ns:
            return None
        if not self._has_something():
            quiet = self.stage is Stage.FLOWING and not self._flights and now_ns >= self._quiet_until_ns
            return Wanted(self.head, 1) if quiet and self.head else None
        if self.stage is Stage.ASKING and not self._flights:
            # A hub that did not answer is asked with one entry: it may be gone for long.
            return Wanted(min(self._sent + 1, self.head), 1 if self._misses else ENTRIES_MAX)
        if self.stage is Stage.FLOWING and self._may_follow() and now_ns >= self._ripe_ns():
            return Wanted(self._sent + 1, ENTRIES_MAX)
        return None

    def sent(self, first: int, last: int, now_ns: int) -> None:
        """The batch of entries `first` to `last` is on its way."""
        assert len(self._flights) < BATCHES_MAX
        if not self._flights:
            self._overdue_ns = now_ns + self._patience_ns()
        self._has_asked = True
        self._flights.append(_Flight(first, last))
        self._sent = max(self._sent, last)

    def refused(self, now_ns: int) -> None:
        """The line took no more at this moment."""
        self._not_before_ns = now_ns + PAUSE_NS

    def received(self, receipt: Receipt, now_ns: int) -> Outcome:
        """Take a receipt whose signature, object and epoch were checked."""
        if self._contradicts(receipt):
            self._step(Step.CONTRADICTED)
            self._go_back()
            return Outcome.FORK
        if (receipt.generation, receipt.seq) < (self.generation, self.acked):
            return Outcome.STALE
        outcome = self._outcome(receipt)
        asked = self.stage is Stage.ASKING
        self.acked, self.generation = receipt.seq, receipt.generation
        if asked and not self._has_asked:
            # It was on its way before this connection, and says nothing of the hub as it is now.
            self._go_back()
            return outcome
        self._step(Step.ANSWERED)
        self._misses = 0
        self._quiet_until_ns = now_ns + self._duty.quiet_ns + self._luck.randrange(self._duty.quiet_ns // 4)
        if asked or outcome is Outcome.FELL_BACK or self._shows_a_gap(outcome):
            self._repairing_to = max(self._repairing_to, self._sent)
            self._go_back()
        elif outcome is Outcome.ADVANCED:
            self._land(now_ns)
        return outcome

    def tick(self, now_ns: int) -> None:
        """Time has passed: a hub that owes an answer for too long is asked again from `acked` on."""
        if self._flights and now_ns >= self._overdue_ns:
            self._step(Step.OVERDUE)
            self._misses += 1
            self._go_back()

    def _step(self, step: Step) -> bool:
        """Move by the table; False for a step that it does not have, which changes nothing."""
        before = (self.stage, step)
        self.stage = MOVES.get(before, self.stage)
        return before in MOVES

    def _outcome(self, receipt: Receipt) -> Outcome:
        if receipt.seq < self.acked:
            return Outcome.FELL_BACK
        return Outcome.ADVANCED if receipt.seq > self.acked else Outcome.REPEATED

    def _contradicts(self, receipt: Receipt) -> bool:
        if receipt.seq > self.head and receipt.seq > self._waiting.head():
            return True
        ours = self._waiting.hash_of(receipt.seq) if receipt.seq else None
        return ours is not None and b64(ours) != receipt.hash

    def _shows_a_gap(self, outcome: Outcome) -> bool:
        # The hub answers a batch that does not fit with what it has. Our own repetitions make such answers
        # too, so that one gap is repaired at a time.
        return outcome is Outcome.REPEATED and bool(self._flights) and self.acked >= self._repairing_to

    def _land(self, now_ns: int) -> None:
        while self._flights and self._flights[0].last <= self.acked:
            self._flights.popleft()
        self._sent = max(self._sent, self.acked)
        self._overdue_ns = now_ns + self._patience_ns()

    def _go_back(self) -> None:
        """Forget what is out: the next batch follows the last confirmed entry."""
        self._flights.clear()
        self._sent = self.acked

    def _has_something(self) -> bool:
        return self.head > self._sent or (self.stage is Stage.ASKING and self.head > 0)

    def _may_follow(self) -> bool:
        return self.stage is Stage.FLOWING and len(self._flights) < BATCHES_MAX and self.head > self._sent

    def _ripe_ns(self) -> int:
        """When the next batch stops waiting for more entries."""
        full = self.head - self._sent >= ENTRIES_MAX
        alone = not self._flights and not self._duty.lingers_alone
        hurried = self._sent < self._hurried_to
        return 0 if full or alone or hurried else self._fed_ns + self._duty.linger_ns

    def _patience_ns(self) -> int:
        patience = self._duty.silence_ns if self._misses else PATIENCE_NS
        return patience + self._luck.randrange(patience // 4)
