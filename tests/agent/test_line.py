"""The line against a real broker: what arrives, what is refused, and what becomes of a dead cable."""

import contextlib
import errno
import gc
import random
import socket
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from paho.mqtt import client as paho

from cloud_sync.mqtt import Line, Message, Outgoing
from cloud_sync.window import WINDOW
from tests.agent.line_world import Broker, Cable, Listener, free_port, until

Listen = Callable[..., Listener]


def test_what_is_published_arrives_in_order(broker: Broker, listen: Listen) -> None:
    hub, mirror = listen(broker.port, "hub", "t/#"), listen(broker.port, "mirror")
    until(lambda: hub.up and mirror.up)
    for number in range(500):
        mirror.publish(Outgoing("t/journal", b"%d" % number))
    until(lambda: len(hub.messages) == 500)
    assert hub.payloads() == [b"%d" % number for number in range(500)]


def test_a_retained_message_says_that_it_was_there_before(broker: Broker, listen: Listen) -> None:
    mirror = listen(broker.port, "mirror")
    until(lambda: mirror.up)
    mirror.publish(Outgoing("t/state", b"on", retain=True))
    hub = listen(broker.port, "hub", "t/state")
    until(lambda: hub.messages)
    assert hub.messages == [Message("t/state", b"on", retained=True)]


def test_an_expired_message_is_not_kept_for_who_comes_late(broker: Broker, listen: Listen) -> None:
    mirror = listen(broker.port, "mirror")
    until(lambda: mirror.up)
    mirror.publish(Outgoing("t/short", b"gone", retain=True, expiry_s=1))
    mirror.publish(Outgoing("t/long", b"here", retain=True, expiry_s=3600))

    def kept() -> list[bytes]:
        late = listen(broker.port, "late", "t/#")
        until(lambda: late.up)
        mirror.publish(Outgoing("t/fence", b"fence"))
        until(lambda: b"fence" in late.payloads())
        late.line.stop()
        return sorted(late.payloads())

    until(lambda: b"gone" not in kept(), "the message expires")
    assert kept() == [b"fence", b"here"]


def test_nothing_is_taken_without_a_connection_and_nothing_comes_later(listen: Listen) -> None:
    mirror = listen(free_port(), "mirror")
    assert not mirror.line.publish(Outgoing("t", b"lost"))
    assert mirror.links == []


def test_a_broker_that_is_killed_is_found_again_and_nothing_old_is_sent(
    broker: Broker, listen: Listen
) -> None:
    hub, mirror = listen(broker.port, "hub", "t/#"), listen(broker.port, "mirror")
    until(lambda: hub.up and mirror.up)
    broker.kill()
    until(lambda: not hub.up and not mirror.up)
    assert not mirror.line.publish(Outgoing("t", b"while it was down"))
    broker.start()
    until(lambda: hub.up and mirror.up)
    mirror.publish(Outgoing("t", b"after"))
    until(lambda: hub.messages)
    assert hub.payloads() == [b"after"]
    assert mirror.links == [True, False, True]


def test_a_cable_that_is_cut_is_noticed_and_one_that_is_plugged_in_too(cable: Cable, listen: Listen) -> None:
    mirror = listen(cable.port, "mirror", "t")
    until(lambda: mirror.up)
    cable.cut()
    until(lambda: mirror.links[:3] == [True, False, True])
    assert mirror.up


def test_a_line_that_is_open_and_dead_is_given_up_and_found_again(cable: Cable, listen: Listen) -> None:
    mirror = listen(cable.port, "mirror", "t")
    until(lambda: mirror.up)
    cable.go_dead()
    until(lambda: not mirror.up)
    cable.heal()
    until(lambda: mirror.up)
    mirror.publish(Outgoing("t", b"alive"))
    until(lambda: mirror.payloads() == [b"alive"])
    assert mirror.up


# What the broker takes at once -> what goes out on a line where nothing is confirmed.
WINDOWS = [(1_000, WINDOW), (3, 3)]


@pytest.mark.parametrize(("granted", "taken"), WINDOWS)
def test_a_dead_line_takes_a_window_of_messages_and_then_refuses(
    tmp_path: Path, listen: Listen, granted: int, taken: int
) -> None:
    broker = Broker(tmp_path, f"max_inflight_messages {granted}")
    broker.start()
    cable = Cable(broker.port)
    try:
        mirror = listen(cable.port, "mirror")
        until(lambda: mirror.up)
        cable.go_dead()
        assert sum(mirror.line.publish(Outgoing("t", b"x")) for _ in range(WINDOW + 10)) == taken
    finally:
        cable.close()
        broker.kill()


def test_a_hub_that_is_busy_gets_no_more_than_it_asked_for(broker: Broker, listen: Listen) -> None:
    held, free = threading.Event(), threading.Event()
    seen: list[bytes] = []

    def work(message: Message) -> None:
        seen.append(message.payload)
        held.set()
        free.wait(30)

    links: list[bool] = []
    slow = Line(
        host="127.0.0.1",
        port=broker.port,
        client_id="slow",
        on_message=work,
        on_link=links.append,
        subscriptions=["t"],
        receive_maximum=2,
    )
    slow.start()
    mirror = listen(broker.port, "mirror")
    until(lambda: links and mirror.up)
    for number in range(20):
        mirror.publish(Outgoing("t", b"%d" % number))
    assert held.wait(30)
    assert seen == [b"0"]
    free.set()
    until(lambda: len(seen) == 20)
    slow.stop()
    assert seen == [b"%d" % number for number in range(20)]


@pytest.mark.parametrize("way", ["stopped", "killed"])
def test_the_will_is_told_however_an_object_leaves(
    broker: Broker, cable: Cable, listen: Listen, way: str
) -> None:
    hub = listen(broker.port, "hub", "t/state")
    mirror = listen(cable.port, "mirror", will=Outgoing("t/state", b"gone", retain=True))
    until(lambda: hub.up and mirror.up)
    if way == "stopped":
        mirror.line.stop()
    else:
        cable.cut()
    until(lambda: hub.payloads() == [b"gone"])
    assert hub.payloads() == [b"gone"]


def test_a_hub_without_a_will_leaves_in_silence(broker: Broker, listen: Listen) -> None:
    other, hub = listen(broker.port, "other", "#"), listen(broker.port, "hub")
    until(lambda: other.up and hub.up)
    hub.line.stop()
    assert hub.links == [True, False]
    assert other.messages == []


def test_a_line_stops_while_the_cable_is_dead(cable: Cable, listen: Listen) -> None:
    mirror = listen(cable.port, "mirror")
    until(lambda: mirror.up)
    cable.go_dead()
    mirror.line.stop()
    assert mirror.links == [True, False]
    assert not any(thread.name == "mqtt-mirror" for thread in threading.enumerate())


def test_a_broker_that_refuses_us_is_asked_again_and_complained_of_once(
    tmp_path: Path, listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    broker = Broker(tmp_path, anonymous=False)
    broker.start()
    cable = Cable(broker.port)
    try:
        mirror = listen(cable.port, "mirror")
        # A broker that hangs up at once may do so before its own word has come through.
        until(lambda: cable.connections >= 3 and _refusals(caplog))
        assert not mirror.line.publish(Outgoing("t", b"x"))
        mirror.line.stop()
    finally:
        cable.close()
        broker.kill()
    assert mirror.links == []
    assert _refusals(caplog) == [f"127.0.0.1:{cable.port} refuses mirror: Not authorized"]


def _refusals(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "refuses" in record.getMessage()]


def test_no_connection_leaves_anything_behind(cable: Cable, listen: Listen) -> None:
    mirror = listen(cable.port, "mirror", "t")
    until(lambda: mirror.up)
    gc.collect()
    gc.disable()
    try:
        for number in range(2, 5):
            before = weakref.ref(_client(mirror))
            cable.cut()
            until(lambda count=number: mirror.links.count(True) == count)  # type: ignore[misc]
            assert before() is None
    finally:
        gc.enable()


def _client(listener: Listener) -> paho.Client:
    client = listener.line._open
    assert client is not None
    return client


def test_a_small_message_does_not_wait_for_the_one_before(broker: Broker, listen: Listen) -> None:
    mirror = listen(broker.port, "mirror", "t")
    until(lambda: mirror.up)
    descriptor = _client(mirror).socket()
    assert isinstance(descriptor, socket.socket)
    assert descriptor.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


class Hurry(random.Random):
    """No waiting between two tries."""

    def uniform(self, a: float, b: float) -> float:
        return 0.0 * (a + b)


# CONNACK, and an answer to our SUBSCRIBE (packet 1), as MQTT 5.0 has them (sections 3.2 and 3.9).
CONNACK, SUBACK = bytes.fromhex("2003000000"), bytes.fromhex("90040001" + "0001")
NOISES = [
    b"",
    b"\0",
    b"\xff" * 64,
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    CONNACK + b"\x30\x01\x00",  # a PUBLISH shorter than its topic
    CONNACK + b"\x32\x05\x00\x01t\x00\x01",  # a PUBLISH without properties
    CONNACK + b"\x30\x06\x00\x01\xff\x00xy",  # a topic that is no UTF-8
    CONNACK + b"\x30\x05\x00\x01t\x05\x01",  # properties longer than the packet
    CONNACK + b"\x30\x06\x00\x01t\x02\xee\xee",  # a property that does not exist
    CONNACK + b"\x40\x02\x00\x63",  # an acknowledgement of nothing
    CONNACK + b"\x90\x03\x00\x01\x00",  # a SUBACK without a code
    CONNACK + b"\x30\xff\xff\xff\xff\x7f",  # a length that never ends
    CONNACK + SUBACK + b"\xe0\x01\xfe",  # a DISCONNECT for no known reason
    CONNACK + SUBACK + b"\xd0\x01\x00",  # a PINGRESP that is too long
]


def hang_up(near: socket.socket) -> None:
    """Say no more; the far end may have heard enough, and be gone already."""
    try:
        near.shutdown(socket.SHUT_WR)
    except OSError as error:
        if error.errno != errno.ENOTCONN:
            raise


def test_a_broker_that_speaks_noise_is_left_and_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        line = Line(
            host="127.0.0.1",
            port=server.getsockname()[1],
            client_id="mirror",
            on_message=lambda _message: None,
            on_link=lambda _up: None,
            subscriptions=["t"],
            luck=Hurry(),
        )
        line.start()
        came = 0
        for noise in [*NOISES, b""]:
            near, _ = server.accept()
            came += 1
            near.settimeout(30)
            with near, contextlib.suppress(ConnectionError):
                near.sendall(noise)
                hang_up(near)
                while near.recv(4096):
                    pass
    line.stop()
    assert came == len(NOISES) + 1
