"""One object's MQTT 5 connection on an event loop: a thousand of them need one thread."""

import asyncio
import random
import socket
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from simulators.fleet.shift import Where

# A line that is open but silent is given up after at most twice this.
_KEEPALIVE_S: Final = 30
# What an object waits before it tries again.
_RETRY_S: Final = (0.2, 2.0)
# Eight frames and a state: an acknowledgement that a broker owes for more is a broker that stands still.
_UNCONFIRMED_MAX: Final = 64
# DISCONNECT with Will Message (MQTT 5.0, section 3.14.2.1): who leaves on purpose is offline too.
_LEAVE_WITH_WILL: Final = 0x04
# A broker without its hub keeps a batch no longer than this: by then it was sent again.
_BATCH_EXPIRY_S: Final = 30


class Ears(Protocol):
    """Who listens to a line; all of it is called on the event loop."""

    def linked(self) -> None:
        """The broker has granted the subscription."""

    def unlinked(self) -> None:
        """The connection is gone; the line tries again by itself."""

    def heard(self, payload: bytes) -> None:
        """A receipt came."""

    def taken(self, wait_ns: int) -> None:
        """The broker has taken a message, so long after it was said."""

    def refused(self) -> None:
        """The broker did not take a connection, a subscription or a message."""


class Line:
    """The line of the object whose topics start with `root`; it comes back until `close`."""

    def __init__(self, where: Where, root: str, ears: Ears) -> None:
        self._where, self._root, self._ears = where, root, ears
        self._luck = random.Random(root)  # noqa: S311 - when to try again, not a secret
        self._client: paho.Client | None = None
        self._is_linked = self._is_closed = False
        self._said_ns: dict[int, int] = {}  # what the broker has not acknowledged: its number, and when

    def connect(self) -> None:
        """Begin a connection; `Ears.linked` hears when it holds."""
        if self._is_closed:
            return
        self._client, self._said_ns = self._new_client(), {}
        try:
            self._client.connect(self._where.host, self._where.port, _KEEPALIVE_S, clean_start=True)
        except OSError:
            self._retry()

    def say(self, lane: str, payload: bytes, *, retain: bool = False) -> bool:
        """Publish on `up/{lane}`; False if there is no line, or too much on it."""
        if self._client is None or not self._is_linked or len(self._said_ns) >= _UNCONFIRMED_MAX:
            return False
        properties = None
        if not retain:
            properties = _properties(PacketTypes.PUBLISH)
            properties.MessageExpiryInterval = _BATCH_EXPIRY_S
        said = self._client.publish(f"{self._root}/up/{lane}", payload, 1, retain, properties)
        if said.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        self._said_ns[said.mid] = time.monotonic_ns()
        return True

    def tick(self) -> None:
        """Once a second or so: pings, and lines that answer no ping."""
        if self._client is not None:
            self._client.loop_misc()

    def close(self) -> None:
        """Leave."""
        self._is_closed = True
        if self._client is not None:
            self._client.disconnect(ReasonCode(PacketTypes.DISCONNECT, identifier=_LEAVE_WITH_WILL))

    def _new_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            f"fleet.{self._root.replace('/', '.')}",
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.max_inflight_messages = _UNCONFIRMED_MAX
        client.on_socket_open = self._on_open
        client.on_socket_close = self._on_close
        loop = asyncio.get_running_loop()
        client.on_socket_register_write = _on(loop.add_writer, client.loop_write)
        client.on_socket_unregister_write = _on(loop.remove_writer)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = lambda _client, _data, message: self._ears.heard(bytes(message.payload))
        client.will_set(f"{self._root}/up/state", b'{"online":false}', 1, retain=True)
        return client

    def _on_open(self, client: paho.Client, _: Any, sock: Any) -> None:
        # Without it a small packet waits for the acknowledgement of the one before.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        asyncio.get_running_loop().add_reader(sock, client.loop_read)

    def _on_close(self, client: paho.Client, _: Any, sock: Any) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(sock)
        loop.remove_writer(sock)
        if client is self._client:
            self._retry()

    def _retry(self) -> None:
        self._client = None
        was_linked, self._is_linked = self._is_linked, False
        if self._is_closed:
            return
        if was_linked:
            self._ears.unlinked()
        asyncio.get_running_loop().call_later(self._luck.uniform(*_RETRY_S), self.connect)

    def _on_connect(self, client: paho.Client, _: Any, __: Any, code: ReasonCode, ___: Any) -> None:
        if code.is_failure:
            self._ears.refused()
        else:
            client.subscribe(f"{self._root}/dn/receipt", 1)

    def _on_subscribe(self, _: Any, __: Any, ___: int, codes: list[ReasonCode], ____: Any) -> None:
        if any(code.is_failure for code in codes):
            self._ears.refused()
            return
        self._is_linked = True
        self._ears.linked()

    def _on_publish(self, _: Any, __: Any, number: int, code: ReasonCode, ___: Any) -> None:
        said_ns = self._said_ns.pop(number, None)
        if code.is_failure:
            self._ears.refused()
        elif said_ns is not None:
            self._ears.taken(time.monotonic_ns() - said_ns)


def _on(change: Callable[..., Any], *work: Callable[[], Any]) -> Callable[[paho.Client, Any, Any], None]:
    """What paho calls when a socket has something to write, or nothing more."""

    def changed(_client: paho.Client, _data: Any, sock: Any) -> None:
        change(sock, *work)

    return changed


def _properties(kind: int) -> Properties:
    return Properties(kind)  # type: ignore[no-untyped-call]
