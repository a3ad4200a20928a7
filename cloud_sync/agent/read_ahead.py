"""What was read of the journal and did not fit the last batch, so that nothing is read twice in a drain."""

from collections.abc import Sequence

from cloud_sync.agent.ports import Waiting
from cloud_sync.contract.batch import ENTRIES_MAX, fitting
from cloud_sync.contract.entry import SignedEntry


class ReadAhead:
    """Batches of a journal; at most two reads of ENTRIES_MAX entries are held."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._rest: Sequence[SignedEntry] = ()

    def batch(self, first: int, limit: int) -> Sequence[SignedEntry]:
        """The batch that begins with entry `first`, of at most `limit` entries; empty if it is not there."""
        if limit < ENTRIES_MAX:
            return fitting(self._waiting.after(first - 1, limit))
        entries = self._rest if self._rest and self._rest[0].seq == first else ()
        batch = fitting(entries)
        if len(batch) == len(entries) < limit:
            last = entries[-1].seq if entries else first - 1
            entries = [*entries, *self._waiting.after(last, limit)]
            batch = fitting(entries)
        self._rest = entries[len(batch) :]
        return batch
