"""The journal: append-only, chained and signed; the ledger and the queue are both views of it.

One thread owns the pen. Whoever calls `append` at the same time shares a commit, and so an fsync. A promise
of `append` is kept only after the commit: what it returns is on the disk.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

import apsw
import msgspec

from cloud_sync.contract.facts import Fact
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.signing import Signer
from edge.clock import Clock
from edge.offline_queue.budget import Reserve
from edge.offline_queue.ledger import DAMAGE
from edge.offline_queue.outcomes import Appended, JournalClosedError, ReceiptRefusedError
from edge.offline_queue.pen import Order, Pen
from edge.offline_queue.projections import NoStartError, Projection
from edge.offline_queue.set_aside import set_aside

# One commit takes at most so many entries: a burst must not make the first of it wait for the last.
_GROUP_MAX: Final = 64
# A room that appends faster than the disk writes is told so long before memory is short.
_WAITING_MAX: Final = 1_024
# Projections follow when the shop is quiet for so long, or when so many entries wait to be read: each time
# costs an fsync that no shopper should wait for.
_QUIET_S: Final = 0.1
_BEHIND_MAX: Final = 256


class _Ask(msgspec.Struct):
    """What the writer's thread is asked to do, who waits for it and where."""

    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]
    order: Order | None = None
    work: Callable[[], Any] | None = None


class Journal:
    """The pen on a thread of its own.

    Make it with `open_journal`; `append`, `acknowledge`, `checkpoint` and `prune` are for the event loop.
    `on_head` (the new head, after each commit) and `on_failure` (the disk failed: stop, start again) are
    called from the writer's thread.
    """

    def __init__(self, pen: Pen) -> None:
        self._pen = pen
        self._asked: SimpleQueue[_Ask | None] = SimpleQueue()
        self._failure: str | None = None
        self.on_head: Callable[[int], None] = lambda _head: None
        self.on_failure: Callable[[str], None] = lambda _why: None
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)

    @property
    def dev(self) -> str:
        """Whose journal it is."""
        return self._pen.dev

    @property
    def epoch(self) -> str:
        """The epoch of this file."""
        return self._pen.epoch

    @property
    def head(self) -> int:
        """The last seq."""
        return self._pen.head

    @property
    def acked(self) -> int:
        """The last seq that the hub has confirmed."""
        return self._pen.acked

    @property
    def floor(self) -> int:
        """The first seq that is kept."""
        return self._pen.floor

    @property
    def follows(self) -> str | None:
        """The epoch whose place this one took, as far as this file still says so."""
        return self._pen.follows

    def start(self, version: str) -> None:
        """Write `genesis` if the file is new, then `boot`; bring projections up to date; accept appends.

        Raises JournalClosedError when the disk is full or fails, and JournalDamagedError when the file does
        not hold together: it is set aside.
        """
        try:
            self._pen.begin(version)
        except (apsw.Error, NoStartError) as error:
            raise JournalClosedError(f"the journal of {self.dev} cannot be written: {error}") from error
        self._thread.start()

    async def append(self, fact: Fact, idem: str) -> Appended:
        """Write `fact`; return once it is on the disk. The same `idem` again returns the entry that is there.

        Raises UnbalancedError or IdemConflictError (nothing was written), JournalClosedError (nothing was
        written, or it is unknown: start again and look).
        """
        done: Appended = await self._ask(order=Order(fact, idem))
        return done

    async def acknowledge(self, receipt: Receipt, jws: str) -> int:
        """Move `acked` by a receipt whose signature was checked; return the new `acked`.

        Raises ReceiptRefusedError when the receipt is not of this journal, JournalForkedError when the hub
        has what this file has not.
        """
        acked: int = await self._ask(work=lambda: self._pen.acknowledge(receipt, jws))
        return acked

    async def checkpoint(self) -> Appended:
        """Write a checkpoint now; the journal writes one by itself every few thousand entries."""
        done: Appended = await self._ask(work=self._pen.checkpoint)
        return done

    async def rotate(self, signer: Signer) -> Appended:
        """Name the next key in an entry that the present one signs; it signs from there on.

        It must be on the disk by then: the next start has to find it.
        """
        done: Appended = await self._ask(work=lambda: self._pen.rotate(signer))
        return done

    async def prune(self) -> int:
        """Delete a piece of what a backup of the hub covers; return how many entries, 0 when none is left."""
        pruned: int = await self._ask(work=self._pen.prune)
        return pruned

    async def spare_bytes(self) -> int:
        """Room inside the file that was pruned, and is written again before the file grows."""
        spare: int = await self._ask(work=lambda: self._pen.spare_bytes)
        return spare

    def close(self) -> None:
        """Write what was asked for, then give the file back."""
        if self._thread.is_alive():
            self._asked.put(None)
            self._thread.join()
        self._pen.close()

    async def _ask(self, order: Order | None = None, work: Callable[[], Any] | None = None) -> Any:
        if self._failure is not None or not self._thread.is_alive():
            raise self._closed(str(self._failure))
        if self._asked.qsize() >= _WAITING_MAX:
            raise JournalClosedError(f"{_WAITING_MAX} entries wait for the disk of {self.dev}: it is stuck")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        self._asked.put(_Ask(loop, done, order, work))
        if self._failure is not None:  # it failed between the look above and the asking: nobody reads it
            raise self._closed(self._failure)
        return await done

    def _closed(self, why: str) -> JournalClosedError:
        return JournalClosedError(f"the journal of {self.dev} no longer writes: {why}")

    def _write(self) -> None:
        """The writer's thread: one commit for all that waits, everything else when the shop is quiet."""
        asked: list[_Ask] = []
        try:
            while (first := self._next()) is not None:
                asked = [first, *self._more()]
                self._commit([ask for ask in asked if ask.order is not None])
                self._work([ask for ask in asked if ask.work is not None])
                self._tidy()
            self._failure = "it was closed"
        except (apsw.Error, *DAMAGE) as error:
            # An fsync that failed may have thrown the pages away
            # (https://wiki.postgresql.org/wiki/Fsync_Errors): nothing in this process can be believed any
            # more. The runtime stops and starts again.
            self._failure = str(error)
            if isinstance(error, DAMAGE):
                self._set_aside(self._failure)
            self.on_failure(self._failure)
        finally:
            if self._failure is None:  # what cannot be has happened: the traceback is in the log
                self._failure = "its writer died"
                self.on_failure(self._failure)
            self._fail(asked, self._failure)

    def _set_aside(self, said: str) -> None:
        """Have the next start set the ledger aside: it might not come across the place that is damaged."""
        path = self._pen.path
        with contextlib.suppress(OSError):  # a disk that takes no note: the next start does what it can
            set_aside(path, "damaged", f"{path}: this is no whole ledger: {said}")

    def _next(self) -> _Ask | None:
        """What is asked next; while nobody asks, the projections follow."""
        while self._pen.behind:
            try:
                return self._asked.get(timeout=_QUIET_S)
            except Empty:
                self._pen.fold()
        return self._asked.get()

    def _tidy(self) -> None:
        """After the promises: what a busy shop may not put off for ever."""
        if self._pen.wal_is_long:
            self._pen.flush()
        if self._pen.behind >= _BEHIND_MAX:
            self._pen.fold()
        if self._pen.checkpoint_is_due:
            self._pen.checkpoint()
            self.on_head(self.head)

    def _more(self) -> list[_Ask]:
        more: list[_Ask] = []
        while len(more) < _GROUP_MAX - 1 and not self._asked.empty():
            ask = self._asked.get()
            if ask is None:
                self._asked.put(None)
                break
            more.append(ask)
        return more

    def _commit(self, asked: Sequence[_Ask]) -> None:
        """Write the facts of `asked` in one transaction, and keep the promises only once it is durable."""
        if not asked:
            return
        head = self.head
        done = self._pen.write([ask.order for ask in asked if ask.order is not None])
        _tell(list(zip(asked, done, strict=True)))
        if self.head != head:
            self.on_head(self.head)

    def _work(self, asked: Sequence[_Ask]) -> None:
        """Do what was asked beside facts, some of which writes an entry of its own."""
        head = self.head
        for ask in asked:
            assert ask.work is not None
            _tell([(ask, _outcome(ask.work))])
        if self.head != head:
            self.on_head(self.head)

    def _fail(self, asked: Sequence[_Ask], why: str) -> None:
        """Tell everybody who still waits that nothing is written any more."""
        waiting = list(asked)
        while not self._asked.empty():
            ask = self._asked.get()
            if ask is not None:
                waiting.append(ask)
        _tell([(ask, self._closed(why)) for ask in waiting])


def open_journal(  # noqa: PLR0913 - each is a thing of its own that the runtime brings along
    path: Path,
    signer: Signer,
    dev: str,
    clock: Clock,
    projections: Sequence[Projection] = (),
    *,
    reserve: Reserve | None = None,
) -> Journal:
    """Open the ledger at `path`, or make a new one with a new epoch.

    Raises JournalDamagedError when the file does not hold together (it is set aside), ForeignLedgerError when
    it is another object's or a later version's, JournalClosedError when the disk does not let it be opened.
    """
    return Journal(Pen(path, signer, dev, clock, projections, reserve=reserve))


def _outcome(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except ReceiptRefusedError as error:
        return error


def _tell(outcomes: Sequence[tuple[_Ask, Any]]) -> None:
    """Hand each outcome to its event loop, in one call for all that wait there."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for ask, outcome in outcomes:
        by_loop.setdefault(ask.loop, []).append((ask.done, outcome))
    for loop, told in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(_settle, told)


def _settle(told: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for done, outcome in told:
        if done.done():  # its waiter gave up, or was told before
            continue
        if isinstance(outcome, Exception):
            done.set_exception(outcome)
        else:
            done.set_result(outcome)
