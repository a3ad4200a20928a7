"""One simulated object: what it sells, what it sends, and what it believes of the hub; it owns no line."""

import random
from collections import deque
from enum import Enum
from typing import Final

from simulators.fleet.book import Book
from simulators.fleet.contract import FRAMES_OUT_MAX, Receipt
from simulators.fleet.sales import basket

_MS: Final = 1_000_000
# So long an object waits for a receipt before it sends again from what was last confirmed.
PATIENCE_NS: Final = 3_000 * _MS


class Believed(Enum):
    """What a receipt was to an object."""

    NEWS = "news"
    ECHO = "echo"  # it confirms what was confirmed before
    STALE = "stale"  # an older word than one that was heard: ignored
    FALSE = "false"  # it confirms something that this object has never written


class Trader:
    """Times are monotonic nanoseconds, but for `wall_ms`."""

    def __init__(self, dev: str, seed: int) -> None:
        self.book: Final = Book(dev)
        self.sales = 0
        self.total_minor = 0
        self.waits_ns: list[int] = []
        """How long each sale waited for its receipt, counted from when there was a line."""
        self.sent_again = 0
        self.acked = 0
        self._generation = 0
        self._luck = random.Random(f"{seed} {dev}")  # noqa: S311 - goods, not secrets
        self._unconfirmed: deque[tuple[int, int]] = deque()  # seq and when of each sale
        self._out: deque[int] = deque()  # the last seq of each frame that is out
        self._next = 1  # the first entry that is not out
        self._furthest = 0  # the last entry that was ever out
        self._repairing_to = 0  # until this is confirmed an echo is no news of another gap
        self._answered = False  # whether the hub has spoken on this line: until then one frame asks
        self._overdue_ns = 0
        self._linked_ns: int | None = None

    def open(self, now_ns: int, wall_ms: int) -> None:
        """Begin the journal."""
        self.book.begin(now_ns, wall_ms)

    def sell(self, now_ns: int, wall_ms: int, date: str) -> None:
        """Sell something, whether there is a line or not."""
        self.sales += 1
        sold = basket(self._luck, f"F-{self.sales:04d}", date)
        seq = self.book.write(sold.fact, sold.idem, now_ns, wall_ms)
        self.total_minor += sold.total_minor
        self._unconfirmed.append((seq, now_ns))

    @property
    def is_confirmed(self) -> bool:
        """Whether the hub has everything."""
        return self.acked == self.book.head

    def linked(self, now_ns: int) -> None:
        """There is a line."""
        self._linked_ns = self._linked_ns or now_ns
        self._answered = False
        self._go_back()

    def unlinked(self) -> None:
        """The line is gone."""
        self._go_back()

    def frame(self, now_ns: int) -> bytes | None:
        """What should go out now; call it until there is nothing."""
        if len(self._out) >= (FRAMES_OUT_MAX if self._answered else 1) or self._next > self.book.head:
            return None
        frame, last = self.book.batch(self._next)
        if not self._out:
            self._overdue_ns = now_ns + self._patience_ns()
        self.sent_again += self._next <= self._furthest
        self._out.append(last)
        self._next, self._furthest = last + 1, max(self._furthest, last)
        return frame

    def tick(self, now_ns: int) -> None:
        """Time has passed: who owes an answer for too long is asked again."""
        if self._out and now_ns >= self._overdue_ns:
            self._answered = False
            self._go_back()

    def heard(self, receipt: Receipt, now_ns: int) -> Believed:
        """Take a receipt whose signature was checked."""
        if not self._is_true(receipt):
            return Believed.FALSE
        if (receipt.generation, receipt.seq) < (self._generation, self.acked):
            return Believed.STALE
        echo, fell_back = receipt.seq == self.acked, receipt.seq < self.acked
        self.acked, self._generation = receipt.seq, receipt.generation
        self._confirm(now_ns)
        asked, self._answered = not self._answered, True
        # The hub answers what does not fit with what it has: from there everything goes out again, once.
        shows_a_gap = echo and self._out and self.acked >= self._repairing_to
        if asked or fell_back or shows_a_gap:
            self._repairing_to = self._next - 1
            self._go_back()
        else:
            self._land(now_ns)
        return Believed.ECHO if echo else Believed.NEWS

    def _is_true(self, receipt: Receipt) -> bool:
        book = self.book
        return (receipt.dev, receipt.epoch) == (book.dev, book.epoch) and (
            0 <= receipt.seq <= book.head and receipt.hash == book.hash_of(receipt.seq)
        )

    def _confirm(self, now_ns: int) -> None:
        while self._unconfirmed and self._unconfirmed[0][0] <= self.acked:
            _, sold_ns = self._unconfirmed.popleft()
            self.waits_ns.append(now_ns - max(sold_ns, self._linked_ns or sold_ns))

    def _land(self, now_ns: int) -> None:
        while self._out and self._out[0] <= self.acked:
            self._out.popleft()
        self._next = max(self._next, self.acked + 1)
        self._overdue_ns = now_ns + self._patience_ns()

    def _go_back(self) -> None:
        self._out.clear()
        self._next = self.acked + 1

    def _patience_ns(self) -> int:
        return PATIENCE_NS + self._luck.randrange(PATIENCE_NS // 4)
