"""Errands: what the agent brings to the object; each is checked here by the hub's own signature, and done."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.orders import (
    ORDER_TYPE,
    CloseDoors,
    EndOfDay,
    HandOut,
    Identify,
    OpenDoors,
    Order,
    RotateKey,
    SyncNow,
    TakeMoney,
)
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import PublicKey, Verifier, unseal
from edge.checkout.backroom import Backroom
from edge.checkout.documents import Documents
from edge.checkout.payments.desk import Confirmed, Desk
from edge.checkout.till import Till
from edge.clock import HubClock
from edge.config import ObjectConfig
from edge.identity import apply_keyring, keep_file
from edge.keys import KeyUnusableError, forget_key, hand_over, load_signer, next_key, signers
from edge.offline_queue.bell import Answered, Said
from edge.offline_queue.journal import Journal
from edge.offline_queue.lanes import TelemetryLane
from edge.offline_queue.outcomes import JournalClosedError, JournalForkedError
from edge.offline_queue.questions import Questions, ReplyRefusedError
from edge.offline_queue.reader import LedgerReader

_log: Final = logging.getLogger("opos.errands")


class OrderRefusedError(ValueError):
    """An order that this object does not obey: why."""


class Doors:
    """Whether the shop lets this object sell; a file says that it does not, and a restart opens nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def closed(self) -> bool:
        """Whether nothing may be sold."""
        return self._path.exists()

    def close(self) -> None:
        """Sell nothing from now on, after a power cut neither. Raises OSError."""
        keep_file(self._path, b"")

    def open(self) -> None:
        """Sell again. A power cut may bring the doors back closed, which costs an order and no money."""
        self._path.unlink(missing_ok=True)


class Rooms(msgspec.Struct, frozen=True):
    """Where an errand leads to; `forked` hears of a receipt that proves the ledger to be a copy.

    `questions` is None at an object that asks its hub nothing, `desk` where nobody pays at the desk.
    `end_day` has the card terminals hand in their day, and says whether there are any.
    """

    journal: Journal
    documents: Documents
    backroom: Backroom
    till: Till
    telemetry: TelemetryLane
    clock: HubClock
    forked: Callable[[Receipt, str], None]
    questions: Questions | None = None
    desk: Desk | None = None
    end_day: Callable[[], bool] = lambda: False


class Errands:
    """Does what the agent brings."""

    def __init__(self, config: ObjectConfig, rooms: Rooms) -> None:
        self._config = config
        self._rooms = rooms
        self._doors = Doors(config.data_dir / "doors-closed")
        self._receipt_keys = _verifiers(config.trust.receipt)
        self._order_keys = _verifiers(config.trust.documents)
        self._old_keys, self._rotated_at = _old_keys(config)
        rooms.till.doors(closed=self._doors.closed)

    async def do(self, said: Said) -> Answered:
        """Do one errand, and say whether it was done."""
        try:
            await self._do(said)
        except (ValueError, JournalClosedError, KeyUnusableError, OSError) as error:
            _log.warning("refused: %s", error)
            return Answered(ok=False, error=str(error))
        return Answered(ok=True)

    async def _do(self, said: Said) -> None:
        if said.receipt is not None:
            await self._acknowledge(said.receipt)
        if said.document is not None:
            await self._rooms.backroom.receive(said.document.manifest, Path(said.document.path))
        if said.order is not None:
            await self._obey(unseal(said.order, ORDER_TYPE, self._order_keys, Order))
        if said.keyring is not None:
            await self._believe(said.keyring)
        if said.reply is not None:
            self._answer(said.reply)
        if said.telemetry is not None:
            self._rooms.telemetry.sent(said.telemetry.seq, said.telemetry.lane)
        if said.link is not None:
            self._link(up=said.link == "up")
        if said.identify is not None:
            self._rooms.till.identify(said.identify.seconds)

    def _answer(self, jws: str) -> None:
        if self._rooms.questions is None:
            raise ReplyRefusedError("expected no reply: this object asks its hub nothing")
        self._rooms.questions.told(jws)

    def _link(self, *, up: bool) -> None:
        self._rooms.till.link(up=up)
        if self._rooms.questions is not None:
            self._rooms.questions.hub_answers = up

    async def _acknowledge(self, jws: str) -> None:
        receipt = unseal(jws, RECEIPT_TYPE, self._receipt_keys, Receipt)
        try:
            await self._rooms.journal.acknowledge(receipt, jws)
        except JournalForkedError as error:
            self._rooms.forked(receipt, str(error))
            raise
        self._rooms.clock.proved(receipt.at_ms)
        if self._old_keys and receipt.safe >= self._rotated_at:
            await self._forget_old_keys()

    async def _forget_old_keys(self) -> None:
        """A hub that came back from a backup needs nothing any more that they have signed."""
        for kid in self._old_keys:
            await asyncio.to_thread(forget_key, self._config, kid)
        self._old_keys = frozenset()

    async def _believe(self, jws: str) -> None:
        trust = await asyncio.to_thread(apply_keyring, self._config, jws)
        self._receipt_keys = _verifiers(trust.receipt)
        self._order_keys = _verifiers(trust.documents)
        self._rooms.documents.believe(trust.documents)
        if self._rooms.questions is not None:
            self._rooms.questions.believe(trust.receipt)

    async def _obey(self, order: Order) -> None:
        """Do what the shop orders; whether it came in time, the agent knows by the hub's clock."""
        if order.dev != (mine := self._config.object.id):
            raise OrderRefusedError(f"expected an order for {mine}, got one for {order.dev}")
        match order.do:
            case Identify(seconds=seconds):
                self._rooms.till.identify(seconds)
            case CloseDoors():
                await asyncio.to_thread(self._doors.close)
                self._rooms.till.doors(closed=True)
            case OpenDoors():
                self._doors.open()
                self._rooms.till.doors(closed=False)
            case RotateKey():
                await self._rotate()
            case TakeMoney(code=code, amount_minor=amount_minor, staff=staff, means=means):
                _insist(await self._desk.confirm(code, staff, amount_minor, means))
            case HandOut(code=code, amount_minor=amount_minor, staff=staff):
                _insist(await self._desk.hand_out(code, staff, amount_minor))
            case EndOfDay():
                if not self._rooms.end_day():
                    raise OrderRefusedError("nothing here hands in a day: its file has no card terminal")
            case SyncNow():
                raise OrderRefusedError("to send what waits is the agent's: update it")

    @property
    def _desk(self) -> Desk:
        if self._rooms.desk is None:
            raise OrderRefusedError("nobody pays at the desk for this object: its file has no such tender")
        return self._rooms.desk

    async def _rotate(self) -> None:
        """Three steps, of which each may be the last before a power cut: see `edge.keys`."""
        before = load_signer(self._config).public.kid
        signer = await asyncio.to_thread(next_key, self._config)
        named = await self._rooms.journal.rotate(signer)
        await asyncio.to_thread(hand_over, self._config)
        self._old_keys, self._rotated_at = self._old_keys | {before}, named.entry.seq


_NOT_DONE: Final = {
    Confirmed.NO_SUCH_CODE: "nobody waits for this code, or not any more: give the money back",
    Confirmed.OTHER_AMOUNT: "expected the amount that the glass shows: nothing was written",
    Confirmed.TWO_ALIKE: "two shoppers wait under this code: let one of them begin anew",
}


def _insist(confirmed: Confirmed) -> None:
    """Raise OrderRefusedError unless the desk's word is written; one that comes twice is no error."""
    if (why := _NOT_DONE.get(confirmed)) is not None:
        raise OrderRefusedError(why)


def _verifiers(keys: tuple[PublicKey, ...]) -> dict[str, Verifier]:
    return {key.kid: Verifier(key) for key in keys}


def _old_keys(config: ObjectConfig) -> tuple[frozenset[str], int]:
    """The keys that were replaced and are still here, and the entry that named the present one."""
    known = frozenset(signers(config)) - {load_signer(config).public.kid}
    if not known:
        return known, 0
    with contextlib.closing(LedgerReader(config.ledger)) as reader:
        return known, reader.last_rotation()
