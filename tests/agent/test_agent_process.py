"""The agent as a process: real ledger, real broker, real signatures; only hub and till are of paper."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cloud_sync.contract.documents import CHUNK_BYTES_MAX, manifest_of
from cloud_sync.contract.keyring import Keyring
from cloud_sync.contract.orders import CloseDoors, Identify, Order
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.requests import CommandDone
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.contract.state import ObjectState
from edge.offline_queue.outcomes import ReceiptRefusedError
from retail.pricing.book import Version
from tests.agent.chunk_server import serving
from tests.agent.line_world import Broker, Cable, until
from tests.agent.process_world import HUB_MS, World


@pytest.fixture
def world(tmp_path: Path, broker: Broker, cable: Cable) -> Iterator[World]:
    with serving() as chunks:
        running = World(tmp_path, broker, cable, chunks)
        yield running
        running.close()


def everything_is_at_the_hub(world: World) -> bool:
    return world.hub.sales == world.runtime.sold and world.runtime.synced


def test_what_was_sold_before_the_agent_ran_reaches_the_hub_and_is_confirmed(world: World) -> None:
    world.runtime.sell(700)
    world.start_agent()
    until(lambda: everything_is_at_the_hub(world))
    until(lambda: world.runtime.links[-1:] == ["up"])
    assert world.runtime.links == ["down", "up"]


def test_a_sale_reaches_the_hub_while_everything_runs(world: World) -> None:
    world.start_agent()
    until(lambda: world.runtime.links[-1:] == ["up"])
    for _ in range(5):
        world.runtime.sell(1)
        until(lambda: everything_is_at_the_hub(world))
    until(lambda: world.hub.states and world.hub.states[-1].acked == world.runtime.journal.head)
    assert not world.hub.offline
    assert world.hub.states[-1].epoch == world.runtime.journal.epoch


def test_a_broker_that_is_killed_loses_nothing(world: World) -> None:
    world.start_agent()
    until(lambda: world.runtime.links[-1:] == ["up"])
    world.broker.kill()
    until(lambda: world.runtime.links[-1:] == ["down"])
    world.runtime.sell(300)
    world.broker.start()
    until(lambda: everything_is_at_the_hub(world))
    until(lambda: world.runtime.links[-1:] == ["up"])
    assert world.hub.sales == world.runtime.sold


def test_a_line_that_swallows_everything_is_down_though_tcp_is_open(world: World) -> None:
    world.start_agent()
    until(lambda: world.runtime.links[-1:] == ["up"])
    world.cable.go_dead()
    world.runtime.sell(10)
    until(lambda: world.runtime.links[-1:] == ["down"])
    world.cable.heal()
    until(lambda: everything_is_at_the_hub(world))
    until(lambda: world.runtime.links[-1:] == ["up"])
    assert world.hub.sales == world.runtime.sold


def test_a_hub_that_says_nothing_is_down_and_gets_everything_once_it_speaks(world: World) -> None:
    world.start_agent()
    until(lambda: world.runtime.links[-1:] == ["up"])
    world.hub.deaf = True
    world.runtime.sell(600)
    until(lambda: world.runtime.links[-1:] == ["down"])
    assert world.runtime.journal.acked < world.runtime.journal.head
    world.hub.deaf = False
    until(lambda: everything_is_at_the_hub(world))


def test_an_agent_that_is_killed_at_any_moment_loses_and_doubles_nothing(world: World) -> None:
    for _ in range(4):
        agent = world.start_agent()
        world.runtime.sell(400)
        until(lambda: world.hub.bodies)
        agent.kill()
        agent.wait()
    world.start_agent()
    until(lambda: everything_is_at_the_hub(world))
    assert world.hub.sales == world.runtime.sold


def test_a_runtime_that_starts_again_is_waited_for(world: World) -> None:
    world.start_agent()
    until(lambda: world.runtime.links[-1:] == ["up"])
    world.runtime.close()
    until(lambda: world.hub.offline)
    world.runtime.open()
    world.runtime.sell(5)
    until(lambda: everything_is_at_the_hub(world))
    until(lambda: not world.hub.offline)
    assert world.hub.sales == world.runtime.sold


def test_a_receipt_that_a_runtime_had_no_time_to_write_down_is_asked_for_by_the_next_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_late(_receipt: Receipt, _jws: str) -> int:
        raise ReceiptRefusedError("it ends")

    monkeypatch.setattr(world.runtime.journal, "acknowledge", too_late)
    world.start_agent()
    world.runtime.sell(4)
    head = world.runtime.journal.head
    until(
        lambda: world.hub.states and world.hub.states[-1].acked == head,
        "the agent knows that the hub has all",
    )
    world.runtime.close()
    stopped = world.status()
    # The figure that counts is what is written down: behind the hub for a moment, and never before it.
    assert (stopped["acked"], stopped["unsynced"], stopped["head"]) == (0, head, head)
    world.runtime.open()
    until(lambda: everything_is_at_the_hub(world))
    assert world.status()["unsynced"] == 0
    assert world.hub.sales == world.runtime.sold


def test_a_hub_from_yesterdays_backup_gets_what_it_lost_when_the_object_comes_back(world: World) -> None:
    agent = world.start_agent()
    world.runtime.sell(50)
    until(lambda: everything_is_at_the_hub(world))
    agent.kill()
    agent.wait()
    world.hub.restore(0)
    world.start_agent()
    until(lambda: everything_is_at_the_hub(world))
    assert world.hub.sales == world.runtime.sold


def test_a_document_comes_to_every_runtime_and_a_forged_one_to_none(world: World) -> None:
    book = bytes(2 * CHUNK_BYTES_MAX)
    manifest = manifest_of("prices", "corner", Version(1, 1), book)
    world.chunks.offer(book, manifest.chunks)
    world.hub.tell(msgspec.structs.replace(manifest, version=Version(9, 9)), SoftwareKey.generate())
    world.start_agent()
    until(lambda: world.runtime.links[-1:] == ["up"])
    world.hub.tell(manifest, world.retailer)
    until(lambda: [data for _, data in world.runtime.documents] == [book])
    world.runtime.close()
    world.runtime.open()
    until(lambda: len(world.runtime.documents) == 2)
    assert world.runtime.documents[1] == world.runtime.documents[0]


def test_an_order_is_obeyed_once_by_the_runtime_and_the_hub_is_told(world: World) -> None:
    world.start_agent()
    until(lambda: world.runtime.links[-1:] == ["up"])
    order = Order("mirror-4", "order-0123456789", HUB_MS, HUB_MS + 60_000, Identify(5))
    done = CommandDone(order.id, ok=True)
    world.hub.order(order, world.retailer)
    until(lambda: world.hub.asked.count(done) == 1)
    world.hub.order(order, world.retailer)
    until(lambda: world.hub.asked.count(done) == 2)
    assert len(world.runtime.orders) == 1


def test_an_order_that_was_recorded_a_year_ago_is_refused(world: World) -> None:
    world.start_agent()
    until(lambda: world.agent_status().get("clock_off_ms"))
    world.hub.order(Order("mirror-4", "order-0123456789", 1, 60_001, CloseDoors()), world.retailer)
    until(lambda: world.agent_status()["orders_refused"] == 1)
    assert world.runtime.orders == []


def test_gestures_reach_the_hub_and_leave_the_object(world: World) -> None:
    world.runtime.gesture(300)
    world.start_agent()
    until(lambda: world.hub.gestures == list(range(1, 301)))
    until(lambda: world.runtime.gestures() == 0)
    assert world.hub.gestures == list(range(1, 301))


def test_a_new_key_of_the_hubs_is_believed_without_a_restart_and_an_old_keyring_by_nobody(
    world: World,
) -> None:
    world.start_agent()
    until(lambda: world.runtime.links[-1:] == ["up"])
    before, world.hub.key = world.hub.key, SoftwareKey.generate()
    world.runtime.believe(world.hub.key)
    keys, documents = (world.hub.key.public,), (world.retailer.public,)
    ring = Keyring("demo", Version(1, 2), keys, documents, (world.root.public,))
    world.hub.bring(ring, world.root)
    until(lambda: len(world.runtime.keyrings) == 1)
    world.runtime.sell(3)
    until(lambda: everything_is_at_the_hub(world))
    older = msgspec.structs.replace(ring, version=Version(1, 1), receipt=(before.public,))
    world.hub.bring(older, world.root)
    until(lambda: world.agent_status()["keyrings_refused"] == 1)
    assert len(world.runtime.keyrings) == 1


def test_a_key_that_was_replaced_still_signs_for_what_it_had_signed(world: World) -> None:
    world.runtime.sell(3)
    world.runtime.rotate(world.file)
    world.runtime.sell(3)
    world.start_agent()
    until(lambda: everything_is_at_the_hub(world))
    world.runtime.rotate(world.file)
    world.runtime.sell(3)
    until(lambda: everything_is_at_the_hub(world))
    assert world.status()["unsynced"] == 0


def test_sigterm_ends_it_cleanly_and_tells_the_world(world: World) -> None:
    agent = world.start_agent()
    until(lambda: world.runtime.links[-1:] == ["up"])
    agent.send_signal(signal.SIGTERM)
    assert agent.wait(30) == 0
    until(lambda: world.hub.states[-1:] == [ObjectState(online=False)])
    assert not (world.data / "sync.sock").exists()


def test_a_second_agent_of_the_same_object_is_refused_with_a_sentence(world: World) -> None:
    world.start_agent()
    until(lambda: world.runtime.links[-1:] == ["up"])
    second = world.start_agent()
    _, error = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "an agent of this object runs already" in error


def test_an_object_without_a_key_is_told_how_to_make_one(world: World) -> None:
    (world.data / "object.key").unlink()
    agent = world.start_agent()
    _, error = agent.communicate(timeout=60)
    assert agent.returncode == 1
    assert "opos object key" in error


def test_the_status_says_what_waits_and_whether_the_hub_answers(world: World) -> None:
    world.runtime.sell(3)
    offline = world.status()
    assert offline["object"] == "mirror-4"
    assert (offline["head"], offline["acked"], offline["unsynced"]) == (5, 0, 5)
    assert offline["value"] == {"EUR": 300}
    assert isinstance(offline["oldest_ms"], int)
    assert (offline["online"], offline["agent"], offline["last_receipt"]) == (False, None, None)
    world.runtime.gesture(7)
    world.start_agent()
    until(lambda: everything_is_at_the_hub(world))
    until(lambda: world.runtime.links[-1:] == ["up"])
    online = world.status()
    assert (online["acked"], online["unsynced"], online["value"], online["oldest_ms"]) == (5, 0, {}, None)
    assert online["online"] is True
    assert online["last_receipt"] == {"seq": 5, "generation": 1, "safe": 0, "at_ms": HUB_MS}
    assert (online["certificate_days"], online["telemetry_dropped"]) == (None, 0)


def test_the_status_says_the_same_in_sentences(world: World) -> None:
    world.runtime.sell(3)
    first, value, oldest, confirmed, agent = world.status_in_words()
    assert first == "mirror-4: 5 of 5 entries wait for the hub"
    assert value == "  sales of €3.00 are among them"
    assert re.fullmatch(r"  the oldest has waited \d+ (s|min|h|days)", oldest)
    assert confirmed == "the hub has confirmed nothing yet"
    assert agent == "no agent runs: start it with `opos sync run FILE`"
    world.start_agent()
    until(lambda: everything_is_at_the_hub(world))
    until(lambda: world.runtime.links[-1:] == ["up"])
    assert world.status_in_words() == [
        "mirror-4: 0 of 5 entries wait for the hub",
        "the hub has confirmed entries up to 5: its last receipt is of 2033-05-18 03:33:20 UTC, generation 1",
        "  no backup of the hub covers them yet",
        "the hub answers",
    ]


def test_receipts_that_are_not_the_hubs_are_counted_and_move_nothing(world: World) -> None:
    world.runtime.sell(3)
    world.start_agent()
    until(lambda: world.runtime.links[-1:] == ["up"])
    world.hub.key, honest = SoftwareKey.generate(), world.hub.key
    world.runtime.sell(1)
    until(lambda: int(str(world.agent_status()["receipts_refused"])) > 0)
    assert world.runtime.journal.acked < world.runtime.journal.head
    world.hub.key = honest
    until(lambda: everything_is_at_the_hub(world))
