"""A certificate authority, a TLS server and a small broker by hand, each as wrong as a test wants it."""

import contextlib
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cloud_sync.mqtt import Line, Message
from cloud_sync.security import Security

DEADLINE_S: Final = 30.0
_PAUSE: Final = threading.Event()  # nobody sets it
NOW: Final = datetime.now(UTC)  # noqa: TID251 - certificates are judged by the machine's clock
DAY: Final = timedelta(days=1)


def until(condition: Callable[[], object], what: str = "the condition") -> None:
    """Wait until `condition` holds; fail if it never does."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, f"{what}: not after {DEADLINE_S:g} s"
        _PAUSE.wait(0.002)


class Hurry(random.Random):
    """Hardly any waiting between two tries."""

    def uniform(self, a: float, b: float) -> float:
        return 0.0005 * (a < b)


class Authority:
    """A root of its own, and certificates under it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"root of {directory.name}")])
        self._root = self._built(self._name, self._key, NOW - 900 * DAY, NOW + 900 * DAY, [], ca=True)
        self.root_pem = self._root.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def root_file(self) -> Path:
        path = self._directory / "root.crt"
        path.write_text(self.root_pem)
        return path

    def issue(
        self,
        file: str,
        names: Sequence[str] = ("localhost", "127.0.0.1", "::1"),
        begins: datetime = NOW - DAY,
        ends: datetime = NOW + DAY,
    ) -> tuple[Path, Path]:
        """The files of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, file)])
        certificate = self._built(subject, key, begins, ends, names, ca=False)
        chain, key_file = self._directory / f"{file}.crt", self._directory / f"{file}.key"
        chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return chain, key_file

    def _built(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        begins: datetime,
        ends: datetime,
        names: Sequence[str],
        *,
        ca: bool,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(map(_name, names)), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _name(text: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ip_address(text))
    return x509.DNSName(text)


# Packets of MQTT 5.0, sections 3.2, 3.4, 3.9 and 3.13.
_CONNACK: Final = bytes.fromhex("2003000000")
_PINGRESP: Final = bytes.fromhex("d000")


class HandBroker:
    """A broker of one connection at a time that does as it is told; with a context it speaks TLS."""

    def __init__(self, context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self._context = context
        self._near: socket.socket | None = None
        self.connections = 0
        self.peers: list[bytes] = []  # the certificates that were shown, DER
        self.heard: list[int] = []  # the kinds of the packets that came
        self.welcomes = self.confirms = True
        self.hangs_up = False
        self.grants = 0x01
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._door = socket.create_server((host, 0), family=family)
        self.port = int(self._door.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        if self._near is not None:
            with contextlib.suppress(OSError):
                self._near.shutdown(socket.SHUT_RDWR)
        self._thread.join(DEADLINE_S)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._door.accept()
                near.settimeout(DEADLINE_S)
                self._near = near
                self.connections += 1
                with contextlib.suppress(OSError):
                    self._converse(near)
                near.close()

    def _converse(self, near: socket.socket) -> None:
        if self._context is None:
            self._answer(near)
            return
        with self._context.wrap_socket(near, server_side=True) as secret:
            self._near = secret
            self.peers.append(secret.getpeercert(binary_form=True) or b"")
            self._answer(secret)

    def _answer(self, near: socket.socket) -> None:
        while packet := _packet(near):
            kind, rest = packet
            self.heard.append(kind)
            if kind == 1 and self.welcomes:
                near.sendall(_CONNACK)
            if kind == 3 and self.confirms and (number := _number(rest)):
                near.sendall(b"\x40\x02" + number)
            if kind == 8:
                near.sendall(b"\x90\x04" + rest[:2] + b"\x00" + bytes([self.grants]))
            if kind == 12:
                near.sendall(_PINGRESP)
            if self.hangs_up:
                return


def _packet(near: socket.socket) -> tuple[int, bytes] | None:
    """The next packet: its kind, and all after the length."""
    first = near.recv(1)
    if not first:
        return None
    length, shift = 0, 0
    while True:
        byte = _all(near, 1)[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    return first[0] >> 4, _all(near, length)


def _all(near: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        if not (more := near.recv(length - len(data))):
            raise ConnectionResetError("it ends in the middle of a packet")
        data += more
    return data


def _number(publish: bytes) -> bytes:
    """The packet's number, after its topic."""
    end = 2 + int.from_bytes(publish[:2], "big")
    return publish[end : end + 2]


class Ears:
    """A line, and all that its callbacks said."""

    def __init__(
        self,
        port: int,
        *topics: str,
        host: str = "localhost",
        keepalive_s: int = 5,
        security: Security | None = None,
        name: str = "mirror",
    ) -> None:
        self.messages: list[Message] = []
        self.links: list[bool] = []
        self.line = Line(
            host=host,
            port=port,
            client_id=name,
            on_message=self.messages.append,
            on_link=self.links.append,
            subscriptions=topics,
            keepalive_s=keepalive_s,
            security=security,
            luck=Hurry(),
        )
        self.line.start()

    @property
    def up(self) -> bool:
        return bool(self.links) and self.links[-1]

    def payloads(self) -> list[bytes]:
        return [message.payload for message in self.messages]


def ms_now() -> int:
    """Milliseconds since 1970: certificates are judged by the machine's clock."""
    return time.time_ns() // 1_000_000
