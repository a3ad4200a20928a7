"""Receipts at the object's door: signed by the hub and for this journal, or counted and left outside."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec

from cloud_sync.agent.ports import Handed, Identity, RuntimeAwayError
from cloud_sync.agent.tally import Tally
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import BadSignatureError, Verifier, unseal

_log = logging.getLogger(__name__)

# While a backlog drains, receipts come by the hundred in a second; to write each down would cost the runtime
# more than the drain itself. What is not written down after a crash is only sent again.
_GATHER_S: Final = 0.1


class NoReceiptError(ValueError):
    """What came on the receipt lane is not the hub's, or not for this journal."""


class ReceiptDoor:
    """Lets receipts in; `refused` counts the others, which a healthy line never brings."""

    def __init__(self, keys: Mapping[str, Verifier]) -> None:
        self._keys = keys
        self._refused = Tally(_log, "receipt")

    @property
    def refused(self) -> int:
        """How many were left outside."""
        return self._refused.count

    def admit(self, jws: bytes, expected: Identity) -> Receipt | None:
        """The receipt in `jws`; None if there is none for the journal that we expect."""
        try:
            return self._checked(jws, expected)
        except (NoReceiptError, BadSignatureError, msgspec.DecodeError, UnicodeDecodeError) as error:
            self._refused.add(error)
            return None

    def _checked(self, jws: bytes, expected: Identity) -> Receipt:
        receipt = unseal(jws.decode("ascii"), RECEIPT_TYPE, self._keys, Receipt)
        if (receipt.dev, receipt.epoch) != (expected.dev, expected.epoch):
            raise NoReceiptError(
                f"expected one for {expected.dev} in epoch {expected.epoch},"
                f" got one for {receipt.dev} in {receipt.epoch}"
            )
        return receipt


class LatestReceipt:
    """Hands the newest receipt to the runtime: each costs it a commit, and the last says all."""

    def __init__(self, hand: Callable[[str], Awaitable[Handed]]) -> None:
        self._hand = hand
        self._latest: tuple[int, int, str] | None = None
        self._news = asyncio.Event()
        self._last = asyncio.Event()  # nothing more is on its way: this one is waited for

    def offer(self, receipt: Receipt, jws: str, *, more: bool = False) -> None:
        """Hand this one on next, unless a newer one waits already; at once, unless `more` are to come."""
        offered = (receipt.generation, receipt.seq, jws)
        if self._latest is None or offered[:2] >= self._latest[:2]:
            self._latest = offered
            self._news.set()
        if not more:
            self._last.set()

    async def run(self) -> None:
        """Hand on, for ever. Without a runtime a receipt is forgotten: the hub is asked again later."""
        while True:
            await self._news.wait()
            await self._gather()
            self._news.clear()
            self._last.clear()
            if self._latest is not None:
                latest, self._latest = self._latest, None
                await self._hand_on(*latest)

    async def _gather(self) -> None:
        try:
            async with asyncio.timeout(_GATHER_S):
                await self._last.wait()
        except TimeoutError:
            return

    async def _hand_on(self, generation: int, seq: int, jws: str) -> None:
        try:
            handed = await self._hand(jws)
        except RuntimeAwayError as error:
            _log.info("receipt %d (generation %d) waits for the runtime: %s", seq, generation, error)
            return
        if handed.error is not None:
            _log.warning("receipt %d is not taken by the runtime: %s", seq, handed.error)
