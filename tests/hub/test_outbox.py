"""The outbox between desk and line: the last word of each topic, and nobody waits for the broker."""

import queue
import threading
from collections.abc import Iterator

import pytest

from cloud_sync.hub.ingest.outbox import Outbox
from cloud_sync.mqtt import Outgoing

DEADLINE_S = 30


class Broker:
    """Takes a word only when it is let; remembers what it was told."""

    def __init__(self) -> None:
        self.asked: queue.Queue[Outgoing] = queue.Queue()
        self.room = threading.Semaphore(0)

    def publish(self, outgoing: Outgoing) -> bool:
        self.asked.put(outgoing)
        return self.room.acquire(timeout=DEADLINE_S)


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def outbox(broker: Broker) -> Iterator[Outbox]:
    made, closing = Outbox(), threading.Event()
    thread = threading.Thread(target=made.work, args=(broker.publish, closing))
    thread.start()
    yield made
    closing.set()
    broker.room.release(1_000)
    thread.join(DEADLINE_S)
    assert not thread.is_alive()


def word(topic: str, text: str) -> Outgoing:
    return Outgoing(topic, text.encode())


def test_what_is_left_goes_out(outbox: Outbox, broker: Broker) -> None:
    assert outbox.say(word("a", "1"))
    assert broker.asked.get(timeout=DEADLINE_S) == word("a", "1")


def test_a_desk_does_not_wait_while_the_broker_takes_nothing(outbox: Outbox, broker: Broker) -> None:
    outbox.say(word("a", "1"))
    broker.asked.get(timeout=DEADLINE_S)
    for n in range(500):
        outbox.say(word(f"object-{n}", "1"))
    broker.room.release(501)
    said = {broker.asked.get(timeout=DEADLINE_S).topic for _ in range(500)}
    assert said == {f"object-{n}" for n in range(500)}


def test_of_each_topic_only_the_last_word_goes_out(outbox: Outbox, broker: Broker) -> None:
    outbox.say(word("first", "x"))
    broker.asked.get(timeout=DEADLINE_S)
    for text in ("1", "2", "3"):
        outbox.say(word("a", text))
        outbox.say(word("b", text))
    broker.room.release(3)
    assert [broker.asked.get(timeout=DEADLINE_S) for _ in range(2)] == [word("a", "3"), word("b", "3")]
    assert broker.asked.empty()
