"""A till without glass or sensors, on the real ledger.

`python -m benchmarks.beside.till OBJECT.toml TAKEN ROWS PER_S` writes numbered sales with the keeper of a
real object, notes each one that the journal has promised, and hands the agent's receipts to the journal as
the runtime does. It ends when the journal does; whoever started it starts it again.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from benchmarks.sales import small_sale
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import Verifier, unseal
from edge.clock import SystemClock
from edge.config import ObjectConfig, load
from edge.keeper import Keeper
from edge.offline_queue.bell import Answered, Bell, Said
from edge.offline_queue.budget import Level
from edge.offline_queue.outcomes import JournalClosedError

_LINE_BYTES: Final = 8
# As many as a shop full of hands would append at once; they share commits.
_TOGETHER: Final = 64


class Till:
    """Rows into the journal, receipts from the agent."""

    def __init__(self, config: ObjectConfig, taken: Path) -> None:
        self._keeper = Keeper(config, "0.1.0", SystemClock())
        self._journal = self._keeper.journal
        self._keys = {key.kid: Verifier(key) for key in config.trust.receipt}
        self._bell = Bell(config.bell, self._told)
        self._taken = os.open(taken, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._over = asyncio.Event()

    async def run(self, rows: int, per_s: int) -> None:
        """Write rows up to `rows`, then go on listening to the agent until the journal ends."""
        loop = asyncio.get_running_loop()
        self._journal.on_head = partial(_on_loop, loop, self._ring)
        self._journal.on_failure = partial(_on_loop, loop, lambda _why: self._over.set())
        await self._bell.open()
        await self._bell.ring(self._journal.head)
        watching = asyncio.create_task(self._keeper.watch())
        writing = asyncio.create_task(self._write(rows, per_s))
        await self._over.wait()
        for task in (watching, writing):
            task.cancel()

    async def _write(self, rows: int, per_s: int) -> None:
        first = os.fstat(self._taken).st_size // _LINE_BYTES
        began_s = asyncio.get_running_loop().time()
        for row in range(first, rows, _TOGETHER):
            while per_s and row - first > (asyncio.get_running_loop().time() - began_s) * per_s:
                await asyncio.sleep(0.005)
            while self._keeper.level is Level.REFUSE:
                await asyncio.sleep(0.05)
            try:
                await self._take(range(row, min(row + _TOGETHER, rows)))
            except JournalClosedError:
                self._over.set()
                return

    async def _take(self, rows: range) -> None:
        """Append rows together; those that the journal has promised are noted, in order."""
        done = await asyncio.gather(
            *(self._journal.append(small_sale(row), f"row/{row}") for row in rows), return_exceptions=True
        )
        for row, outcome in zip(rows, done, strict=True):
            if isinstance(outcome, BaseException):
                raise outcome
            os.write(self._taken, b"%07d\n" % row)

    async def _told(self, said: Said) -> Answered:
        try:
            if said.receipt is not None:
                receipt = unseal(said.receipt, RECEIPT_TYPE, self._keys, Receipt)
                await self._journal.acknowledge(receipt, said.receipt)
        except (ValueError, JournalClosedError) as error:
            return Answered(ok=False, error=str(error))
        return Answered(ok=True)

    def _ring(self, head: int) -> None:
        self._ringing = asyncio.ensure_future(self._bell.ring(head))


_T = TypeVar("_T")


def _on_loop(loop: asyncio.AbstractEventLoop, call: Callable[[_T], None], value: _T) -> None:
    loop.call_soon_threadsafe(call, value)


async def _main(file: Path, taken: Path, rows: int, per_s: int) -> None:
    await Till(load(file), taken).run(rows, per_s)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
