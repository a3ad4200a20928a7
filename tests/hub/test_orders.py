"""What the shop asks of an object from afar: told until it is obeyed or void, and what came of it."""

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from cloud_sync.contract.orders import ORDER_TYPE, VALID_S_MAX, CloseDoors, Deed, Identify, Order
from cloud_sync.contract.requests import CommandDone
from cloud_sync.contract.signing import SoftwareKey, Verifier, unseal
from cloud_sync.hub.cli import hub as hub_command
from cloud_sync.hub.orders import giving
from cloud_sync.hub.orders.desk import AGAIN_MS, OrderDesk
from cloud_sync.hub.orders.giving import Given, OrderRefusedError, found, give, order_for
from cloud_sync.hub.orders.outcomes import note
from tests.hub.hub_world import Ear, HubWorld, PaperJournal

KEY = SoftwareKey.generate()
KEYS = {KEY.public.kid: Verifier(KEY.public)}


class OrderWorld:
    """A person who gives orders, the desk that tells them, and the line that it tells them on."""

    def __init__(self, hub: HubWorld) -> None:
        self.hub, self.ear = hub, Ear()
        self.desk = OrderDesk(hub.store, hub.clock)

    def give(self, dev: str = "mirror-4", deed: Deed | None = None, valid_s: int = 60) -> Given:
        order = order_for(dev, deed or CloseDoors(), valid_s, self.hub.clock())
        return give(self.hub.store, KEY, order)

    def tell(self, after_ms: int = 0) -> list[Order]:
        """What the desk says after so long."""
        self.hub.clock.now_ms += after_ms
        before = len(self.ear.heard)
        self.desk.tell(self.ear)
        jws = [each.payload.decode("ascii") for each in self.ear.heard[before:]]
        return [unseal(each, ORDER_TYPE, KEYS, Order) for each in jws]

    def done(self, given: Given, dev: str = "mirror-4", *, ok: bool = True, sentence: str = "") -> None:
        with self.hub.store.writing() as connection:
            note(connection, dev, CommandDone(given.id, ok, sentence), self.hub.clock())

    def now(self, given: Given) -> Given:
        with self.hub.store.reading() as connection:
            return found(connection, given.id)


@pytest.fixture
def world(hub: HubWorld, mirror: PaperJournal) -> OrderWorld:
    assert mirror.address.object == "mirror-4"
    return OrderWorld(hub)


def test_an_order_is_signed_for_one_object_and_void_after_a_while(
    world: OrderWorld, mirror: PaperJournal
) -> None:
    given = world.give(deed=Identify(7), valid_s=30)

    (order,) = world.tell()

    assert (order.dev, order.id, order.do) == ("mirror-4", given.id, Identify(7))
    assert order.expires_ms - order.at_ms == 30_000
    (outgoing,) = world.ear.heard
    assert outgoing.topic == mirror.address.down("command")
    assert outgoing.expiry_s is not None
    assert 0 < outgoing.expiry_s <= 30
    assert not outgoing.retain


def test_an_order_is_told_again_until_it_is_obeyed(world: OrderWorld) -> None:
    given = world.give()

    told = [len(world.tell(after_ms)) for after_ms in (0, 1_000, AGAIN_MS, 1_000, AGAIN_MS)]
    world.done(given, sentence="the doors are closed")

    assert told == [1, 0, 1, 0, 1]
    assert world.tell(AGAIN_MS) == []
    now = world.now(given)
    assert (now.is_done, now.ok, now.sentence) == (True, True, "the doors are closed")


def test_an_order_is_told_again_until_it_is_void(world: OrderWorld) -> None:
    given = world.give(valid_s=12)

    told = [len(world.tell(after_ms)) for after_ms in (0, AGAIN_MS, AGAIN_MS, AGAIN_MS, AGAIN_MS)]

    assert told == [1, 1, 1, 0, 0]
    assert not world.now(given).is_done


def test_a_broker_that_is_back_hears_all_open_orders_at_once(world: OrderWorld) -> None:
    orders = {world.give().id, world.give(deed=Identify()).id}
    world.tell()

    world.desk.connected()

    assert {order.id for order in world.tell(10)} == orders
    assert world.tell(10) == []


def test_what_the_line_does_not_take_is_told_in_the_next_round(world: OrderWorld) -> None:
    given = world.give()
    world.ear.deaf = True
    assert world.tell() == []
    assert world.now(given).told_ms is None

    world.ear.deaf = False

    assert [order.id for order in world.tell(250)] == [given.id]


def test_two_hub_processes_do_not_tell_twice(world: OrderWorld) -> None:
    world.give()
    world.tell()

    OrderDesk(world.hub.store, world.hub.clock).tell(world.ear)

    assert len(world.ear.heard) == 1


def test_only_the_object_itself_says_what_it_did_and_says_it_once(
    world: OrderWorld, shelf: PaperJournal
) -> None:
    given = world.give()

    world.done(given, shelf.address.object)
    assert not world.now(given).is_done
    world.done(given, ok=False, sentence="a shopper pays")
    world.done(given, ok=True)

    now = world.now(given)
    assert (now.ok, now.sentence) == (False, "a shopper pays")


@pytest.mark.parametrize("valid_s", [0, -1, VALID_S_MAX + 1])
def test_an_order_lives_for_a_second_to_a_day(world: OrderWorld, valid_s: int) -> None:
    with pytest.raises(OrderRefusedError, match="expected an order for 1 to"):
        world.give(valid_s=valid_s)


def test_nobody_can_be_ordered_who_was_never_admitted(world: OrderWorld) -> None:
    with pytest.raises(OrderRefusedError, match="was never admitted"):
        world.give(dev="mirror-5")


def test_orders_do_not_pile_up_at_an_object_that_is_away(world: OrderWorld) -> None:
    for _ in range(giving.OPEN_MAX):
        world.give()

    with pytest.raises(OrderRefusedError, match="are open"):
        world.give()

    world.hub.clock.now_ms += 60_000
    world.give()


# The command, as a person types it.


def opos_hub(*words: str | Path) -> Result:
    return CliRunner().invoke(hub_command, [str(word) for word in words])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "hub"
    words = ("--object", "mirror-4", "--tenant", "demo", "--site", "corner")
    assert opos_hub("init", "--dir", path).exit_code == 0
    assert opos_hub("admit", "--dir", path, *words, "--key", json.dumps(KEY.public.jwk())).exit_code == 0
    return path


def test_an_order_is_given_by_a_command(folder: Path) -> None:
    answer = opos_hub("order", "mirror-4", "identify", "--dir", folder, "--seconds", "5", "--json")

    given = json.loads(answer.stdout)
    assert answer.exit_code == 0
    assert (given["object"], given["verb"], given["done_ms"]) == ("mirror-4", "identify", None)
    assert given["expires_ms"] - given["made_ms"] == 60_000


def test_a_command_that_waits_says_that_nobody_has_told_the_order(folder: Path) -> None:
    answer = opos_hub("order", "mirror-4", "sync-now", "--dir", folder, "--valid-s", "1", "--wait")

    assert answer.exit_code == 1
    assert "sync-now for mirror-4 is void: no hub has told it" in answer.stdout


WRONG = [
    (("mirror-5", "identify"), 1, "was never admitted"),
    (("mirror-4", "explode"), 2, "'explode' is not one of"),
    (("mirror-4", "close-doors", "--seconds", "5"), 2, "--seconds goes with identify"),
    (("mirror-4", "identify", "--valid-s", "0"), 1, "expected an order for 1 to"),
    (("mirror-4", "take-money", "--code", "7K3M9Q"), 2, "take-money needs --amount-minor, --staff"),
    (("mirror-4", "identify", "--code", "7K3M9Q"), 2, "--code goes with hand-out, take-money"),
    (
        ("mirror-4", "hand-out", "--code", "7K3M9Q", "--amount-minor", "1250", "--staff", "Ada L."),
        2,
        "hand-out: Expected `str` matching regex",
    ),
]


def test_what_the_desk_took_is_an_order_with_its_code_and_amount(folder: Path) -> None:
    words = ("take-money", "--code", "7K3M9Q", "--amount-minor", "1250", "--staff", "k3Rz8mV1qN6s")
    answer = opos_hub("order", "mirror-4", *words, "--dir", folder, "--json")

    assert answer.exit_code == 0, answer.stderr
    assert msgspec.json.decode(answer.stdout)["verb"] == "take-money"


@pytest.mark.parametrize(("words", "code", "said"), WRONG)
def test_an_order_that_cannot_be_given_is_refused_with_a_sentence(
    folder: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    answer = opos_hub("order", *words, "--dir", folder)

    assert answer.exit_code == code
    assert said in answer.stderr
