"""The line between the cashier and a provider's books: each request and each answer on it is a step."""

import asyncio
from collections.abc import Callable
from typing import Final

from edge.checkout.payments.provider import Attempt, Capabilities, Said, Taken
from edge.readings import Nanoseconds
from tests.payments.bank import SECOND, Bank, Word

_ON_ITS_WAY_S: Final = 0.05
# How long our own side waits before it calls a line dead, where anybody says so at all.
_LOST_S: Final = 5.0
_LADDER_NS: Final = tuple(Nanoseconds(s * SECOND) for s in (1, 2, 5, 10))

_SHOWS: Final = {"knows": "scan", "fenced": "terminal", "holds": "code", "stores": "nothing"}


class Wire:
    """A provider as the cashier sees it; `step` hears what passes, `now_ns` is the world's time."""

    def __init__(self, bank: Bank, step: Callable[[str], None], now_ns: Callable[[], int]) -> None:
        self._bank = bank
        self._step = step
        self._now_ns = now_ns

    @property
    def name(self) -> str:
        return self._bank.name

    @property
    def capabilities(self) -> Capabilities:
        shows = _SHOWS[self._bank.kind]
        patience_ns = Nanoseconds((120 if self._bank.kind == "fenced" else 45) * SECOND)
        return Capabilities(shows, True, patience_ns, _LADDER_NS)  # type: ignore[arg-type] # by the table

    async def fence(self) -> str:
        await self._ask()
        return self._bank.fence()

    async def start(self, attempt: Attempt) -> Said:
        self._step(f"start {attempt.id} leaves")
        await asyncio.sleep(_ON_ITS_WAY_S)
        behaviour = self._bank.behaviour(attempt.id) if attempt.id in self._bank.starts else None
        word = self._bank.start(self._now_ns(), attempt.id, attempt.amount_minor, attempt.currency)
        behaviour = behaviour or self._bank.behaviour(attempt.id)
        self._step(f"start {attempt.id} sent")
        if self._bank.kind == "stores" and behaviour.answer != "told":
            return Said("stored-offline", attempt.amount_minor, attempt.currency)
        if word is None and behaviour.answer in {"silence", "lost"}:
            await self._nothing_comes(forever=behaviour.answer == "silence")
        if word is None:
            await self._until_it_is_done(attempt)
            word = self._bank.query(self._now_ns(), attempt.id, attempt.fence)
            self._bank.acknowledge(attempt.id)
            self._step(f"answer to {attempt.id} sent")
        await asyncio.sleep(_ON_ITS_WAY_S)
        return self._heard(word)

    async def query(self, attempt: Attempt) -> Said:
        await self._ask()
        word = self._bank.query(self._now_ns(), attempt.id, attempt.fence, attempt.until)
        return await self._told(f"query {attempt.id}", word)

    async def cancel(self, attempt: Attempt) -> Said:
        await self._ask()
        word = self._bank.cancel(self._now_ns(), attempt.id, attempt.fence, attempt.until)
        return await self._told(f"cancel {attempt.id}", word)

    async def capture(self, attempt: Attempt) -> Said:
        await self._ask()
        word: Word | None
        if self._bank.kind == "stores" and attempt.id not in self._bank.books:  # it is forwarded now
            word = self._bank.forward(self._now_ns(), attempt.id, attempt.amount_minor, attempt.currency)
        else:
            word = self._bank.capture(self._now_ns(), attempt.id)
        return await self._told_if_any(f"capture {attempt.id}", word)

    async def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        await self._ask()
        word = self._bank.refund(
            *(self._now_ns(), attempt.id, refund, amount_minor), (attempt.fence, attempt.until)
        )
        return await self._told_if_any(f"refund {refund}", word)

    async def taken(self) -> tuple[Taken, ...]:
        await self._ask()
        return tuple(
            Taken(money.attempt if self._bank.kind != "fenced" else "", str(money.number), *rest)
            for money in self._bank.books.values()
            for rest in [(money.taken_minor, money.currency)]
            if money.taken_minor
        )

    async def _ask(self) -> None:
        await asyncio.sleep(_ON_ITS_WAY_S)
        # A terminal's line keeps its order: no question overtakes a request that is still on its way.
        if self._bank.dead or self._bank.is_in_the_way:
            await self._nothing_comes(forever=True)

    async def _told_if_any(self, what: str, word: Word | None) -> Said:
        if word is not None:
            return await self._told(what, word)
        self._step(f"{what}: no answer")
        await self._nothing_comes(forever=False)
        raise AssertionError

    async def _told(self, what: str, word: Word) -> Said:
        self._step(what)
        await asyncio.sleep(_ON_ITS_WAY_S)
        return self._heard(word)

    def _heard(self, word: Word) -> Said:
        return Said(word.outcome, word.amount_minor, word.currency, word.reference, word.reason)  # type: ignore[arg-type] # a bank says only what can be said

    async def _nothing_comes(self, *, forever: bool) -> None:
        await asyncio.sleep(1e9 if forever else _LOST_S)
        raise TimeoutError("no answer")

    async def _until_it_is_done(self, attempt: Attempt) -> None:
        while any(money.state in {"coming", "working"} for money in self._bank.of(attempt.id)):
            await asyncio.sleep(0.1)
