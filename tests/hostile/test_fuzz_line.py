"""A broker that speaks bent MQTT: the line of an object outlives all of it, and is there for a good one."""

import logging
import random
import socket

import pytest

from cloud_sync.contract.topics import PAYLOAD_BYTES_MAX
from tests.line.line_tools import Ears, HandBroker, _packet, until

_CONNACK = bytes.fromhex("2003000000")
# Packets of MQTT 5.0, sections 3.2 to 3.15, as an honest broker may send them.
_PACKETS = [
    bytes.fromhex(each)
    for each in (
        "200600000322000a",  # CONNACK with a topic alias maximum
        "9004000100" + "01",  # SUBACK
        "40020001",  # PUBACK
        "4004000110" + "00",  # PUBACK with a reason
        "50020001",  # PUBREC
        "62020001",  # PUBREL
        "d000",  # PINGRESP
        "e0020000",  # DISCONNECT
        "e0098b071f0004" + b"busy".hex(),  # DISCONNECT with a reason string
        "f0021800",  # AUTH
        "320b0003612f62000100" + b"hello"[:2].hex() + "00",  # PUBLISH
        "320f0003612f620002" + "050200003c00" + b"hi".hex(),  # PUBLISH with an expiry
    )
]


def bent_packet(luck: random.Random) -> bytes:
    packet = bytearray(luck.choice(_PACKETS))
    for _ in range(luck.randint(0, 3)):
        at = luck.randrange(len(packet))
        kind = luck.randrange(4)
        if kind == 0:
            packet[at] ^= 1 << luck.randrange(8)
        elif kind == 1:
            del packet[at + 1 :]
        elif kind == 2:
            packet[at:at] = luck.randbytes(luck.randint(1, 4))
        else:
            packet[at] = luck.choice((0x00, 0x7F, 0x80, 0xFF))
    return bytes(packet)


class NoisyBroker(HandBroker):
    """Each connection ends in noise, before or after the object was let in, until the broker is `healed`."""

    def __init__(self, luck: random.Random) -> None:
        self.luck, self.healed = luck, False
        super().__init__()

    def _answer(self, near: socket.socket) -> None:
        if self.healed:
            super()._answer(near)
            return
        assert _packet(near) is not None
        if self.luck.random() < 0.7:
            near.sendall(_CONNACK)
            _, rest = _packet(near) or (0, bytes(2))
            near.sendall(b"\x90\x04" + rest[:2] + b"\x00\x01")
        near.sendall(b"".join(bent_packet(self.luck) for _ in range(self.luck.randint(1, 3))))
        near.shutdown(socket.SHUT_WR)
        while near.recv(65_536):
            pass


class EndlessBroker(HandBroker):
    """One that begins a message of 256 MiB, and goes on with it for as long as it is listened to."""

    told = 0

    def _answer(self, near: socket.socket) -> None:
        _packet(near)
        near.sendall(_CONNACK)
        _, rest = _packet(near) or (0, bytes(2))
        near.sendall(b"\x90\x04" + rest[:2] + b"\x00\x01" + b"\x30\xff\xff\xff\x7f\x00\x01t\x00")
        while self.told < 32 * PAYLOAD_BYTES_MAX + _BUFFERS:
            near.sendall(bytes(65_536))
            self.told += 65_536


# What the kernel takes for somebody who does not read.
_BUFFERS = 8 * 1024 * 1024


def test_a_message_without_an_end_is_not_listened_to() -> None:
    broker = EndlessBroker()
    ears = Ears(broker.port, "t", host="127.0.0.1")
    try:
        until(lambda: broker.connections > 1, "it has hung up")
        assert broker.told < 2 * (32 * PAYLOAD_BYTES_MAX + _BUFFERS)
    finally:
        ears.line.stop()
        broker.close()


@pytest.mark.parametrize("seed", range(2))
def test_no_noise_of_a_broker_ends_the_line(seed: int) -> None:
    broker = NoisyBroker(random.Random(seed))
    ears = Ears(broker.port, "t/#", host="127.0.0.1")
    try:
        until(lambda: broker.connections > 400, "four hundred noisy connections")
        broker.healed = True
        before = broker.connections
        until(lambda: broker.connections > before and ears.up, "the line is up")
        assert broker.connections > before, "it has come back by itself"
    finally:
        ears.line.stop()
        broker.close()


class UnwelcomingBroker(HandBroker):
    """It never says that the object is let in, grants it a subscription all the same, and hangs up."""

    def _answer(self, near: socket.socket) -> None:
        _packet(near)
        near.sendall(bytes.fromhex("900400010001" + "e0028b00"))
        near.shutdown(socket.SHUT_WR)
        while near.recv(65_536):
            pass


def test_who_was_never_let_in_is_not_online_and_does_not_fill_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker = UnwelcomingBroker()
    ears = Ears(broker.port, "t/#", host="127.0.0.1")
    try:
        until(lambda: broker.connections > 20, "twenty connections")
    finally:
        ears.line.stop()
        broker.close()
    assert True not in ears.links
    assert len([each for each in caplog.records if each.levelno >= logging.WARNING]) <= 16
