"""The agent process: ties the ledger's read side, the runtime's bell, the broker and the hub together."""

import asyncio
import contextlib
import logging
import os
import random
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Final

import apsw

from cloud_sync.agent.agent import Agent, Neighbours
from cloud_sync.agent.chunks import HubChunks
from cloud_sync.agent.desk import SOCKET, Desk
from cloud_sync.agent.duty import ALWAYS, METERED, Duty
from cloud_sync.agent.herald import last_will
from cloud_sync.agent.hub_keys import HubKeys
from cloud_sync.agent.opening import Opening
from cloud_sync.agent.ports import Keys, UnreadableError
from cloud_sync.agent.voice import Voice
from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.signing import Signer
from cloud_sync.contract.telemetry import TelemetryItem, TelemetryPiece
from cloud_sync.contract.topics import Address
from cloud_sync.mqtt import Line, Message
from cloud_sync.notify import HERE
from cloud_sync.security import Security
from edge.clock import Clock, SystemClock
from edge.config import ObjectConfig
from edge.health.desk import HealthDesk, teller_of
from edge.health.looking import Looker
from edge.identity import (
    IdentityUnusableError,
    apply_keyring,
    is_certified,
    keep_certificate,
    keep_chain,
    line_security,
    new_csr,
    renewal_is_due,
)
from edge.keys import KeyUnusableError, load_signer, signers
from edge.offline_queue.lanes import LaneReader, NoLaneError
from edge.offline_queue.reader import Acked, Identity, LedgerReader
from edge.runtime_line import RuntimeLine

_log = logging.getLogger(__name__)

# Messages that wait for the event loop: each is at most 128 KiB.
_WAITING_MAX: Final = 16
# The event loop never works this long on one thing; if it does, the broker may keep the message.
_BUSY_S: Final = 5.0
# A key that is not there is looked for again this much later: a TPM may have to be asked for it.
_KEYS_NS: Final = 10_000_000_000
# A twelfth of what the unit gives (WatchdogSec=30): a slow card may miss some.
_LIVE_S: Final = 2.5


class _Journal:
    """The ledger as the agent reads it: whatever is wrong with the file is one word to it.

    After that it answers nothing any more: SQLite might wait for as long again, or answer from its own cache.
    """

    def __init__(self, path: Path) -> None:
        """Raises UnreadableError, as every other call."""
        self._path = path
        self._failed: UnreadableError | None = None
        with self._read():
            self._reader = LedgerReader(path)

    def identity(self) -> Identity | None:
        """Whose journal it is."""
        with self._read():
            return self._reader.identity()

    def head(self) -> int:
        """The last seq."""
        with self._read():
            return self._reader.head()

    def receipt(self) -> Acked:
        """What the hub has confirmed."""
        with self._read():
            return self._reader.receipt()

    def last_receipt(self) -> Receipt | None:
        """What the hub said last."""
        with self._read():
            return self._reader.last_receipt()

    def after(self, seq: int, limit: int) -> list[SignedEntry]:
        """Up to `limit` entries that follow `seq`."""
        with self._read():
            return self._reader.after(seq, limit)

    def hash_of(self, seq: int) -> bytes | None:
        """The hash of one entry."""
        with self._read():
            return self._reader.hash_of(seq)

    def close(self) -> None:
        """Give the file back."""
        self._reader.close()

    @contextlib.contextmanager
    def _read(self) -> Iterator[None]:
        if self._failed is not None:
            raise self._failed
        try:
            yield
        except (apsw.Error, ValueError, LookupError, OSError) as error:
            self._failed = UnreadableError(f"{self._path} cannot be read: {error}: run `opos doctor`")
            raise self._failed from error


class _Keys:
    """The object's keys, looked for again when an entry names one that is not known yet."""

    def __init__(self, config: ObjectConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._missed_ns: int | None = None
        self._inode = self._inode_now()
        self._current: Signer = load_signer(config)
        self._known = {self._current.public.kid: self._current}

    @property
    def current(self) -> Signer:
        """The key that signs now: the runtime puts another file in the place of one that it replaces."""
        if (inode := self._inode_now()) != self._inode:
            self._look()
            self._inode = inode
        return self._current

    def of(self, kid: str) -> Signer | None:
        """The key that signed an entry; None if the object no longer has it."""
        if kid not in self._known and not self._missed_lately():
            self._look()
            self._missed_ns = None if kid in self._known else self._clock.now_ns()
        return self._known.get(kid)

    def _missed_lately(self) -> bool:
        return self._missed_ns is not None and self._clock.now_ns() - self._missed_ns < _KEYS_NS

    def _look(self) -> None:
        try:
            self._known = signers(self._config)
            self._current = load_signer(self._config)
        except KeyUnusableError as error:
            _log.warning("the object's keys cannot be looked for: %s", error)

    def _inode_now(self) -> int:
        try:
            return self._config.key.stat().st_ino
        except OSError:  # whoever loads it says what is wrong
            return 0


class _Lane:
    """The telemetry lane, as pieces of this object's."""

    def __init__(self, config: ObjectConfig) -> None:
        self._dev = config.object.id
        self._reader = LaneReader(config.telemetry)

    def after(self, seq: int, limit: int) -> TelemetryPiece | None:
        """Up to `limit` items that follow `seq`; None while there is nothing to read from."""
        try:
            piece = self._reader.after(seq, limit)
        except (
            NoLaneError,
            ValueError,
        ):  # a text that is none: its writer finds that out, and begins a new one
            return None
        items = tuple(TelemetryItem(item.seq, item.kind, item.at_ms, item.body) for item in piece.items)
        return TelemetryPiece(self._dev, piece.lane, piece.dropped, piece.replaced, items)

    def close(self) -> None:
        """Give the file back."""
        self._reader.close()


class _Papers:
    """The certificates; what is wrong with them is a sentence in the log, and no reason to stop."""

    def __init__(self, config: ObjectConfig, keys: Keys) -> None:
        self._config, self._keys = config, keys

    def due(self, now_ms: int) -> bool:
        """Whether two thirds of the life of the line's are over, or the journal's key has none."""
        with _as_value_error():
            if renewal_is_due(self._config, now_ms):
                return True
        return not is_certified(self._config, self._keys.current.public)

    def new_csr(self) -> str:
        """A request for the next one."""
        with _as_value_error():
            return new_csr(self._config)

    def keep_chain(self, pem: str) -> None:
        """Keep a new one."""
        with _as_value_error():
            keep_chain(self._config, pem)

    def keep_certificate(self, jws: str) -> None:
        """Keep a root's word for the key that signs now."""
        keep_certificate(self._config, jws, self._keys.current.public)


@contextlib.contextmanager
def _as_value_error() -> Iterator[None]:
    try:
        yield
    except IdentityUnusableError as error:
        raise ValueError(str(error)) from error


class _Inbox:
    """Brings what the network thread hears to the event loop; a full one makes the network thread wait."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._room = threading.BoundedSemaphore(_WAITING_MAX)
        self.on_line: Callable[[bool], None] = lambda _up: None
        self.on_message: Callable[[Message], None] = lambda _message: None

    def line(self, up: bool) -> None:
        """The broker is there, or gone."""
        self._loop.call_soon_threadsafe(self.on_line, up)

    def message(self, message: Message) -> None:
        """The broker brought a message."""
        if self._room.acquire(timeout=_BUSY_S):
            self._loop.call_soon_threadsafe(self._deliver, message)
        else:
            _log.warning("%s: dropped, the agent is busy", message.topic)

    def _deliver(self, message: Message) -> None:
        self._room.release()
        self.on_message(message)


class _Time:
    """The latest moment that surely has passed, for certificates while the machine's clock is untrusted."""

    def __init__(self) -> None:
        self.agent: Agent | None = None

    def heard_ms(self) -> int:
        """What the hub has proved; 0 before it said anything."""
        return self.agent.time.now_ms() if self.agent is not None and self.agent.time.known else 0


async def serve(config: ObjectConfig) -> None:
    """Be the agent of one object until SIGTERM or SIGINT.

    Raises KeyUnusableError, IdentityUnusableError, DeskTakenError, OSError.
    """
    luck = random.SystemRandom()
    inbox = _Inbox(asyncio.get_running_loop())
    runtime = RuntimeLine(config.bell, luck)
    clock, time, lane = SystemClock(), _Time(), _Lane(config)
    security = line_security(config, clock, time.heard_ms)
    line = _line(config, inbox, security)
    voice = Voice(_address(config), _Keys(config, clock), line.publish, clock, luck)
    agent = Agent(_neighbours(config, voice, runtime, lane, security))
    time.agent = agent
    if security is not None and clock.quality() != "trusted":
        agent.on_time = _once(line.again)
    opening = Opening(agent, lambda: _Journal(config.ledger), clock)
    inbox.on_line, inbox.on_message = agent.line, agent.heard
    runtime.on_head, runtime.on_ask = opening.rung, agent.asked
    looker = Looker(config, clock, agent.status, lambda: opening.journal)
    health = HealthDesk(looker, agent.well, teller_of(config, os.environ))
    runtime.on_well = health.said

    def gone() -> None:
        health.gone()
        opening.gone()

    runtime.on_gone = gone
    desk = Desk(config.data_dir / SOCKET, agent.status)
    await desk.open()
    line.start()
    try:
        await _until_told_to_stop(agent.run(), runtime.run(), health.run(), _live(opening, agent))
    finally:
        HERE.stopping()
        health.close()
        await asyncio.to_thread(line.stop)
        await desk.close()
        lane.close()


async def _live(opening: Opening[_Journal], agent: Agent) -> None:
    """Tell the service manager that the agent lives, each time that it has touched the ledger, and how it is.

    A disk that gives no answer at all holds it here: that ends it.
    """
    while True:
        opening.look()
        status = agent.status()
        HERE.beat(status.trouble or ("the hub answers" if status.online else "the hub does not answer"))
        await asyncio.sleep(_LIVE_S)


def _line(config: ObjectConfig, inbox: _Inbox, security: Security | None) -> Line:
    address = _address(config)
    return Line(
        host=config.sync.broker_host,
        port=config.sync.broker_port,
        client_id=f"opos.{address.tenant}.{address.site}.{address.object}",
        on_message=inbox.message,
        on_link=inbox.line,
        will=last_will(address),
        subscriptions=Agent.subscriptions(address),
        keepalive_s=_duty(config).keepalive_s,
        security=security if config.sync.broker_is_secure else None,
    )


def _neighbours(
    config: ObjectConfig, voice: Voice, runtime: RuntimeLine, lane: _Lane, security: Security | None
) -> Neighbours:
    return Neighbours(
        voice=voice,
        hub_keys=HubKeys(config.trust.receipt, config.trust.documents),
        fetch=HubChunks(config.sync.hub_url, security).get,
        runtime=runtime,
        lane=lane,
        apply_keyring=lambda jws: apply_keyring(config, jws),
        documents=config.documents,
        obeyed=config.data_dir / "orders.json",
        duty=_duty(config),
        papers=None if security is None else _Papers(config, voice.keys),
    )


def _once(call: Callable[[], None]) -> Callable[[], None]:
    """The first connection of a board without a clock was judged by an old time: one more sees to that."""
    left = [call]
    return lambda: left.pop()() if left else None


def _duty(config: ObjectConfig) -> Duty:
    return METERED if config.sync.duty == "metered" else ALWAYS


def _address(config: ObjectConfig) -> Address:
    return Address(config.object.tenant, config.object.site, config.object.id)


async def _until_told_to_stop(*work: Coroutine[None, None, None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as rooms:
        running = [rooms.create_task(one) for one in work]
        await stop.wait()
        for task in running:
            task.cancel()
