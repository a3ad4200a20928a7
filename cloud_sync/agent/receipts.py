"""Receipts at the object's door: signed by the hub and for this journal, or counted and left outside."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from cloud_sync.agent.ports import Handed, Identity, RuntimeAwayError
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import BadSignatureError, Verifier, unseal

_log = logging.getLogger(__name__)


class NoReceiptError(ValueError):
    """What came on the receipt lane is not the hub's, or not for this journal."""


class ReceiptDoor:
    """Lets receipts in; `refused` counts the others, which a healthy line never brings."""

    def __init__(self, keys: Mapping[str, Verifier]) -> None:
        self._keys = keys
        self.refused = 0

    def admit(self, jws: bytes, expected: Identity) -> Receipt | None:
        """The receipt in `jws`; None if there is none for the journal that we expect."""
        try:
            return self._checked(jws, expected)
        except (NoReceiptError, BadSignatureError, msgspec.DecodeError, UnicodeDecodeError) as error:
            self.refused += 1
            _log.warning("receipt refused (%d so far): %s", self.refused, error)
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

    def offer(self, receipt: Receipt, jws: str) -> None:
        """Hand this one on next, unless a newer one waits already."""
        offered = (receipt.generation, receipt.seq, jws)
        if self._latest is None or offered[:2] >= self._latest[:2]:
            self._latest = offered
            self._news.set()

    async def run(self) -> None:
        """Hand on, for ever. Without a runtime a receipt is forgotten: the hub is asked again later."""
        while True:
            await self._news.wait()
            self._news.clear()
            if self._latest is None:
                continue
            generation, seq, jws = self._latest
            self._latest = None
            try:
                handed = await self._hand(jws)
            except RuntimeAwayError as error:
                _log.info("receipt %d (generation %d) waits for the runtime: %s", seq, generation, error)
                continue
            if handed.error is not None:
                _log.warning("receipt %d is not taken by the runtime: %s", seq, handed.error)
