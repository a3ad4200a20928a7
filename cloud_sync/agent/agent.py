"""The agent: what comes in from broker and runtime goes to the room that it is for."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.agent.carrier import Carrier
from cloud_sync.agent.desk import AgentStatus
from cloud_sync.agent.downlink import Downlink, Fetch
from cloud_sync.agent.duty import Duty
from cloud_sync.agent.gestures import Gestures
from cloud_sync.agent.hub_keys import Believed, HubKeys, KeyringDoor
from cloud_sync.agent.hub_time import HubTime, TimeKeeper
from cloud_sync.agent.manifests import ManifestDoor
from cloud_sync.agent.obeyed import Obeyed
from cloud_sync.agent.orders import Doing, Orders
from cloud_sync.agent.pictures import Pictures
from cloud_sync.agent.ports import Identity, Lane, Papers, Runtime, Waiting
from cloud_sync.agent.questions import Questions
from cloud_sync.agent.receipts import LatestReceipt, ReceiptDoor
from cloud_sync.agent.renewal import Renewal
from cloud_sync.agent.requests import Answered, Requests
from cloud_sync.agent.staging import Staging
from cloud_sync.agent.uplink import Outcome
from cloud_sync.agent.voice import Voice
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.requests import Ask
from cloud_sync.contract.state import Fault
from cloud_sync.contract.topics import Address, keyring
from cloud_sync.mqtt import Message

# What became of an order is told again with its next chance: it must not hold up the order behind it.
_NOTED_S: Final = 10.0


class Neighbours(msgspec.Struct, frozen=True):
    """All that an agent is given: how it speaks, and whom it speaks with."""

    voice: Voice
    hub_keys: HubKeys
    fetch: Fetch
    runtime: Runtime
    lane: Lane
    apply_keyring: Callable[[str], Believed]
    documents: Path
    """Where documents are staged."""
    obeyed: Path
    """The file of the orders that were obeyed."""
    duty: Duty
    papers: Papers | None = None
    """The certificate for the line; None on a line without one."""


class Agent:
    """One object's end of the line; everything is called on the event loop's thread."""

    def __init__(self, given: Neighbours) -> None:
        voice, self._runtime, keys = given.voice, given.runtime, given.hub_keys
        address, luck = voice.address, voice.luck
        self.time = HubTime(voice.clock)
        self.requests = Requests(voice, keys.receipt)
        self._questions = Questions(self.requests.ask, given.runtime.reply)
        self._door = ReceiptDoor(keys.receipt)
        self._latest = LatestReceipt(given.runtime.receipt)
        self._carrier = Carrier(voice, given.duty)
        manifests = ManifestDoor(address, keys.documents)
        staging = Staging(given.documents)
        self._downlink = Downlink(manifests, staging, given.fetch, given.runtime.document, luck)
        self._pictures = Pictures(given.documents / "pictures", given.fetch)
        self._keyrings = KeyringDoor(keys, given.apply_keyring, given.runtime.keyring)
        self._gestures = Gestures(voice, given.lane, given.runtime.telemetry_sent, given.duty)
        self._time_keeper = TimeKeeper(self.time, self.requests.ask, luck)
        self._renewal = None
        if given.papers is not None:
            self._renewal = Renewal(given.papers, self.time, self.requests.ask, luck)
        doing = Doing(self.time, given.runtime.order, self._carrier.hurry, self._ask_briefly)
        self._orders = Orders(address.object, keys.documents, Obeyed(given.obeyed), doing)
        if self._renewal is not None:
            self._orders.on_noted = self._renewal.stir
        self._carrier.on_flow = self._flow
        self._topics: dict[str, Callable[[bytes], None]] = {
            address.down("receipt"): self._take_receipt,
            address.down("reply"): self.requests.told,
            address.down("command"): self._orders.told,
            keyring(address.tenant): self._keyrings.told,
        }

    @staticmethod
    def subscriptions(address: Address) -> tuple[str, ...]:
        """What the agent listens to."""
        return (
            address.down("receipt"),
            address.down("reply"),
            address.down("command"),
            address.documents(),
            keyring(address.tenant),
        )

    @property
    def on_time(self) -> Callable[[], None]:
        """Called when the hub has said what time it is."""
        return self._time_keeper.on_told

    @on_time.setter
    def on_time(self, called: Callable[[], None]) -> None:
        self._time_keeper.on_told = called

    def line(self, up: bool) -> None:
        """The broker is there, or gone."""
        self._carrier.line(up)

    def heard(self, message: Message) -> None:
        """The broker brought a message on one of our subscriptions."""
        take = self._topics.get(message.topic)
        if take is not None:
            take(message.payload)
        else:
            self._downlink.told(message.topic, message.payload)

    def came(self) -> None:
        """The runtime is there; what an agent before us said of the link is over."""
        self._runtime.link(up=False)
        self._downlink.runtime_came()
        self._keyrings.runtime_came()
        self._orders.stir()

    def opened(self, waiting: Waiting, identity: Identity) -> None:
        """Its journal is there, too. Raises UnreadableError."""
        self._carrier.opened(waiting, identity)

    def grown(self, head: int) -> None:
        """The runtime rang a new head."""
        self._carrier.grown(head)

    def asked(self, request_id: str, ask: Ask) -> None:
        """The runtime wants to know something of the hub."""
        self._questions.told(request_id, ask)

    def well(self, program: str, faults: tuple[Fault, ...]) -> None:
        """The runtime has said which program it is, and what is wrong with its object."""
        self._carrier.well(program, faults)

    def unreadable(self, why: str) -> None:
        """The runtime is there, and its journal cannot be read."""
        self._carrier.unreadable(why)

    def closed(self) -> None:
        """The runtime is gone."""
        self._carrier.closed()

    async def run(self) -> None:
        """Work, for ever."""
        async with asyncio.TaskGroup() as rooms:
            rooms.create_task(self._carrier.run())
            rooms.create_task(self._latest.run())
            rooms.create_task(self._downlink.run())
            rooms.create_task(self._pictures.run())
            rooms.create_task(self._keyrings.run())
            rooms.create_task(self._gestures.run())
            rooms.create_task(self._orders.run())
            rooms.create_task(self._questions.run())
            rooms.create_task(self._time_keeper.run())
            if self._renewal is not None:
                rooms.create_task(self._renewal.run())

    def status(self) -> AgentStatus:
        """How the line stands."""
        uplink = self._carrier.uplink
        return AgentStatus(
            online=uplink is not None and uplink.flowing,
            stage=self._carrier.stage,
            in_flight=uplink.in_flight if uplink is not None else 0,
            last_receipt_ms=self._carrier.last_receipt_ms,
            receipts_refused=self._door.refused,
            documents_refused=self._downlink.refused,
            replies_refused=self.requests.refused,
            orders_refused=self._orders.refused,
            keyrings_refused=self._keyrings.refused,
            telemetry_told=self._gestures.told,
            clock_off_ms=self.time.offset_ms,
            trouble=self._carrier.trouble,
            broker=self._carrier.line_up,
            program=self._carrier.program,
            faults=self._carrier.faults,
        )

    def _flow(self, up: bool) -> None:
        """The hub answers, or does so no longer."""
        self._runtime.link(up=up)
        self._gestures.flow(up)
        self._time_keeper.flow(up)
        if self._renewal is not None:
            self._renewal.flow(up)
        if up:
            self._orders.stir()

    def _take_receipt(self, jws: bytes) -> None:
        identity = self._carrier.identity
        receipt = self._door.admit(jws, identity) if identity is not None else None
        if receipt is None:
            return
        self.time.proved(receipt.at_ms)
        if self._carrier.received(receipt) is not Outcome.STALE:
            self._offer(receipt, jws)

    def _offer(self, receipt: Receipt, jws: bytes) -> None:
        uplink = self._carrier.uplink
        more = uplink is not None and uplink.in_flight > 0
        self._latest.offer(receipt, jws.decode("ascii"), more=more)

    async def _ask_briefly(self, ask: Ask) -> Answered:
        return await self.requests.ask(ask, patience_s=_NOTED_S)
