"""Orders of the shop's at the object's door: signed, in time, obeyed once, and answered until that is noted.

The runtime checks each order again and obeys it; what became of it is kept in a small file, so that an order
that is told again, by the hub or by somebody who recorded it, is answered and not obeyed once more.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec

from cloud_sync.agent.hub_time import HubTime
from cloud_sync.agent.obeyed import Obeyed
from cloud_sync.agent.ports import Handed, RuntimeAwayError
from cloud_sync.agent.requests import Answered, NoAnswerError
from cloud_sync.agent.tally import Tally
from cloud_sync.contract.orders import ORDER_TYPE, VALID_S_MAX, Order, SyncNow
from cloud_sync.contract.requests import REQUEST_BYTES_MAX, Ask, CommandDone
from cloud_sync.contract.signing import BadSignatureError, Verifier, unseal

_log = logging.getLogger(__name__)

# Orders that wait for the runtime, and outcomes that wait for the hub: a person gives a handful.
WAITING_MAX: Final = 16
# An outcome that the hub did not note is told again after this, while it answers.
_AGAIN_S: Final = 30.0
_SENTENCE_MAX: Final = 400


class OrderRefusedError(ValueError):
    """What came on the command lane is not to be obeyed: why."""


class Doing(msgspec.Struct, frozen=True):
    """Whom an order needs: the hub's clock, the runtime that obeys, the uplink, and the hub that is told."""

    time: HubTime
    hand: Callable[[str], Awaitable[Handed]]
    hurry: Callable[[], None]
    ask: Callable[[Ask], Awaitable[Answered]]


class Orders:
    """The orders of one object; `keys` are those of the hub that may give any."""

    def __init__(self, dev: str, keys: Mapping[str, Verifier], obeyed: Obeyed, doing: Doing) -> None:
        self._dev = dev
        self._keys = keys
        self._obeyed = obeyed
        self._doing = doing
        self._waiting: dict[str, tuple[Order, str]] = {}
        self._untold: dict[str, CommandDone] = {}
        self._wake = asyncio.Event()
        self._refused = Tally(_log, "order")
        self.on_noted: Callable[[], None] = lambda: None
        """Called when the hub has noted what became of an order, and so knows the key that told it."""

    @property
    def refused(self) -> int:
        """How many were not the hub's, not for this object, or too late."""
        return self._refused.count

    def told(self, payload: bytes) -> None:
        """An order as the broker brought it."""
        try:
            order, jws = self._checked(payload)
        except (OrderRefusedError, BadSignatureError, msgspec.DecodeError, UnicodeDecodeError) as error:
            self._refused.add(error)
            return
        done = self._obeyed.outcome(order.id)
        if done is not None:
            self._report(order.id, done)
        elif order.id in self._waiting or len(self._waiting) < WAITING_MAX:
            self._waiting[order.id] = (order, jws)
        else:
            self._refused.add(f"{WAITING_MAX} orders wait for the runtime already")
        self._wake.set()

    def stir(self) -> None:
        """A runtime came, or the hub answers again: what waits is tried once more."""
        self._wake.set()

    async def run(self) -> None:
        """Obey and answer, for ever."""
        while True:
            await self._wait()
            for order, jws in list(self._waiting.values()):
                await self._obey(order, jws)
            for order_id in list(self._untold):
                await self._tell(self._untold.pop(order_id))

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_AGAIN_S if self._untold or self._waiting else None):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    def _checked(self, payload: bytes) -> tuple[Order, str]:
        if len(payload) > REQUEST_BYTES_MAX:
            raise OrderRefusedError(f"expected at most {REQUEST_BYTES_MAX} bytes, got {len(payload)}")
        jws = payload.decode("ascii")
        order = unseal(jws, ORDER_TYPE, self._keys, Order)
        if order.dev != self._dev:
            raise OrderRefusedError(f"expected an order for {self._dev}, got one for {order.dev}")
        if not 0 < order.expires_ms - order.at_ms <= VALID_S_MAX * 1000:
            raise OrderRefusedError(f"{order.id}: expected an order that is void within a day")
        if self._is_void(order):
            raise OrderRefusedError(f"{order.id}: it was void at {order.expires_ms}")
        return order, jws

    def _is_void(self, order: Order) -> bool:
        # Before the hub has said what time it is, the broker alone has counted the seconds.
        return self._doing.time.known and self._doing.time.now_ms() > order.expires_ms

    async def _obey(self, order: Order, jws: str) -> None:
        if self._is_void(order):
            del self._waiting[order.id]
            self._refused.add(f"{order.id}: it was void before there was a runtime to obey it")
            return
        try:
            handed = await self._done(order, jws)
        except RuntimeAwayError as error:
            _log.info("order %s waits for the runtime: %s", order.id, error)
            return
        del self._waiting[order.id]
        done = CommandDone(order.id, handed.error is None, (handed.error or "")[:_SENTENCE_MAX])
        self._obeyed.keep(order, done)
        self._report(order.id, done)

    async def _done(self, order: Order, jws: str) -> Handed:
        if isinstance(order.do, SyncNow):
            self._doing.hurry()
            return Handed()
        return await self._doing.hand(jws)

    def _report(self, order_id: str, done: CommandDone) -> None:
        if len(self._untold) < WAITING_MAX:  # the hub tells the order again, and is answered then
            self._untold[order_id] = done

    async def _tell(self, done: CommandDone) -> None:
        try:
            await self._doing.ask(done)
        except NoAnswerError as error:
            _log.info("the hub has not noted order %s: %s", done.command, error)
            self._report(done.command, done)
            return
        self.on_noted()
