"""Looks at an object from where its agent stands: what the runtime has said, the ledger's queue, the line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from cloud_sync.agent.desk import AgentStatus
from cloud_sync.agent.ports import UnreadableError
from cloud_sync.contract.entry import SignedEntry, decode_body
from cloud_sync.measures import Sample
from edge.clock import Clock
from edge.config import HealthSection, ObjectConfig
from edge.health.metrics import Queue, Seen, samples
from edge.identity import IdentityUnusableError, line_certificate
from edge.offline_queue.reader import Acked
from edge.wellbeing import Wellbeing

TEXTFILE: Final = "metrics.prom"
"""Its name in a unit's runtime directory."""


class Ledger(Protocol):
    """All that is asked of a ledger; each answer may be an UnreadableError."""

    def head(self) -> int:
        """The last seq."""
        ...

    def receipt(self) -> Acked:
        """What the hub has confirmed, and what a backup of it holds."""
        ...

    def after(self, seq: int, limit: int) -> Sequence[SignedEntry]:
        """Up to `limit` entries that follow `seq`, in order."""
        ...


class Looker:
    """`wellbeing` is what the runtime has said last, and `ledger` its ledger: None while there is none."""

    def __init__(
        self,
        config: ObjectConfig,
        clock: Clock,
        status: Callable[[], AgentStatus],
        ledger: Callable[[], Ledger | None],
    ) -> None:
        self._config, self._clock, self._status, self._ledger = config, clock, status, ledger
        self.wellbeing: Wellbeing | None = None

    def look(self) -> Iterator[Sample]:
        """All values of this moment."""
        section = self._config.object
        return samples(
            Seen(
                section.tenant,
                section.site,
                section.kind,
                status=self._status(),
                clock=self._clock.quality(),
                wellbeing=self.wellbeing,
                queue=self._queue(),
                certificate_ends_ms=self._certificate_ends_ms(),
            )
        )

    def _queue(self) -> Queue | None:
        ledger = self._ledger()
        if ledger is None:
            return None
        try:
            return self._queue_in(ledger)
        except (UnreadableError, ValueError, OSError):  # the agent comes across it, too, and tells it
            return None

    def _queue_in(self, ledger: Ledger) -> Queue:
        confirmed = ledger.receipt()
        queue = Queue(ledger.head(), confirmed.seq, confirmed.safe, _bytes_of(self._config.ledger))
        oldest = next(iter(ledger.after(confirmed.seq, 1)), None)
        if oldest is None:
            return queue
        waited_ms = self._clock.wall_ms() - decode_body(oldest.body).wall_ms
        return Queue(queue.head, queue.confirmed, queue.saved, queue.bytes, max(waited_ms, 0))

    def _certificate_ends_ms(self) -> int | None:
        try:
            mine = line_certificate(self._config)
        except IdentityUnusableError:  # `opos doctor` says which file it is
            return None
        return None if mine is None else mine.ends_ms


def textfile_of(section: HealthSection, environment: Mapping[str, str]) -> Path | None:
    """Where the numbers are written: what the object's file says, else in the runtime directory of the unit.

    systemd.exec(5): $RUNTIME_DIRECTORY may name several, divided by colons; None where no unit has any.
    """
    if section.textfile is not None:
        return Path(section.textfile)
    directory = environment.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(directory) / TEXTFILE if directory else None


def _bytes_of(ledger: Path) -> int:
    """What the ledger and its log take."""
    files = (ledger, ledger.with_name(f"{ledger.name}-wal"))
    return sum(path.stat().st_size for path in files if path.exists())
