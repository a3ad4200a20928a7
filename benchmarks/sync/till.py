"""A till without its glass: `python -m benchmarks.sync.till OBJECT.TOML [SALES]`.

It owns the journal and the bell as a runtime does, hands on what the agent brings, and has no devices. It
says `ready`; with SALES it then sells, one after the other, and prints as JSON how many milliseconds each
sale waited from its commit to the hub's receipt. It ends with its standard input.
"""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.sales import sale
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import Verifier, unseal
from edge.checkout.books import ShopProjection
from edge.clock import SystemClock
from edge.config import ObjectConfig, load
from edge.keys import load_signer
from edge.offline_queue.bell import Answered, Bell, Said
from edge.offline_queue.journal import open_journal

# A shopper does not buy within the milliseconds of the one before: each sale finds the line quiet.
_PAUSE_S: Final = 0.02
# What was written before the first sale must be at the hub by then.
_PATIENCE_S: Final = 60.0


class Till:
    """The journal of one object, and whoever waits for the hub's word about it."""

    def __init__(self, config: ObjectConfig) -> None:
        self._keys = {key.kid: Verifier(key) for key in config.trust.receipt}
        self._clock = SystemClock()
        signer, name = load_signer(config), config.object.id
        self._journal = open_journal(config.ledger, signer, name, self._clock, [ShopProjection()])
        self._bell = Bell(config.bell, self._told)
        self._acked = asyncio.Condition()

    async def open(self) -> None:
        """Write that it starts, and listen for the agent."""
        loop = asyncio.get_running_loop()
        self._journal.start("bench")
        self._journal.on_head = lambda head: _from_thread(loop, lambda: self._ring(head))
        await self._bell.open()
        await self._bell.ring(self._journal.head)

    async def sell(self, count: int) -> list[float]:
        """Sell so many times; the milliseconds from each commit to its receipt."""
        await self._confirmed(self._journal.head)
        return [await self._sold_ms(n) for n in range(count)]

    async def close(self) -> None:
        """Give the ledger back."""
        await self._bell.close()
        self._journal.close()

    async def _sold_ms(self, n: int) -> float:
        await asyncio.sleep(_PAUSE_S)
        one = sale(n)
        appended = await self._journal.append(one, f"sale/{one.sale}")
        began_ns = self._clock.now_ns()
        await self._confirmed(appended.entry.seq)
        return (self._clock.now_ns() - began_ns) / 1e6

    async def _confirmed(self, seq: int) -> None:
        async with asyncio.timeout(_PATIENCE_S), self._acked:
            await self._acked.wait_for(lambda: self._journal.acked >= seq)

    def _ring(self, head: int) -> None:
        self._ringing = asyncio.ensure_future(self._bell.ring(head))

    async def _told(self, said: Said) -> Answered:
        if said.receipt is not None:
            receipt = unseal(said.receipt, RECEIPT_TYPE, self._keys, Receipt)
            await self._journal.acknowledge(receipt, said.receipt)
            async with self._acked:
                self._acked.notify_all()
        return Answered(ok=True)


def _from_thread(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody is left to tell
        loop.call_soon_threadsafe(call)


async def _serve(file: Path, sales: int) -> None:
    till = Till(load(file))
    await till.open()
    print("ready", flush=True)
    if sales:
        print(msgspec.json.encode(await till.sell(sales)).decode(), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await till.close()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
