"""The agent of an object: its real rooms for the way up and for receipts, on a line of this world."""

import asyncio
import random
from collections.abc import Callable
from typing import Final

from cloud_sync.agent.carrier import Carrier
from cloud_sync.agent.ports import Clock, Handed, RuntimeAwayError
from cloud_sync.agent.receipts import LatestReceipt, ReceiptDoor
from cloud_sync.agent.uplink import Outcome
from cloud_sync.agent.voice import Voice
from cloud_sync.contract.signing import Signer, Verifier
from cloud_sync.mqtt import Outgoing
from edge.offline_queue.reader import LedgerReader
from proofs.broker import Message
from proofs.runtime import Runtime
from proofs.shop import RECEIPT_KEY, address_of, key

_VERIFIERS: Final = {RECEIPT_KEY.public.kid: Verifier(RECEIPT_KEY.public)}

# A receipt goes through a socket and waits for a commit.
_HANDED_S: Final = 0.01


class _Keys:
    """The keys that an object has on its card."""

    def __init__(self, numbers: Callable[[], list[int]]) -> None:
        self._numbers = numbers

    @property
    def current(self) -> Signer:
        """The key that signs now."""
        return key(self._numbers()[-1])

    def of(self, kid: str) -> Signer | None:
        """The key that signed an entry."""
        return next((key(number) for number in self._numbers() if key(number).public.kid == kid), None)


class Agent:
    """One life of an agent's process."""

    def __init__(
        self,
        name: str,
        keys: Callable[[], list[int]],
        publish: Callable[[Outgoing], bool],
        clock: Clock,
        luck: random.Random,
    ) -> None:
        self._address = address_of(name)
        self._luck = luck
        self._publish = publish
        self._runtime: Runtime | None = None
        self._reader: LedgerReader | None = None
        self.door = ReceiptDoor(_VERIFIERS)
        self.carrier = Carrier(Voice(self._address, _Keys(keys), self._out, clock, luck))
        self._latest = LatestReceipt(self._hand)
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self.carrier.run()), loop.create_task(self._latest.run())]

    def met(self, runtime: Runtime) -> None:
        """There is a runtime."""
        reader = LedgerReader(runtime.ledger)
        identity = reader.identity()
        assert identity is not None, "the runtime has begun"
        self._runtime, self._reader = runtime, reader
        self.carrier.opened(reader, identity)
        self.carrier.grown(reader.head())

    def lost(self) -> None:
        """The runtime is gone."""
        if self._reader is not None:
            self.carrier.closed()
            self._reader.close()
            self._runtime = self._reader = None

    def line(self, *, up: bool) -> None:
        """The broker is there, or gone."""
        self.carrier.line(up)

    def hear(self, message: Message) -> None:
        """The broker has brought a message (see `cloud_sync.agent.agent.Agent`)."""
        identity = self.carrier.identity
        if message.topic != self._address.down("receipt") or identity is None:
            return
        receipt = self.door.admit(message.payload, identity)
        if receipt is None or self.carrier.received(receipt) is Outcome.STALE:
            return
        more = self.carrier.uplink is not None and self.carrier.uplink.in_flight > 0
        self._latest.offer(receipt, message.payload.decode("ascii"), more=more)

    def end(self) -> None:
        """End as by kill -9."""
        for task in self._tasks:
            task.cancel()
        self.lost()

    async def _hand(self, jws: str) -> Handed:
        await asyncio.sleep(_HANDED_S * self._luck.random())
        if self._runtime is None:
            raise RuntimeAwayError("no runtime listens")
        return Handed(self._runtime.hear(jws))

    def _out(self, outgoing: Outgoing) -> bool:
        # What an object tells of itself is shown to people, and nothing is counted by it.
        return outgoing.topic.endswith("/up/state") or self._publish(outgoing)
