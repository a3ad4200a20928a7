"""A line that runs for weeks: dead and stuck brokers, topics that come and go, and nothing that grows."""

import gc
import logging
import threading
import tracemalloc
from collections.abc import Callable

import pytest

from cloud_sync.mqtt import Outgoing
from cloud_sync.security import PinnedSecurity
from tests.agent.line_world import Broker
from tests.line.line_tools import DEADLINE_S, Authority, Ears, HandBroker, until

NewEars = Callable[..., Ears]
NewBroker = Callable[..., HandBroker]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_topics_come_and_go_on_a_living_connection(mosquitto: Callable[..., Broker], ears: NewEars) -> None:
    broker = mosquitto()
    hub, mirror = ears(broker.port, name="hub"), ears(broker.port)
    until(lambda: hub.up and mirror.up)

    def said(*topics: str) -> list[bytes]:
        hub.messages.clear()
        for topic in topics:
            until(lambda t=topic: mirror.line.publish(Outgoing(t, t.encode())))  # type: ignore[misc]
        until(lambda: topics[-1].encode() in hub.payloads(), f"{topics[-1]} is heard")
        return hub.payloads()

    for topics, heard in [
        (("a", "b", "fence"), [b"a", b"b", b"fence"]),
        (("b", "c", "fence"), [b"b", b"c", b"fence"]),
        (("fence",), [b"fence"]),
    ]:
        hub.line.listen(topics)
        until(lambda: hub.line.granted)
        assert said("a", "b", "c", "fence") == heard
    assert hub.links == [True]


def test_the_topics_of_before_are_heard_again_after_a_reconnect(
    mosquitto: Callable[..., Broker], ears: NewEars
) -> None:
    broker = mosquitto()
    hub = ears(broker.port, "first")
    until(lambda: hub.up)
    hub.line.listen(["second"])
    broker.kill()
    until(lambda: not hub.up)
    hub.line.listen(["second", "third"])
    broker.start()
    until(lambda: hub.up and hub.line.granted)
    for topic in ("first", "second", "third"):
        until(lambda t=topic: hub.line.publish(Outgoing(t, t.encode())))  # type: ignore[misc]

    until(lambda: len(hub.messages) == 2)
    assert hub.payloads() == [b"second", b"third"]


def test_a_topic_that_is_not_granted_is_complained_of_once_and_asked_for_again(
    ears: NewEars, hand_broker: NewBroker, caplog: pytest.LogCaptureFixture
) -> None:
    broker = hand_broker()
    hub = ears(broker.port)
    until(lambda: hub.up)
    broker.grants = 0x87  # not authorized
    hub.line.listen(["secret"])
    until(lambda: broker.connections >= 4)
    broker.grants = 0x01

    until(lambda: hub.up and hub.line.granted)
    assert len([each for each in warnings(caplog) if "does not let mirror hear ['secret']" in each]) == 1


@pytest.mark.parametrize("dumb", ["no welcome", "no handshake"])
def test_a_host_that_answers_and_says_nothing_is_left_and_tried_again(
    *,
    authority: Authority,
    ears: NewEars,
    hand_broker: NewBroker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    dumb: str,
) -> None:
    monkeypatch.setattr("cloud_sync.mqtt._CONNECT_S", 0.2)
    broker = hand_broker()
    broker.welcomes = False
    security = PinnedSecurity(authority.root_pem) if dumb == "no handshake" else None
    mirror = ears(broker.port, keepalive_s=1, security=security)
    until(lambda: broker.connections >= 2)
    mirror.line.stop()

    assert mirror.links == []
    assert len(warnings(caplog)) == 1


def test_a_broker_that_answers_pings_and_confirms_nothing_is_left(
    ears: NewEars, hand_broker: NewBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("cloud_sync.mqtt._STALLED_S", 1.5)
    broker = hand_broker()
    broker.confirms = False
    mirror = ears(broker.port, keepalive_s=1)
    until(lambda: mirror.up)
    mirror.line.publish(Outgoing("t", b"x"))
    until(lambda: mirror.links == [True, False, True])
    broker.confirms = True

    assert 12 in broker.heard  # it was alive all the time
    assert ["is its disk full?" in each for each in warnings(caplog)] == [True]


def test_a_broker_that_confirms_slowly_is_kept(
    ears: NewEars, hand_broker: NewBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud_sync.mqtt._STALLED_S", 1.5)
    broker = hand_broker()
    mirror = ears(broker.port, keepalive_s=1)
    until(lambda: mirror.up)
    for _ in range(5):
        mirror.line.publish(Outgoing("t", b"x"))
    pings = broker.heard.count(12)
    until(lambda: broker.heard.count(12) >= pings + 3)  # some seconds of silence owe nothing

    assert mirror.links == [True]


def test_a_publisher_may_wait_for_room(ears: NewEars, hand_broker: NewBroker) -> None:
    broker = hand_broker()
    mirror = ears(broker.port)
    until(lambda: mirror.up)

    assert all(mirror.line.publish(Outgoing("t", b"x"), patience_s=DEADLINE_S) for _ in range(500))


def test_a_publisher_who_waits_is_told_when_the_connection_ends(
    ears: NewEars, hand_broker: NewBroker
) -> None:
    broker = hand_broker()
    broker.confirms = False
    mirror = ears(broker.port)
    until(lambda: mirror.up)
    while mirror.line.publish(Outgoing("t", b"x")):
        pass
    answers: list[bool] = []
    waiting = threading.Thread(
        target=lambda: answers.append(mirror.line.publish(Outgoing("t", b"x"), patience_s=DEADLINE_S))
    )
    waiting.start()
    mirror.line.stop()
    waiting.join(DEADLINE_S / 2)

    assert answers == [False]


def test_what_a_broker_would_cut_the_line_for_is_not_sent(
    mosquitto: Callable[..., Broker], ears: NewEars, caplog: pytest.LogCaptureFixture
) -> None:
    broker = mosquitto("max_packet_size 20000")
    mirror = ears(broker.port, "t")
    until(lambda: mirror.up)

    assert not mirror.line.publish(Outgoing("t", bytes(30_000)))
    assert mirror.line.publish(Outgoing("t", b"small"))
    until(lambda: mirror.payloads() == [b"small"])
    assert ["takes 20000 bytes" in each for each in warnings(caplog)] == [True]


def test_a_log_of_weeks_holds_each_complaint_once_and_few_of_them(
    ears: NewEars, hand_broker: NewBroker, caplog: pytest.LogCaptureFixture
) -> None:
    mirror = ears(hand_broker().port)
    until(lambda: mirror.up)
    for number in range(1_000):
        mirror.line._complain("is odd")
        mirror.line._complain(f"is odd in way {number}")

    assert 2 <= len(warnings(caplog)) <= 20


def test_hundreds_of_connections_leave_nothing_behind(ears: NewEars, hand_broker: NewBroker) -> None:
    broker = hand_broker()
    broker.hangs_up = True
    ears(broker.port, "t")

    def after(connections: int) -> int:
        end = broker.connections + connections
        until(lambda: broker.connections >= end)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        after(30)
        before = after(30)
        assert after(300) - before < 100_000  # a paho client alone is 60 kB
    finally:
        tracemalloc.stop()
