"""The carrier: takes what the uplink wants from the journal to the line, and says how both stand."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from cloud_sync.agent.duty import ALWAYS, Duty
from cloud_sync.agent.herald import Herald
from cloud_sync.agent.ports import Identity, UnreadableError, Waiting
from cloud_sync.agent.read_ahead import ReadAhead
from cloud_sync.agent.uplink import Outcome, Stage, Uplink, Wanted
from cloud_sync.agent.voice import Voice
from cloud_sync.contract.batch import ENTRIES_MAX, pack
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.state import FAULTS_MAX, Fault, ObjectState
from cloud_sync.mqtt import Outgoing

_log = logging.getLogger(__name__)

# A broker without its hub keeps a batch no longer than this: by then it was sent again.
BATCH_EXPIRY_S: Final = 30


FORKED: Final = Fault("ledger.forked", "ledger")
"""The hub has entries that this journal does not: a person has to look."""
KEYLESS: Final = Fault("ledger.key-missing", "ledger")
"""The key of what waits is gone."""
UNREADABLE: Final = Fault("ledger.unreadable", "ledger")
"""The runtime is there, and its ledger cannot be read from outside."""


class Carrier:
    """One object's journal on its way up; all of it is for the event loop's own thread."""

    def __init__(self, voice: Voice, duty: Duty = ALWAYS) -> None:
        self._voice = voice
        self._clock = voice.clock
        self._duty = duty
        self._herald = Herald(voice.address, duty)
        self._wake = asyncio.Event()
        self._line_up = False
        self._ahead: ReadAhead | None = None
        self._keyless: str | None = None
        self._unreadable: str | None = None
        self._program = ""
        self._faults: tuple[Fault, ...] = ()
        self.identity: Identity | None = None
        self.uplink: Uplink | None = None
        self.last_receipt_ms: int | None = None
        self.on_flow: Callable[[bool], None] = lambda _up: None

    def opened(self, waiting: Waiting, identity: Identity) -> None:
        """There is a journal, and a runtime that records what the hub confirms. Raises UnreadableError."""
        ahead, uplink = ReadAhead(waiting), Uplink(waiting, self._voice.luck, self._duty)
        if self._unreadable is not None:
            # A place that is damaged still is no news: a fault that came and went would alarm nobody.
            ahead.batch(uplink.acked + 1, ENTRIES_MAX)
            _log.info("the ledger of %s can be read again", identity.dev)
        self._ahead, self.identity, self.uplink, self._unreadable = ahead, identity, uplink, None
        self._connect()

    def unreadable(self, why: str) -> None:
        """The runtime is there and its journal cannot be read: that is told, and nothing goes out."""
        if self._unreadable is None:
            _log.error("%s", why)
        self._ahead = self.identity = self.uplink = None
        self._unreadable = why
        self._wake.set()

    def closed(self) -> None:
        """The runtime is gone: nothing goes out until it is back."""
        self._ahead = self.identity = self.uplink = None
        self._program, self._faults, self._unreadable = "", (), None
        self._wake.set()

    def grown(self, head: int) -> None:
        """The journal has entries up to `head`."""
        if self.uplink is not None:
            self.uplink.grown(head, self._clock.now_ns())
            self._wake.set()

    def well(self, program: str, faults: tuple[Fault, ...]) -> None:
        """The runtime has said which program it is, and what is wrong with its object."""
        self._program, self._faults = program, faults
        self._wake.set()

    @property
    def program(self) -> str:
        """The version of the program that sells; '' before it was said."""
        return self._program

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong, as it is told to the hub."""
        looked_at = ((self._is_forked, FORKED), (self._unreadable, UNREADABLE), (self._keyless, KEYLESS))
        own = [fault for is_so, fault in looked_at if is_so]
        return (*own, *self._faults)[:FAULTS_MAX]

    @property
    def trouble(self) -> str | None:
        """What keeps entries here although the hub answers, in a sentence."""
        return self._unreadable or self._keyless

    @property
    def stage(self) -> str:
        """How the journal stands with the hub, in a word or two."""
        if self.uplink is not None:
            return self.uplink.stage.value
        return "no runtime" if self._unreadable is None else "ledger unreadable"

    @property
    def line_up(self) -> bool:
        """Whether there is a broker."""
        return self._line_up

    def line(self, up: bool) -> None:
        """The broker is there, or gone."""
        self._line_up = up
        if up:
            self._herald.forget()
            self._connect()
        elif self.uplink is not None:
            self.uplink.disconnected()
        self._wake.set()

    def received(self, receipt: Receipt) -> Outcome | None:
        """A receipt that was checked; None if there is no journal that it could be for."""
        if self.uplink is None:
            return None
        self.last_receipt_ms = self._clock.wall_ms()
        try:
            outcome = self.uplink.received(receipt, self._clock.now_ns())
        except UnreadableError as error:  # it is said again: the next connection asks
            self.unreadable(str(error))
            return None
        if outcome is Outcome.FORK:
            _log.error(
                "the hub confirms entry %d of epoch %s with hash %s, and that is not ours (our head is %d):"
                " nothing more is sent; keep the ledger's file",
                *(receipt.seq, receipt.epoch, receipt.hash, self.uplink.head),
            )
        self._wake.set()
        return outcome

    def hurry(self) -> None:
        """Somebody waits for what is here: it goes out without lingering."""
        if self.uplink is not None:
            self.uplink.hurry()
            self._wake.set()

    async def run(self) -> None:
        """Carry, for ever."""
        flowing = False
        while True:
            self._wake.clear()
            try:
                self._carry()
            except UnreadableError as error:
                self.unreadable(str(error))
            if flowing != self._flowing():
                flowing = not flowing
                self.on_flow(flowing)
            self._tell()
            await self._rest()

    def _connect(self) -> None:
        if self._line_up and self.uplink is not None:
            self.uplink.connected(self._clock.now_ns())
        self._wake.set()

    @property
    def _is_forked(self) -> bool:
        return self.uplink is not None and self.uplink.stage is Stage.FORKED

    def _flowing(self) -> bool:
        return self.uplink is not None and self.uplink.flowing

    def _carry(self) -> None:
        """Send all that may go out now."""
        if self.uplink is None:
            return
        self.uplink.tick(self._clock.now_ns())
        while (wanted := self.uplink.wanted(self._clock.now_ns())) is not None:
            if not self._send(self.uplink, wanted):
                self.uplink.refused(self._clock.now_ns())

    def _send(self, uplink: Uplink, wanted: Wanted) -> bool:
        assert self._ahead is not None
        assert self.identity is not None
        entries = self._ahead.batch(wanted.first, wanted.limit)
        if not entries:
            return False
        signer = self._voice.keys.of(entries[0].kid)
        if signer is None:
            self._miss(entries[0].seq, entries[0].kid)
            return False
        frame = pack(signer, self.identity.dev, self.identity.epoch, entries)
        if not self._voice.publish(
            Outgoing(self._voice.address.up("journal"), frame, expiry_s=BATCH_EXPIRY_S)
        ):
            return False
        self._keyless = None
        uplink.sent(entries[0].seq, entries[-1].seq, self._clock.now_ns())
        return True

    def _miss(self, seq: int, kid: str) -> None:
        """A key that signed what still waits is gone: only a person can say what became of it."""
        trouble = f"entry {seq} waits for key {kid}, and this object does not have it: put its file back"
        if trouble != self._keyless:
            _log.error("%s", trouble)
        self._keyless = trouble

    def _state(self) -> ObjectState:
        """How the object stands, without a time; without its runtime it sells nothing, and is not online."""
        if self._unreadable is not None:  # it sells: how far it is, the hub knows from before
            return ObjectState(True, program=self._program, faults=self.faults)
        if self.identity is None or self.uplink is None:
            return ObjectState(online=False)
        uplink = self.uplink
        return ObjectState(
            *(True, self.identity.epoch, uplink.head, uplink.acked), program=self._program, faults=self.faults
        )

    def _tell(self) -> None:
        if not self._line_up:
            return
        state, now_ns = self._state(), self._clock.now_ns()
        news = self._herald.news(state, now_ns, self._clock.wall_ms())
        if news is None:
            return
        if self._voice.publish(news):
            self._herald.told(state, now_ns)
        else:
            self._herald.refused(now_ns)

    async def _rest(self) -> None:
        """Wait for news, or for the next moment at which there is something to do."""
        deadlines = [self.uplink.deadline_ns if self.uplink is not None else None]
        if self._line_up:
            deadlines.append(self._herald.deadline_ns(self._state()))
        known = [deadline for deadline in deadlines if deadline is not None]
        delay_s = max(min(known) - self._clock.now_ns(), 0) / 1e9 if known else None
        try:
            async with asyncio.timeout(delay_s):
                await self._wake.wait()
        except TimeoutError:
            return
