"""One start of an object's journal, as a process of its own: `python -m benchmarks.opening DIRECTORY`."""

import sys
from contextlib import closing
from pathlib import Path
from typing import Final

from cloud_sync.contract.signing import SoftwareKey
from edge.checkout.books import Books, ShopProjection
from edge.clock import SystemClock
from edge.offline_queue.journal import open_journal
from edge.offline_queue.reader import LedgerReader

LEDGER: Final = "ledger.db"
KEY: Final = "key.pem"
DEV: Final = "bench"


def ready_to_sell(directory: Path) -> None:
    """Open the ledger as the runtime does, say so once the till has its books, and close it."""
    key = SoftwareKey.from_pem((directory / KEY).read_bytes())
    journal = open_journal(directory / LEDGER, key, DEV, SystemClock(), [ShopProjection()])
    with closing(journal):
        journal.start("0")
        with closing(LedgerReader(directory / LEDGER)) as reader:
            books = Books.load(reader.select, journal.epoch)
        assert books.sales
        print("ready", flush=True)


if __name__ == "__main__":
    ready_to_sell(Path(sys.argv[1]))
