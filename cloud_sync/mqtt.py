"""One MQTT 5 connection that comes back by itself: the only file that knows paho.

Nothing is stored here. What cannot go out at once is refused, and what was on its way when a connection broke
is forgotten with it (each connection is a new paho client): whoever publishes keeps what must not be lost.
"""

import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Collection
from ssl import SSLError
from typing import Final

import msgspec
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from cloud_sync.contract.topics import PAYLOAD_BYTES_MAX
from cloud_sync.security import Security, why
from cloud_sync.window import WINDOW, Tally

_log = logging.getLogger(__name__)

KEEPALIVE_S: Final = 5
"""A line that is open but silent is given up after twice this: a ping, and the wait for its answer."""
# TCP handshake, and the one of TLS. A host that does not answer for so long is tried again later.
_CONNECT_S: Final = 3.0
# A plugged cable is noticed within the second number; the spread keeps a fleet from coming back in step.
_RETRY_S: Final = (0.2, 2.0)
# Who answers and will not have us (a captive portal, a certificate that has ended) costs bytes each time, and
# does not change its mind within a second.
_RETRY_REFUSED_S: Final = (2.0, 6.0)
# How long one round waits for bytes; a publish or a byte from the broker ends it at once.
_ROUND_S: Final = 1.0
# Rounds that a farewell may take on a line that has stopped moving.
_FAREWELL_ROUNDS: Final = 2
# A broker that answers pings and confirms nothing for so long (a full disk, a stuck queue) is left: a new
# connection finds out whether it still works.
_STALLED_S: Final = 15.0
# Errors of one host are few; one that finds new words each time is not worth a longer log.
_COMPLAINTS_MAX: Final = 16
# A connection that held so long was a good one: what goes wrong after it is news again.
_STEADY_S: Final = 60.0
# Our payload limit, and room for topic and properties.
_OVERHEAD_BYTES: Final = 4096
_PACKET_BYTES_MAX: Final = PAYLOAD_BYTES_MAX + _OVERHEAD_BYTES
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
    thread. `stop` has the broker publish the will, if there is one. A line is started once. Without
    `security` it is a plain connection, for a broker on this machine.
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
        subscriptions: Collection[str] = (),
        receive_maximum: int = 16,
        keepalive_s: int = KEEPALIVE_S,
        security: Security | None = None,
        luck: random.Random | None = None,
    ) -> None:
        self._host, self._port, self._client_id = host, port, client_id
        self._on_message, self._on_link = on_message, on_link
        self._will, self._security = will, security
        self._receive_maximum, self._keepalive_s = receive_maximum, keepalive_s
        self._luck = luck or random.SystemRandom()
        self._complaints: set[str] = set()
        self._refused = False  # by the connection that was tried last
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"mqtt-{client_id}", daemon=True)
        self._gate = threading.Lock()  # guards all of these against other threads
        self._open: paho.Client | None = None
        self._wanted = frozenset(subscriptions)
        self._asked: frozenset[str] = frozenset()
        self._ungranted: dict[int | None, list[str]] = {}  # what each SUBSCRIBE asked for, by its number
        self._tally = Tally(_PACKET_BYTES_MAX)
        self._moved = threading.Event()  # something was confirmed, or the connection has ended

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        self._thread.start()

    def stop(self) -> None:
        """Leave the broker and end the network thread; call it from another thread."""
        self._stopping.set()
        with self._gate:
            if self._open is not None:
                _leave(self._open, self._will)
        self._thread.join(2 * _CONNECT_S + _FAREWELL_ROUNDS * _ROUND_S)

    def again(self) -> None:
        """End this connection and make another: what is known by now judges it from its first byte."""
        with self._gate:
            if self._open is not None:
                self._open.disconnect()

    def listen(self, topics: Collection[str]) -> None:
        """Hear `topics` from now on and no others; one that the broker does not grant ends the connection."""
        with self._gate:
            self._wanted = frozenset(topics)
            if self._open is not None:
                self._ask(self._open)

    @property
    def granted(self) -> bool:
        """Whether the broker has granted all that was asked for so far, and forgotten the rest."""
        return self._open is not None and not self._ungranted

    def publish(self, outgoing: Outgoing, patience_s: float = 0.0) -> bool:
        """Whether `outgoing` is on its way; False if nobody listens or too much is unconfirmed already.

        With `patience_s` it waits so long for confirmations to make room (never on the network thread).
        """
        end = time.monotonic() + patience_s
        while True:
            self._moved.clear()
            if self._publish(outgoing):
                return True
            left_s = end - time.monotonic()
            if left_s <= 0 or self._open is None:
                return False
            self._moved.wait(left_s)

    def _publish(self, outgoing: Outgoing) -> bool:
        with self._gate:
            if self._open is None or self._tally.full:
                return False
            size = len(outgoing.payload) + _OVERHEAD_BYTES
            if size > self._tally.packet_bytes_max:
                self._complain(
                    f"takes {self._tally.packet_bytes_max} bytes: have it take {_PACKET_BYTES_MAX}"
                )
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
            self._tally.sent += 1
            return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._converse()
            self._stopping.wait(self._luck.uniform(*(_RETRY_REFUSED_S if self._refused else _RETRY_S)))

    def _converse(self) -> None:
        """One connection, from the first packet to its end."""
        self._refused, self._tally = False, Tally(_PACKET_BYTES_MAX)  # what the last one owed is forgotten
        try:
            client = self._new_client()
            try:
                self._connect(client)
                self._serve(client)
            finally:
                _hang_up(client)
        except (OSError, UnicodeError) as error:  # UnicodeError: a host that no name can be
            self._refused = isinstance(error, SSLError)
            self._complain(f"cannot be reached: {why(error) if isinstance(error, OSError) else error}")
        finally:
            self._close()

    def _serve(self, client: paho.Client) -> None:
        farewell = _FAREWELL_ROUNDS
        while farewell and client.loop(_ROUND_S) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            farewell -= self._stopping.is_set()
            # paho keeps what it has of a packet until that is whole, and has no limit of its own.
            if client._in_packet["remaining_length"] > _PACKET_BYTES_MAX:  # noqa: SLF001 - it says it nowhere else
                self._complain(f"sends a message of more than {_PACKET_BYTES_MAX} bytes")
                return
            if self._tally.owed_s(time.monotonic()) > _STALLED_S:
                self._complain(f"has confirmed nothing for {_STALLED_S:g} s: is its disk full?")
                return
        if self._open is None and not self._refused and not self._stopping.is_set():
            self._refused = True
            self._complain(f"hangs up before {self._client_id} is let in (does it know our certificate?)")

    def _close(self) -> None:
        with self._gate:
            was_open, self._open = self._open is not None, None
        self._moved.set()
        if was_open:
            if time.monotonic() - self._tally.since_s > _STEADY_S:
                self._complaints.clear()
            _log.info("the connection to %s:%d is over", self._host, self._port)
            self._on_link(False)

    def _complain(self, what: str) -> None:
        """Log once what is wrong with the broker, however often it is tried again."""
        if what not in self._complaints and len(self._complaints) < _COMPLAINTS_MAX:
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
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = client.on_unsubscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_paho_message
        if self._security is not None:
            client.tls_set_context(self._security.context())
        if self._will is not None:
            will = self._will
            properties = _properties(PacketTypes.WILLMESSAGE, will)
            client.will_set(will.topic, will.payload, will.qos, will.retain, properties)
        return client

    def _connect(self, client: paho.Client) -> None:
        properties = _new_properties(PacketTypes.CONNECT)
        properties.ReceiveMaximum = self._receive_maximum
        properties.MaximumPacketSize = _PACKET_BYTES_MAX
        client.connect(self._host, self._port, self._keepalive_s, clean_start=True, properties=properties)

    def _on_connect(
        self,
        client: paho.Client,
        _: object,
        __: paho.ConnectFlags,
        code: ReasonCode,
        granted: Properties | None,
    ) -> None:
        if code.is_failure:
            self._refused = True
            self._complain(f"refuses {self._client_id}: {code}")
            return
        with self._gate:
            self._tally = Tally(
                window=min(WINDOW, getattr(granted, "ReceiveMaximum", WINDOW)),
                packet_bytes_max=getattr(granted, "MaximumPacketSize", _PACKET_BYTES_MAX),
                since_s=time.monotonic(),
            )
            self._asked = frozenset()
            self._ungranted = {}
            self._ask(client)
            waits = bool(self._ungranted)
        if not waits:
            self._ready(client)

    def _ask(self, client: paho.Client) -> None:
        """Have the broker send what is wanted and no more; the gate is held."""
        new, old = sorted(self._wanted - self._asked), sorted(self._asked - self._wanted)
        if new:
            _, number = client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in new])
            self._ungranted[number] = new
        if old:
            self._ungranted[client.unsubscribe(old)[1]] = []
        self._asked = self._wanted

    def _on_subscribe(
        self, client: paho.Client, _: object, number: int, codes: list[ReasonCode], __: Properties | None
    ) -> None:
        with self._gate:
            asked = self._ungranted.pop(number, None)
        if asked is None:
            return  # nobody has asked: this opens no line
        refused = [topic for topic, code in zip(asked, codes, strict=False) if code.is_failure]
        if refused:
            self._refused = True
            self._complain(f"does not let {self._client_id} hear {refused}")
            client.disconnect()
        elif self._open is None:
            self._ready(client)

    def _ready(self, client: paho.Client) -> None:
        with self._gate:
            self._open = client
            self._ask(client)  # what was wanted since
        _log.info("connected to %s:%d", self._host, self._port)
        self._on_link(True)

    def _on_disconnect(
        self,
        _: paho.Client,
        __: object,
        flags: paho.DisconnectFlags,
        code: ReasonCode,
        ___: Properties | None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._complain(f"ends the connection of {self._client_id}: {code}")

    def _on_publish(self, _: paho.Client, __: object, ___: int, code: ReasonCode, ____: Properties) -> None:
        self._tally.confirmed += 1
        self._moved.set()
        if code.is_failure:
            self._complain(f"did not take a message: {code}")

    def _on_paho_message(self, client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self._complain("sent a topic that is no UTF-8")
        else:
            self._on_message(Message(topic, bytes(message.payload), message.retain))
        client.ack(message.mid, message.qos)


def _hang_up(client: paho.Client) -> None:
    """Leave no socket open behind: paho closes only what it has given up itself."""
    if (line := client.socket()) is not None:
        line.close()


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
