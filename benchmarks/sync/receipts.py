"""Somebody who listens to the hub's receipts for one object, and remembers when each came."""

import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from benchmarks.opening import DEV
from benchmarks.sync.world import SITE, TENANT
from cloud_sync.contract.topics import Address
from simulators.fleet.shift import Where

_TOPIC: Final = Address(TENANT, SITE, DEV).down("receipt")


class _Seq(msgspec.Struct):
    seq: int


class Heard(msgspec.Struct):
    """The receipts so far: when (monotonic seconds) and up to which seq."""

    receipts: list[tuple[float, int]] = []

    @property
    def seq(self) -> int:
        """What the hub has confirmed; 0 before the first receipt."""
        return self.receipts[-1][1] if self.receipts else 0


@contextmanager
def listening(broker: Where) -> Iterator[Heard]:
    """Listen until the block ends."""
    heard = Heard()
    client = paho.Client(CallbackAPIVersion.VERSION2, "bench-listener", protocol=MQTTProtocolVersion.MQTTv5)

    def on_message(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        payload = bytes(message.payload).split(b".")[1]
        seq = msgspec.json.decode(urlsafe_b64decode(payload + b"=="), type=_Seq).seq
        heard.receipts.append((time.perf_counter(), seq))

    client.on_connect = lambda client, *_: client.subscribe(_TOPIC)
    client.on_message = on_message
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()
