"""Ingest in processes of its own: each leases a share of the partitions, and one that dies is started again.

Whatever kills one of them (a full disk, the database gone, kill -9) loses nothing: what it was doing was a
transaction, and objects send again what got no receipt. Its partitions are taken over when their leases end.
"""

import fcntl
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Final

from sqlalchemy.exc import DBAPIError

from cloud_sync.hub.folder import RunningError
from cloud_sync.hub.service.ingest import Ingest
from cloud_sync.hub.service.place import Place
from cloud_sync.hub.service.workers import Workers
from cloud_sync.notify import HERE

_log = logging.getLogger(__name__)

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
# How soon a death is seen, of a worker or of the supervisor.
_ROUND_S: Final = 0.2
# A sixth of what the unit gives (WatchdogSec=30).
_BEAT_S: Final = 5.0
# A worker that lived so long died of something new, and is started again at once.
_STEADY_S: Final = 10.0
# One that dies again and again finds no database, say: it is tried for ever, but not in a frenzy.
_PAUSE_S: Final = (0.2, 5.0)
# What a worker may need to end: its threads have 5 s each at most, and end together.
_FAREWELL_S: Final = 10.0
# Workers of a supervisor that was killed see it within a round, and end.
_LOCK_S: Final = 15.0

_fork = multiprocessing.get_context("fork")


def supervise(place: Place, count: int) -> None:
    """Keep `count` workers alive until a signal; raises NoHubError, RunningError."""
    with place.opened():  # a sentence now is better than workers that die of it
        place.line("0", lambda _message: None, lambda _up: None)
    with _signals_wait(), _alone(place):
        _log.info("%d workers take in what objects say", count)
        crew = [_Post(place, number) for number in range(1, count + 1)]
        beat_s = 0.0
        while signal.sigtimedwait(_SIGNALS, _ROUND_S) is None:
            now_s = time.monotonic()
            for post in crew:
                post.look(now_s)
            if now_s >= beat_s:
                beat_s = now_s + _BEAT_S
                HERE.beat(f"{count} workers take in what objects say")
        HERE.stopping()
        for post in crew:
            post.dismiss()
        for post in crew:
            post.end()


class _Post:
    """One worker's place: who works there now, and when the next one may."""

    def __init__(self, place: Place, number: int) -> None:
        self._place, self._number = place, number
        self._worker: multiprocessing.process.BaseProcess | None = None
        self._since_s = self._next_s = 0.0
        self._pause_s = 0.0

    def look(self, now_s: float) -> None:
        """Start a worker if there is none."""
        if self._worker is not None and not self._worker.is_alive():
            self._bury(self._worker, now_s)
        if self._worker is None and now_s >= self._next_s:
            self._worker = _fork.Process(target=_work, args=(self._place, self._number, os.getpid()))
            self._worker.start()
            self._since_s = now_s

    def dismiss(self) -> None:
        """Tell the worker to end."""
        if self._worker is not None:
            self._worker.terminate()

    def end(self) -> None:
        """See to it that the worker has ended."""
        if self._worker is not None:
            self._worker.join(_FAREWELL_S)
            self._worker.kill()
            self._worker.join()

    def _bury(self, worker: multiprocessing.process.BaseProcess, now_s: float) -> None:
        if now_s - self._since_s > _STEADY_S:
            self._pause_s = 0.0
        self._next_s = now_s + self._pause_s
        shortest, longest = _PAUSE_S
        self._pause_s = min(max(2 * self._pause_s, shortest), longest)
        _log.error("ingest worker %d has died (%s): it is started again", self._number, worker.exitcode)
        worker.join()
        self._worker = None


def _work(place: Place, number: int, supervisor: int) -> None:
    """Be one worker, until a signal, the death of a thread, or that of the supervisor (its process)."""
    try:
        died = _take_in(place, number, supervisor)
    except (DBAPIError, OSError) as error:  # the database is away, say: one line each time that it is tried
        _log.error("ingest worker %d cannot begin: %s", number, error)
        sys.exit(1)
    if died:
        sys.exit(1)


def _take_in(place: Place, number: int, supervisor: int) -> list[str]:
    stop = Event()
    with place.opened() as store:
        ingest = Ingest(store, place.folder, f"{place.name}-{number}")
        line = place.line(str(number), ingest.post, ingest.linked)
        workers = Workers(stop.set)
        ingest.start(workers, line)
        line.start()
        while not stop.is_set() and os.getppid() == supervisor:
            if signal.sigtimedwait(_SIGNALS, _ROUND_S) is not None:
                break
        workers.closing.set()
        line.stop()
        workers.close()
    return workers.died


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Have signals wait until they are asked for; the workers' too, who ask for theirs as we do."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    """Be the one supervisor of this directory: the names of its workers' leases are theirs alone.

    The lock is the workers' too, so that it is free when the last of a killed supervisor's has ended.
    """
    with (place.folder.path / "ingest.lock").open("w") as lock:
        end_s = time.monotonic() + _LOCK_S
        while not _locked(lock.fileno()):
            if time.monotonic() > end_s or signal.sigtimedwait(_SIGNALS, _ROUND_S) is not None:
                raise RunningError(f"{place.folder.path}: ingest runs here already: end that one first")
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
