"""The agent: what comes in from broker and runtime goes to the room that it is for."""

import asyncio
from collections.abc import Mapping

from cloud_sync.agent.carrier import Carrier
from cloud_sync.agent.desk import AgentStatus
from cloud_sync.agent.downlink import Downlink
from cloud_sync.agent.ports import Identity, Runtime, Waiting
from cloud_sync.agent.receipts import LatestReceipt, ReceiptDoor
from cloud_sync.agent.uplink import Outcome
from cloud_sync.contract.signing import Verifier
from cloud_sync.contract.topics import Address
from cloud_sync.mqtt import Message


class Agent:
    """One object's end of the line; everything is called on the event loop's thread."""

    def __init__(
        self,
        address: Address,
        receipt_keys: Mapping[str, Verifier],
        carrier: Carrier,
        downlink: Downlink,
        runtime: Runtime,
    ) -> None:
        self._receipt_topic = address.down("receipt")
        self._door = ReceiptDoor(receipt_keys)
        self._latest = LatestReceipt(runtime.receipt)
        self._carrier = carrier
        self._downlink = downlink
        self._runtime = runtime
        carrier.on_flow = lambda up: runtime.link(up=up)

    @staticmethod
    def subscriptions(address: Address) -> tuple[str, ...]:
        """What the agent listens to."""
        return (address.down("receipt"), address.documents())

    def line(self, up: bool) -> None:
        """The broker is there, or gone."""
        self._carrier.line(up)

    def heard(self, message: Message) -> None:
        """The broker brought a message on one of our subscriptions."""
        if message.topic == self._receipt_topic:
            self._take_receipt(message.payload)
        else:
            self._downlink.told(message.topic, message.payload)

    def opened(self, waiting: Waiting, identity: Identity) -> None:
        """The runtime is there, and its journal; what an agent before us said of the link is over."""
        self._runtime.link(up=False)
        self._carrier.opened(waiting, identity)
        self._downlink.runtime_came()

    def grown(self, head: int) -> None:
        """The runtime rang a new head."""
        self._carrier.grown(head)

    def closed(self) -> None:
        """The runtime is gone."""
        self._carrier.closed()

    async def run(self) -> None:
        """Work, for ever."""
        async with asyncio.TaskGroup() as rooms:
            rooms.create_task(self._carrier.run())
            rooms.create_task(self._latest.run())
            rooms.create_task(self._downlink.run())

    def status(self) -> AgentStatus:
        """How the line stands."""
        uplink = self._carrier.uplink
        return AgentStatus(
            online=uplink is not None and uplink.flowing,
            stage=uplink.stage.value if uplink is not None else "no runtime",
            in_flight=uplink.in_flight if uplink is not None else 0,
            last_receipt_ms=self._carrier.last_receipt_ms,
            receipts_refused=self._door.refused,
            documents_refused=self._downlink.refused,
        )

    def _take_receipt(self, jws: bytes) -> None:
        identity = self._carrier.identity
        receipt = self._door.admit(jws, identity) if identity is not None else None
        if receipt is not None and self._carrier.received(receipt) is not Outcome.STALE:
            self._latest.offer(receipt, jws.decode("ascii"))
