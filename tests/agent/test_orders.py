"""Orders of the shop: signed, in time, obeyed once, and answered until the hub has noted it."""

import asyncio
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud_sync.agent.hub_time import HubTime
from cloud_sync.agent.obeyed import KEPT_MAX, Obeyed
from cloud_sync.agent.orders import WAITING_MAX, Doing, Orders
from cloud_sync.agent.ports import Handed, RuntimeAwayError
from cloud_sync.agent.requests import Answered, NoAnswerError
from cloud_sync.contract.orders import ORDER_TYPE, CloseDoors, Deed, Identify, Order, SyncNow
from cloud_sync.contract.requests import Ask, CommandDone, Noted, Reply
from cloud_sync.contract.signing import SoftwareKey, Verifier, seal
from tests.agent.paper_line import PaperLine, scene

RETAILER = SoftwareKey.generate()
KEYS = {RETAILER.public.kid: Verifier(RETAILER.public)}
NOW_MS = 1_763_700_000_000
ID = "order-0123456789"


def order(order_id: str = ID, do: Deed | None = None, **changed: Any) -> Order:
    word = Order("mirror-4", order_id, NOW_MS, NOW_MS + 60_000, do or CloseDoors())
    return msgspec.structs.replace(word, **changed)


def sealed(word: object, key: SoftwareKey = RETAILER, typ: str = ORDER_TYPE) -> bytes:
    return seal(key, typ, word).encode()


@dataclasses.dataclass
class Shop:
    """An object's runtime and its hub, and what each was told."""

    directory: Path
    line: PaperLine
    handed: int = 0
    hurried: int = 0
    answers: list[Ask] = dataclasses.field(default_factory=list)
    away: bool = False
    deaf: bool = False
    error: str | None = None

    def __post_init__(self) -> None:
        self.time = HubTime(self.line)
        self.time.proved(NOW_MS)
        self.orders = self.started()

    def started(self) -> Orders:
        """An agent, with what it remembers of those before it."""
        doing = Doing(self.time, self.hand, self.hurry, self.ask)
        return Orders("mirror-4", KEYS, Obeyed(self.directory / "orders.json"), doing)

    async def hand(self, jws: str) -> Handed:
        assert jws
        if self.away:
            raise RuntimeAwayError("no runtime")
        self.handed += 1
        return Handed(self.error)

    def hurry(self) -> None:
        self.hurried += 1

    async def ask(self, ask: Ask) -> Answered:
        await asyncio.sleep(0.1)
        if self.deaf:
            raise NoAnswerError("silence")
        self.answers.append(ask)
        return Answered(Reply("mirror-4", ID, 0, Noted()), 0, 0, "")

    async def work(self, seconds: float) -> None:
        working = asyncio.create_task(self.orders.run())
        await asyncio.sleep(seconds)
        working.cancel()


def with_shop(directory: Path, play: Callable[[Shop], Any]) -> Shop:
    shops: list[Shop] = []

    async def played(line: PaperLine) -> None:
        shops.append(Shop(directory, line))
        await play(shops[0])

    scene(played)
    return shops[0]


def test_an_order_is_obeyed_once_and_answered_each_time_that_it_is_told(tmp_path: Path) -> None:
    async def play(shop: Shop) -> None:
        shop.orders.told(sealed(order()))
        await shop.work(1)
        shop.orders.told(sealed(order()))
        await shop.work(1)
        shop.orders = shop.started()  # after a restart of the agent too
        shop.orders.told(sealed(order()))
        await shop.work(1)

    shop = with_shop(tmp_path, play)
    assert (shop.handed, shop.answers) == (1, [CommandDone(ID, ok=True)] * 3)


def test_what_the_runtime_does_not_do_is_answered_with_its_reason(tmp_path: Path) -> None:
    async def play(shop: Shop) -> None:
        shop.error = "there is no key: " + "x" * 1_000
        shop.orders.told(sealed(order()))
        await shop.work(1)

    (done,) = with_shop(tmp_path, play).answers
    assert isinstance(done, CommandDone)
    assert (done.ok, done.sentence[:16], len(done.sentence)) == (False, "there is no key:", 400)


def test_to_send_what_waits_is_the_agents_own(tmp_path: Path) -> None:
    async def play(shop: Shop) -> None:
        shop.orders.told(sealed(order(do=SyncNow())))
        await shop.work(1)

    shop = with_shop(tmp_path, play)
    assert (shop.handed, shop.hurried, shop.answers) == (0, 1, [CommandDone(ID, ok=True)])


REFUSED = {
    "a stranger's": sealed(order(), SoftwareKey.generate()),
    "another word of the hub's": sealed(order(), typ="opos-manifest"),
    "another object's": sealed(order(dev="shelf-b12")),
    "void": sealed(order(at_ms=NOW_MS - 60_000, expires_ms=NOW_MS - 1)),
    "valid for a year": sealed(order(expires_ms=NOW_MS + 365 * 86_400_000)),
    "void before it was made": sealed(order(expires_ms=NOW_MS - 1)),
    "unheard of": sealed({"dev": "mirror-4", "id": ID, "do": {"verb": "explode"}}),
    "no order": b"\xff",
    "endless": b"x" * 10_000,
}


@pytest.mark.parametrize("payload", REFUSED.values(), ids=REFUSED)
def test_what_is_no_order_for_this_object_now_is_counted_and_not_obeyed(
    tmp_path: Path, payload: bytes
) -> None:
    async def play(shop: Shop) -> None:
        shop.orders.told(payload)
        await shop.work(1)
        assert shop.orders.refused == 1

    shop = with_shop(tmp_path, play)
    assert (shop.handed, shop.answers) == (0, [])


def test_before_the_hub_has_said_the_time_the_brokers_word_is_enough(tmp_path: Path) -> None:
    async def play(shop: Shop) -> None:
        shop.time = HubTime(shop.line)
        shop.orders = shop.started()
        shop.orders.told(sealed(order()))
        await shop.work(1)

    assert with_shop(tmp_path, play).handed == 1


def test_an_order_waits_for_the_runtime_but_not_longer_than_it_is_valid(tmp_path: Path) -> None:
    async def play(shop: Shop) -> None:
        shop.away = True
        shop.orders.told(sealed(order()))
        shop.orders.told(sealed(order("order-that-waits-1", expires_ms=NOW_MS + 600_000)))
        await shop.work(100)
        assert shop.orders.refused == 1
        shop.away = False
        shop.orders.stir()
        await shop.work(1)

    shop = with_shop(tmp_path, play)
    assert (shop.handed, shop.answers) == (1, [CommandDone("order-that-waits-1", ok=True)])


def test_an_outcome_is_told_until_the_hub_has_noted_it(tmp_path: Path) -> None:
    async def play(shop: Shop) -> None:
        shop.deaf = True
        shop.orders.told(sealed(order()))
        await shop.work(100)
        assert shop.answers == []
        shop.deaf = False
        await shop.work(100)

    shop = with_shop(tmp_path, play)
    assert (shop.handed, shop.answers) == (1, [CommandDone(ID, ok=True)])


def test_so_many_orders_wait_and_no_more(tmp_path: Path) -> None:
    async def play(shop: Shop) -> None:
        shop.away = True
        for number in range(WAITING_MAX + 3):
            shop.orders.told(sealed(order(f"order-number-{number:04d}", Identify(1))))
        assert shop.orders.refused == 3
        shop.away = False
        await shop.work(60)

    assert with_shop(tmp_path, play).handed == WAITING_MAX


def test_only_the_last_orders_are_remembered_and_a_torn_memory_is_none(tmp_path: Path) -> None:
    path = tmp_path / "orders.json"
    obeyed = Obeyed(path)
    for number in range(KEPT_MAX + 5):
        done = CommandDone(f"order-number-{number:04d}", ok=True)
        obeyed.keep(order(done.command, expires_ms=NOW_MS + number), done)
    again = Obeyed(path)
    assert again.outcome("order-number-0004") is None
    assert again.outcome("order-number-0005") == CommandDone("order-number-0005", ok=True)
    path.write_bytes(path.read_bytes()[:100])
    assert Obeyed(path).outcome("order-number-0005") is None


def test_a_disk_that_takes_nothing_costs_the_memory_and_not_the_order(tmp_path: Path) -> None:
    obeyed = Obeyed(tmp_path / "nowhere" / "orders.json")
    obeyed.keep(order(), CommandDone(ID, ok=True))
    assert obeyed.outcome(ID) == CommandDone(ID, ok=True)
