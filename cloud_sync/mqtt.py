"""One MQTT 5 connection that comes back by itself: the only file that knows paho.

Nothing is stored here. What cannot go out at once is refused, and what was on its way when a connection broke
is forgotten with it (each connection is a new paho client): whoever publishes keeps what must not be lost.
"""

import logging
import random
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from cloud_sync.contract.topics import PAYLOAD_BYTES_MAX

_log = logging.getLogger(__name__)

WINDOW: Final = 64
"""The most messages on their way at once: paho looks through all of them at every acknowledgement."""

# A line that is open but silent is given up after at most twice this (a ping, and the wait for its answer).
_KEEPALIVE_S: Final = 5
# TCP handshake. A host that does not answer for so long is tried again later.
_CONNECT_S: Final = 3.0
# A plugged cable is noticed within the second number; the spread keeps a fleet from coming back in step.
_RETRY_S: Final = (0.2, 2.0)
# How long one round waits for bytes; a publish or a byte from the broker ends it at once.
_ROUND_S: Final = 1.0
# Rounds that a farewell may take on a line that has stopped moving.
_FAREWELL_ROUNDS: Final = 2
# Our payload limit, and room for topic and properties.
_PACKET_BYTES_MAX: Final = PAYLOAD_BYTES_MAX + 4096
# DISCONNECT with Will Message (MQTT 5.0, section 3.14.2.1): who leaves on purpose is as offline as who fell.
_LEAVE_WITH_WILL: Final = 0x04


class Message(msgspec.Struct, frozen=True):
    """What the broker delivered; `retained` if it was there before we subscribed."""

    topic: str
    payload: bytes
    retained: bool


class Outgoing(msgspec.Struct, frozen=True):
    """What is to be published; the broker forgets it after `expiry_s` seconds."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    expiry_s: int | None = None


class Line:
    """One MQTT 5 connection with its own network thread, on which both callbacks come.

    `on_link` hears True once the broker has granted every subscription, and False when that connection ends.
    A message is acknowledged to the broker after `on_message` has returned; a callback that raises ends the
    thread. `stop` has the broker publish the will, if there is one. A line is started once.
    """

    def __init__(  # noqa: PLR0913 - each is a fact of one connection, and has its name at the call
        self,
        *,
        host: str,
        port: int,
        client_id: str,
        on_message: Callable[[Message], None],
        on_link: Callable[[bool], None],
        will: Outgoing | None = None,
        subscriptions: Sequence[str] = (),
        receive_maximum: int = 16,
        luck: random.Random | None = None,
    ) -> None:
        self._host, self._port, self._client_id = host, port, client_id
        self._on_message, self._on_link = on_message, on_link
        self._will, self._subscriptions = will, tuple(subscriptions)
        self._receive_maximum = receive_maximum
        self._luck = luck or random.SystemRandom()
        self._complaints: set[str] = set()  # since the last connection: the errors of one host are few
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"mqtt-{client_id}", daemon=True)
        self._gate = threading.Lock()  # guards the three below against a publisher on another thread
        self._open: paho.Client | None = None
        self._window = WINDOW
        self._sent = 0
        self._confirmed = (
            0  # counted by the network thread alone, which may hold locks of paho's: no gate there
        )

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        self._thread.start()

    def stop(self) -> None:
        """Leave the broker and end the network thread; call it from another thread."""
        self._stopping.set()
        with self._gate:
            if self._open is not None:
                _leave(self._open, self._will)
        self._thread.join(_CONNECT_S + _FAREWELL_ROUNDS * _ROUND_S)

    def publish(self, outgoing: Outgoing) -> bool:
        """Whether `outgoing` is on its way; False if nobody listens or too much is unconfirmed already."""
        with self._gate:
            if self._open is None or self._sent - self._confirmed >= self._window:
                return False
            info = self._open.publish(
                outgoing.topic,
                outgoing.payload,
                outgoing.qos,
                outgoing.retain,
                _properties(PacketTypes.PUBLISH, outgoing),
            )
            if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return False
            self._sent += 1
            return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._converse()
            self._stopping.wait(self._luck.uniform(*_RETRY_S))

    def _converse(self) -> None:
        """One connection, from the first packet to its end."""
        client = self._new_client()
        try:
            self._connect(client)
            self._serve(client)
        except OSError as error:
            self._complain(f"cannot be reached: {error}")
        finally:
            self._close()

    def _serve(self, client: paho.Client) -> None:
        farewell = _FAREWELL_ROUNDS
        while farewell and client.loop(_ROUND_S) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            farewell -= self._stopping.is_set()

    def _close(self) -> None:
        with self._gate:
            was_open, self._open = self._open is not None, None
        if was_open:
            _log.info("the connection to %s:%d is over", self._host, self._port)
            self._on_link(False)

    def _complain(self, what: str) -> None:
        """Log once what is wrong with the broker, however often it is tried again."""
        if what not in self._complaints:
            self._complaints.add(what)
            _log.warning("%s:%d %s", self._host, self._port, what)

    def _new_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            self._client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = _CONNECT_S
        client.max_inflight_messages = WINDOW  # never fewer than we let in: nothing waits inside
        client.on_socket_open = _send_without_delay
        # With this set paho leaves writing to the network thread; without it the publishing thread writes as
        # well, and the two can interleave their bytes.
        client.on_socket_register_write = _leave_it_to_the_loop
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_paho_message
        if self._will is not None:
            will = self._will
            properties = _properties(PacketTypes.WILLMESSAGE, will)
            client.will_set(will.topic, will.payload, will.qos, will.retain, properties)
        return client

    def _connect(self, client: paho.Client) -> None:
        properties = _new_properties(PacketTypes.CONNECT)
        properties.ReceiveMaximum = self._receive_maximum
        properties.MaximumPacketSize = _PACKET_BYTES_MAX
        client.connect(self._host, self._port, _KEEPALIVE_S, clean_start=True, properties=properties)

    def _on_connect(
        self,
        client: paho.Client,
        _: object,
        __: paho.ConnectFlags,
        code: ReasonCode,
        granted: Properties | None,
    ) -> None:
        if code.is_failure:
            self._complain(f"refuses {self._client_id}: {code}")
            return
        with self._gate:
            self._window = min(WINDOW, getattr(granted, "ReceiveMaximum", WINDOW))
            self._sent = self._confirmed = 0
        if self._subscriptions:
            client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in self._subscriptions])
        else:
            self._ready(client)

    def _on_subscribe(
        self, client: paho.Client, _: object, __: int, codes: list[ReasonCode], ___: Properties | None
    ) -> None:
        refused = [topic for topic, code in zip(self._subscriptions, codes, strict=False) if code.is_failure]
        if refused:
            self._complain(f"does not let {self._client_id} hear {refused}")
            client.disconnect()
        else:
            self._ready(client)

    def _ready(self, client: paho.Client) -> None:
        with self._gate:
            self._open = client
        self._complaints.clear()
        _log.info("connected to %s:%d", self._host, self._port)
        self._on_link(True)

    def _on_publish(self, _: paho.Client, __: object, ___: int, code: ReasonCode, ____: Properties) -> None:
        self._confirmed += 1
        if code.is_failure:
            _log.warning("%s:%d did not take a message: %s", self._host, self._port, code)

    def _on_paho_message(self, client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            _log.warning("%s:%d sent a topic that is no UTF-8", self._host, self._port)
        else:
            self._on_message(Message(topic, bytes(message.payload), message.retain))
        client.ack(message.mid, message.qos)


def _leave(client: paho.Client, will: Outgoing | None) -> None:
    client.disconnect(ReasonCode(PacketTypes.DISCONNECT, identifier=_LEAVE_WITH_WILL) if will else None)


def _new_properties(kind: int) -> Properties:
    return Properties(kind)  # type: ignore[no-untyped-call]


def _properties(kind: int, outgoing: Outgoing) -> Properties | None:
    if outgoing.expiry_s is None:
        return None
    properties = _new_properties(kind)
    properties.MessageExpiryInterval = outgoing.expiry_s
    return properties


def _send_without_delay(_: paho.Client, __: object, sock: object) -> None:
    # Without it a small packet waits for the acknowledgement of the one before: 33 ms instead of 2.
    assert isinstance(sock, socket.socket)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _leave_it_to_the_loop(_: paho.Client, __: object, ___: object) -> None:
    """Say nothing: the network thread is woken by paho's own socket pair."""
