"""A shop with one card terminal on bad days: lives of the real cashier, cut off at any step of a payment."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec

from edge.checkout.payments.terminal import ZVT, TerminalProvider
from proofs.loop import SimulatedLoop
from simulators.terminals.zvt.terminal import ZvtTerminal
from tests.payments.life import LIFE_S, Life, quiet
from tests.payments.oracle import BrokenPromiseError, Ledger
from tests.payments.scene import CURRENCY, TOTAL_MINOR, Part, Scene, Shopper
from tests.payments.zvt.cable import PAY, REPEAT, SECOND, Cable
from tests.simulators.terminals.zvt_hands import Till, terminal

ONCE: Final = Shopper("sale-1", (Part(ZVT, tries=1),))
NEXT: Final = Shopper("sale-2", (Part(ZVT, tries=1),), comes_s=30.0)

_PAY_TOTAL: Final = f"0601070400000000{TOTAL_MINOR:04d}"


class Day(msgspec.Struct, frozen=True):
    """How the first payment of a day goes wrong."""

    setup: dict[str, Any] = {}
    orders: tuple[dict[str, Any], ...] = ()
    """What hands do just before the terminal hears of it."""
    delay_s: float = 0.0
    """How long the request is on its way."""
    pulled_s: tuple[float, float] | None = None
    """When after it the port is lost, and for how long."""


def _trouble(what: str, times: int = 1) -> dict[str, Any]:
    return {"verb": "trouble", "what": what, "times": times}


STANDS: Final = {"auto_reversal": False}
DAYS: Final = {
    "ok": Day(),
    "lost request": Day(orders=(_trouble("lose-command"),)),
    "lost reply": Day(STANDS, (_trouble("lose-status"),)),
    "late": Day(STANDS, ({"verb": "host", "delay_ms": 300_000},), pulled_s=(3.0, 5.0)),
    "declined": Day(orders=({"verb": "decline"},)),
    "declined, lost": Day(orders=({"verb": "decline"}, _trouble("lose-end"))),
    "partial": Day(orders=({"verb": "host", "approve_minor": 400},)),
    "refused": Day(orders=(_trouble("refuse"),)),
    "delayed": Day(delay_s=150.0),
    "duplicate push": Day(orders=(_trouble("double-status"),)),
    "reordered push": Day(orders=(_trouble("end-first"),)),
    "lookup says no, then yes": Day(STANDS, (_trouble("lose-status"), _trouble("stale-repeat"))),
    # Beyond the twelve, what only a terminal does.
    "lost answer": Day(orders=(_trouble("lose-answer"),)),
    "lost end": Day(orders=(_trouble("lose-end"),)),
    "lost accept": Day(orders=(_trouble("lose-accept"),)),
    "host reply lost": Day(orders=(_trouble("lose-host-reply"),)),
    "pulled out": Day(pulled_s=(2.45, 3.0)),
    "takes back the wrong one": Day(
        orders=({"verb": "host", "approve_minor": 400}, _trouble("wrong-reversal"))
    ),
}


class Cut(msgspec.Struct, frozen=True):
    """Where the power goes: at a step of a life; then it is dark for so long."""

    step: int
    dark_s: float = 20.0


class World:
    """The terminal, which outlives every power cut, and what is left of the till."""

    def __init__(self, day: Day, trace: int = 0, **setup: Any) -> None:
        self.day = day
        device = terminal(**{"taps_after_ms": 2000, **day.setup, **setup})
        assert isinstance(device, ZvtTerminal)
        self.device = device
        self.device._desk.books.trace = trace
        # Another till was here before, and took the same amount.
        till = Till(self.device)
        till.do(_PAY_TOTAL)
        self.before_minor = till.held
        self.scene = Scene([])
        self.scene.now_ns = till.now_ns + SECOND
        self.starts = 0
        self._is_bad = True
        self.look: Callable[[Life, Cable], object] = lambda _life, _cable: None
        self.prompts: list[str] = []
        self.orders: dict[bytes, dict[str, Any]] = {}
        """What a hand does before the terminal hears the first message that begins like this."""

    def live(self, shoppers: Sequence[Shopper] = (), cut: Cut | None = None, seconds: float = LIFE_S) -> int:
        """One life, to its end or to a power cut; how many steps it had."""
        steps, left = [0], [self.scene]
        loop = SimulatedLoop()

        async def all_of_it() -> None:
            over = loop.create_future()

            def watch(step: int, _name: str) -> None:
                steps[0] = step + 1
                if cut is not None and step == cut.step and not over.done():
                    left[0] = self.scene.copied()
                    cable.die()
                    over.set_result(None)

            life = Life(self.scene, loop, watch)
            cable = self._cable(life, loop)
            running = asyncio.ensure_future(life.run(shoppers, seconds))
            try:
                await asyncio.wait({running, over}, return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
                    self.look(life, cable)
                    check(self, life)
            finally:
                while not running.done():  # a wait_for whose moment has just come swallows the first one
                    running.cancel()
                    await asyncio.wait({running}, timeout=0.01)
                self.starts += sum(message[:2] == PAY for message in cable.sent)
                cable.die() if not cable.dead else None
                life.pen.close()

        with quiet():
            loop.live(all_of_it())
        if left[0] is not self.scene:
            self.scene.over()
            self.scene = left[0]
            assert cut is not None
            self.dark(cut.dark_s)
        return steps[0]

    def dark(self, seconds: float) -> None:
        """The till is away; the terminal goes on."""
        end_ns = self.scene.now_ns + round(seconds * SECOND)
        while (wakes_ns := self.device.wakes_ns) is not None and wakes_ns <= end_ns:
            self.device.speak(wakes_ns)
        self.scene.now_ns = end_ns
        self.scene.story.append(f"-- dark for {seconds} s --")

    def _cable(self, life: Life, loop: SimulatedLoop) -> Cable:
        cable = Cable(self.device, loop, life.clock.world_ns, life.step)
        provider = cable.provider = TerminalProvider(cable, life.book)
        provider.on_told = life.cashier.told
        provider.on_prompt = lambda _attempt, needs: self.prompts.append(needs)
        life.cashier.providers = {ZVT: provider}
        for message, order in self.orders.items():
            cable.before[message] = lambda order=order: cable.hand(**order)  # type: ignore[misc] # bound now
        if self._is_bad:
            cable.before[PAY] = lambda: self._misbehave(cable, loop)
            if self.day.delay_s:
                cable.delays_s[PAY] = self.day.delay_s
        loop.call_soon(cable.plug)
        return cable

    def _misbehave(self, cable: Cable, loop: SimulatedLoop) -> None:
        self._is_bad = False
        for order in self.day.orders:
            cable.hand(**order)
        if self.day.pulled_s is not None:
            after_s, away_s = self.day.pulled_s
            loop.call_later(after_s, lambda: None if cable.dead else cable.unplug(away_s))

    @property
    def told(self) -> list[str]:
        return [told.result for told in self.scene.told]

    @property
    def books(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.device.world()["books"]["entries"]
        return entries[1:]

    @property
    def held_minor(self) -> int:
        held: int = self.device.world()["held_minor"]
        return held - self.before_minor


def told_of_the_one_before() -> World:
    """A day on which the terminal's answer to the fence is old, and the payment behind it is lost."""
    world = World(DAYS["ok"])
    world.live([ONCE])
    world.orders = {REPEAT: _trouble("stale-repeat"), PAY: _trouble("lose-command")}
    world.live([NEXT])
    return world


def check(world: World, life: Life) -> Ledger:
    """Raise BrokenPromiseError unless our books and the terminal's own agree, and nobody lost anything."""
    rows: list[Any] = life.pen._db.execute("SELECT body FROM entry ORDER BY seq").fetchall()
    ledger = Ledger([body for (body,) in rows])
    wrong = [*_wrong(world, ledger)]
    if wrong:
        story = [*wrong, "", *world.scene.story, "", *map(str, world.scene.told), *map(str, world.books)]
        raise BrokenPromiseError("\n".join(story))
    return ledger


def _wrong(world: World, ledger: Ledger) -> Iterator[str]:
    standing = {
        entry["trace"]: entry
        for entry in world.books
        if entry["kind"] == "payment" and entry["state"] != "reversed"
    }
    claimed = [
        int(paid["reference"].split("/")[1]) for sale in ledger.sales.values() for paid in sale["payments"]
    ]
    yield from _wrong_sales(world, ledger, standing, claimed)
    yield from _wrong_sums(world, ledger, [each for trace, each in standing.items() if trace not in claimed])
    yield from _wrong_ends(world, ledger)


def _wrong_sales(
    world: World, ledger: Ledger, standing: dict[int, dict[str, Any]], claimed: list[int]
) -> Iterator[str]:
    if world.starts > len(ledger.intents):
        yield f"asked {world.starts} times for {len(ledger.intents)} attempts"
    if len({*claimed}) < len(claimed):
        yield f"one capture pays for two sales: {claimed}"
    if not {*claimed} <= {*standing} and not _is_wrongly_reversed(world):
        yield f"sales are paid by {claimed}, the terminal has {[*standing]}"
    for sale in ledger.sales.values():
        if sum(paid["amount_minor"] for paid in sale["payments"]) != sale["total_minor"]:
            yield f"{sale['sale']} is not paid by {sale['payments']}"
    for name in world.scene.released - {*ledger.sales}:
        yield f"{name} was released, and is not paid"


def _wrong_sums(world: World, ledger: Ledger, loose: list[dict[str, Any]]) -> Iterator[str]:
    hands = len(ledger.persons)
    if len(loose) > hands:
        yield f"the terminal has money that nobody knows of: {loose}"
    if not hands and ledger.accounts["settlement/zvt"] != world.held_minor:
        yield f"settlement is {ledger.accounts['settlement/zvt']}, the terminal has {world.held_minor}"
    if not hands and ledger.accounts["refund-due"]:
        yield f"due is {ledger.accounts['refund-due']}"


def _wrong_ends(world: World, ledger: Ledger) -> Iterator[str]:
    for attempt, ends in ledger.ends.items():
        outcomes = {end["outcome"] for end in ends}
        if outcomes & {"declined", "cancelled"} and "refund-due" in outcomes and not world.day.delay_s:
            yield f"{attempt} was closed without money, and brought some: {outcomes}"
    for attempt, intent in ledger.intents.items():
        if attempt not in ledger.paid and not ledger.ends[attempt]:
            yield f"nobody knows of {attempt}"
        if intent["currency"] != CURRENCY:
            yield f"{attempt} is in another currency"
    for told in {told.sale: told for told in world.scene.told}.values():
        if told.result in {"declined", "cancelled", "unavailable"} and told.sale in ledger.sales:
            yield f"who was told {told.result} has paid"


def _is_wrongly_reversed(world: World) -> bool:
    return any(order.get("what") == "wrong-reversal" for order in world.day.orders)
