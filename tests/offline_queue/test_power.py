"""What was promised is there after a kill -9 in the middle of selling."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cloud_sync.contract.entry import Arrived, SignedEntry, decode_body
from cloud_sync.contract.signing import SoftwareKey
from edge.offline_queue.integrity import problems
from edge.offline_queue.reader import LedgerReader

# Appends for ever, and says each transfer only once its promise is kept.
SELLER = """
import asyncio, sys
from pathlib import Path
from cloud_sync.contract.entry import Arrived
from cloud_sync.contract.signing import SoftwareKey
from edge.clock import SystemClock
from edge.offline_queue.journal import open_journal
from retail.custody import Move

async def sell(journal, start):
    for n in range(start, 1_000_000):
        fact = Arrived(str(n), (Move("09520001000017", "transit", "shelf", 1),))
        await journal.append(fact, f"transfer/{n}")
        print(n, flush=True)

key = SoftwareKey.from_pem(Path(sys.argv[2]).read_bytes())
journal = open_journal(Path(sys.argv[1]), key, "shelf", SystemClock())
journal.start("1")
asyncio.run(sell(journal, journal.head * 1_000))
"""


@pytest.mark.parametrize("kills", [6])
def test_no_promised_entry_is_lost_to_kill_9(tmp_path: Path, kills: int, key: SoftwareKey) -> None:
    ledger, pem = tmp_path / "ledger.db", tmp_path / "key.pem"
    pem.write_bytes(key.to_pem())
    promised: list[str] = []
    for life in range(kills):
        seller = subprocess.Popen(
            [sys.executable, "-c", SELLER, str(ledger), str(pem)], stdout=subprocess.PIPE, text=True
        )
        assert seller.stdout is not None
        promised += [seller.stdout.readline().strip() for _ in range(20 + 7 * life)]
        os.kill(seller.pid, signal.SIGKILL)
        promised += seller.stdout.read().split()
        seller.stdout.close()
        seller.wait()
    found = list(problems(LedgerReader(ledger)))
    entries = [one for one in found if isinstance(one, SignedEntry)]
    assert found == entries
    facts = [decode_body(entry.body).fact for entry in entries]
    written = [fact.transfer for fact in facts if isinstance(fact, Arrived)]
    assert len(written) == len(set(written))
    assert set(promised) <= set(written)
    # At most one entry a life was written and not yet promised when the kill came.
    assert len(written) - len(promised) <= kills
