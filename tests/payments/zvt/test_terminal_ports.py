"""The real driver at real ports: a socket and a serial line, to a simulated terminal in its own process."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from edge.checkout.payments.cashier import Ended
from edge.checkout.payments.provider import Attempt
from edge.checkout.payments.terminal import ZVT, TerminalProvider
from edge.checkout.receipts import customer_lines
from edge.clock import SystemClock
from edge.commands import Command
from edge.drivers.registry import driver_for
from edge.drivers.transports import Conversation
from edge.drivers.uris import parse_uri
from tests.payments.life import Life
from tests.payments.scene import CURRENCY, TOTAL_MINOR, Scene, draft
from tests.simulators.bench_process import PATIENCE_S, BenchProcess, write_bench

QUICK: Final = 'type = "zvt"\nname = "terminal"\ntaps_after_ms = 0\nanswer_ms = 400\n'
TCP: Final = f'[[device]]\nat = "tcp:127.0.0.1:0"\ntaps = "visa"\n{QUICK}'
PTY: Final = f'[[device]]\nat = "pty:terminal"\ntaps = "girocard"\n{QUICK}'
NO_CARD: Final = f'[[device]]\nat = "tcp:127.0.0.1:0"\n{QUICK}'

Deed = Callable[["Shop"], Awaitable[None]]


class Hours:
    """Real time for a life that was made for a simulated one."""

    def __init__(self) -> None:
        self._began_ns = time.monotonic_ns()

    @property
    def now_ns(self) -> int:
        return time.monotonic_ns() - self._began_ns


class Shop:
    """One till at the terminal of a bench."""

    def __init__(self, bench: BenchProcess, uri: str, scene: Scene) -> None:
        self.bench = bench
        self.life = Life(scene, Hours(), lambda _step, _name: None)  # type: ignore[arg-type] # all that it asks
        parsed = parse_uri(uri)
        self.provider = TerminalProvider(self, self.life.book)
        driver = driver_for(parsed.profile)
        self._line = Conversation(parsed, driver, self.provider.heard, SystemClock(), random.Random(1))
        self.life.cashier.providers = {ZVT: self.provider}
        self.provider.on_told = self.life.cashier.told
        self.prompts: asyncio.Queue[str] = asyncio.Queue()
        self.provider.on_prompt = lambda _attempt, needs: self.prompts.put_nowait(needs)

    def command(self, command: Command) -> None:
        self._line.command(command)

    async def open(self) -> asyncio.Task[None]:
        """Connect; done once the terminal has answered."""
        talk = asyncio.ensure_future(self._line.run())
        async with asyncio.timeout(PATIENCE_S):
            await self.provider._ready.wait()
        return talk

    async def pay(self, sale: str = "sale-1") -> Ended:
        async with asyncio.timeout(PATIENCE_S):
            return await self.life.cashier.pay(draft(sale), ZVT, TOTAL_MINOR)

    async def prompted(self, needs: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while await self.prompts.get() != needs:
                pass

    def attempt(self, sale: str = "sale-1") -> Attempt:
        return self.life.book.of_sale(sale)[-1].attempt

    @property
    def held_minor(self) -> int:
        held: int = self.bench.status()["terminal"]["held_minor"]
        return held


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], BenchProcess]]:
    started: list[BenchProcess] = []

    def run(part: str) -> BenchProcess:
        started.append(BenchProcess(write_bench(tmp_path, part)).started())
        return started[-1]

    yield run
    for bench in started:
        bench.kill()


def _at(bench: BenchProcess) -> str:
    at = bench.announced["status"]["terminal"]["at"][0]
    if at.startswith("tcp:"):
        return f"{at}?profile=zvt-tcp"
    return f"serial:{bench.folder / 'terminal'}?profile=zvt-serial"


def play(bench: BenchProcess, deed: Deed) -> None:
    """Open a shop at a bench, and do something there."""
    scene = Scene([])

    async def day() -> None:
        shop = Shop(bench, _at(bench), scene)
        talk = await shop.open()
        try:
            await deed(shop)
        finally:
            talk.cancel()
            await asyncio.wait({talk})
            shop.life.pen.close()

    asyncio.run(day())
    scene.over()


PORTS: Final = pytest.mark.parametrize("part", [TCP, PTY], ids=["tcp", "serial"])


@PORTS
def test_a_sale_is_paid_given_back_and_the_day_is_closed(
    part: str, start: Callable[[str], BenchProcess]
) -> None:
    async def deed(shop: Shop) -> None:
        assert [(await shop.pay(sale)).result.value for sale in ("sale-1", "sale-2")] == ["paid", "paid"]
        assert shop.held_minor == 2 * TOTAL_MINOR
        (taken,) = [each for each in await shop.provider.taken() if each.attempt == shop.attempt().id]
        assert (taken.amount_minor, taken.currency) == (TOTAL_MINOR, CURRENCY)
        lines = customer_lines(shop.provider.receipt_lines(shop.attempt().id), [shop.attempt().id])
        assert "Kundenbeleg" in lines
        for _ in range(2):  # asked twice, it is given back once
            said = await shop.provider.refund(shop.attempt(), "refund-1", TOTAL_MINOR)
            assert (said.outcome, said.amount_minor) == ("refunded", TOTAL_MINOR)
        assert shop.held_minor == TOTAL_MINOR
        said = await shop.provider.refund(shop.attempt("sale-2"), "refund-2", 100)
        assert (said.outcome, said.reason) == ("declined", "terminal.whole-only")
        closed = await shop.provider.end_day()
        assert closed.outcome == "closed"
        assert closed.totals is not None
        assert sum(kind.amount_minor for kind in closed.totals.kinds) == TOTAL_MINOR
        said = await shop.provider.refund(shop.attempt("sale-2"), "refund-3", TOTAL_MINOR)
        assert (said.outcome, said.reason) == ("declined", "terminal.not-reversible")

    play(start(part), deed)


@PORTS
def test_a_declined_card_may_try_again(part: str, start: Callable[[str], BenchProcess]) -> None:
    async def deed(shop: Shop) -> None:
        shop.bench.do("terminal", "decline")
        first, second = await shop.pay(), await shop.pay()
        assert (first.result.value, first.reason) == ("declined", "card.refused")
        assert second.result.value == "paid"
        assert shop.held_minor == TOTAL_MINOR

    play(start(part), deed)


@PORTS
@pytest.mark.parametrize("what", ["lose-answer", "double-status", "end-first"])
def test_what_goes_wrong_on_the_line_is_asked_about(
    part: str, what: str, start: Callable[[str], BenchProcess]
) -> None:
    async def deed(shop: Shop) -> None:
        shop.bench.do("terminal", "trouble", what=what)
        ended = await shop.pay()
        expected = "cancelled" if what == "lose-answer" else "paid"
        assert ended.result.value == expected
        assert shop.held_minor == (TOTAL_MINOR if expected == "paid" else 0)

    play(start(part), deed)


def test_pieces_of_one_byte_are_the_same_payment(start: Callable[[str], BenchProcess]) -> None:
    async def deed(shop: Shop) -> None:
        shop.bench.do("terminal", "faults", chunk_bytes=1)
        assert (await shop.pay()).result.value == "paid"

    play(start(TCP), deed)


def test_a_hand_and_the_shopper_meet_at_the_terminal(start: Callable[[str], BenchProcess]) -> None:
    async def deed(shop: Shop) -> None:
        paying = asyncio.ensure_future(shop.pay())
        await shop.prompted("card")
        shop.life.cashier.stop("sale-1")
        assert (await paying).result.value == "cancelled"
        paying = asyncio.ensure_future(shop.pay("sale-2"))
        await shop.prompted("card")
        shop.bench.do("terminal", "cancel")
        ended = await paying
        assert (ended.result.value, ended.reason) == ("cancelled", "terminal.cancelled")
        paying = asyncio.ensure_future(shop.pay("sale-3"))
        await shop.prompted("card")
        shop.bench.do("terminal", "tap", card="mastercard")
        assert (await paying).result.value == "paid"
        assert shop.held_minor == TOTAL_MINOR

    play(start(NO_CARD), deed)


def test_a_terminal_whose_power_goes_has_not_lost_what_it_took(start: Callable[[str], BenchProcess]) -> None:
    async def deed(shop: Shop) -> None:
        assert (await shop.pay()).result.value == "paid"
        shop.bench.do("terminal", "restart")
        shop.provider._ready.clear()
        async with asyncio.timeout(PATIENCE_S):
            await shop.provider._ready.wait()
        assert (await shop.pay("sale-2")).result.value == "paid"
        assert shop.held_minor == 2 * TOTAL_MINOR

    play(start(TCP), deed)


def test_a_reversal_that_hits_another_payment_is_for_a_person(start: Callable[[str], BenchProcess]) -> None:
    async def deed(shop: Shop) -> None:
        for sale in ("sale-1", "sale-2"):
            await shop.pay(sale)
        shop.bench.do("terminal", "trouble", what="wrong-reversal")
        said = await shop.provider.refund(shop.attempt("sale-1"), "refund-1", TOTAL_MINOR)
        assert (said.outcome, said.reason) == ("declined", "terminal.reversed-another")

    play(start(TCP), deed)


def test_a_cable_that_is_pulled_out_and_put_back_is_asked_about(start: Callable[[str], BenchProcess]) -> None:
    async def deed(shop: Shop) -> None:
        paying = asyncio.ensure_future(shop.pay())
        await shop.prompted("card")
        shop.bench.do("terminal", "unplug")
        shop.bench.do("terminal", "plug")
        assert (await paying).result.value == "cancelled"
        assert shop.held_minor == 0

    play(start(NO_CARD), deed)
