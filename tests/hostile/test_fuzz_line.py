"""A broker that speaks bent MQTT: the object's line outlives all of it, and is at once there for a good one."""

import logging
import random
import socket

import pytest

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
    """Each of its connections ends in noise, before or after it has let the object in, until it is `healed`."""

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


@pytest.mark.parametrize("seed", range(2))
def test_no_noise_of_a_broker_ends_the_line(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    broker = NoisyBroker(random.Random(seed))
    ears = Ears(broker.port, "t/#", host="127.0.0.1")
    try:
        until(lambda: broker.connections > 400, "four hundred noisy connections")
        broker.healed = True
        before = broker.connections
        until(lambda: broker.connections > before and ears.up, "the line is up")
    finally:
        ears.line.stop()
        broker.close()
