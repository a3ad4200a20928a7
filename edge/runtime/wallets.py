"""Wallets and gift cards at this object: the hub that lends, the purse on the disk, the tidying."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from cloud_sync.contract.escrow import SliceAsked, SliceGiven, SliceRefused
from cloud_sync.contract.facts import Fact, Paid, Sale
from cloud_sync.contract.signing import Verifier
from edge.checkout.payments.entries import Register
from edge.checkout.payments.house import HouseBook
from edge.checkout.payments.purse import FilePurse
from edge.checkout.payments.wallet import Books, Journal, Wallet
from edge.clock import Clock, boot_id
from edge.config import ObjectConfig
from edge.identity import keep_file
from edge.offline_queue.outcomes import Appended, JournalClosedError
from edge.offline_queue.questions import NoAnswerError, Questions, UnreadableQuestionError

# A slice is good for days: what is given back an hour late is missed by nobody.
_TIDY_S: Final = 3_600.0


class HouseRegister:
    """A register that tells the house's own books what it has written."""

    def __init__(self, register: Register, house: HouseBook) -> None:
        self._register, self._house = register, house

    async def record(self, draft: Sale, payments: tuple[Paid, ...], before: frozenset[str]) -> Appended:
        """Write a sale that is paid."""
        return self._told(await self._register.record(draft, payments, before))

    async def write(self, fact: Fact, idem: str) -> Appended:
        """Write any other fact."""
        return self._told(await self._register.write(fact, idem))

    def _told(self, written: Appended) -> Appended:
        self._house.apply(written.body)
        return written


class Lender:
    """The hub, as a wallet asks it for slices; `new_id` gives a fresh request id each time."""

    def __init__(self, questions: Questions, new_id: Callable[[], str]) -> None:
        self._questions, self._new_id = questions, new_id

    @property
    def keys(self) -> Mapping[str, Verifier]:
        """The hub's keys for receipts, by kid."""
        return self._questions.keys

    async def lend(self, ask: SliceAsked) -> SliceGiven | SliceRefused:
        """Ask for a slice; raises NoAnswerError, at once while the hub does not answer."""
        if not self._questions.hub_answers:
            raise NoAnswerError("the hub does not answer: nothing is lent")
        try:
            answer = await self._questions.ask(self._new_id(), ask)
        except UnreadableQuestionError as error:
            raise NoAnswerError(f"the hub was not asked: {error}") from error
        if isinstance(answer, SliceGiven | SliceRefused):
            return answer
        raise NoAnswerError("the hub has said nothing about a slice")


def wallet_of(config: ObjectConfig, books: Books, journal: Journal, lender: Lender, clock: Clock) -> Wallet:
    """The wallet of this object, with the slices that lie on its disk."""
    purse = FilePurse(config.purse, boot_id(), lambda path, data: keep_file(path, data, mode=0o600))
    return Wallet(journal, books, lender, purse, clock)


async def tend(wallet: Wallet) -> None:
    """Give back what is over, for ever; ends when the journal writes no more."""
    try:
        while True:
            await wallet.tidy()
            await asyncio.sleep(_TIDY_S)
    except JournalClosedError:
        return  # the runtime has heard of it, and starts again
