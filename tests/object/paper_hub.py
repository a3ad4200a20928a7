"""A hub on paper, as far as enrolment goes: certificates of its own, a real HTTPS server, a person's word."""

import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.enrolment import (
    Claim,
    Enrolled,
    EnrolmentAsked,
    EnrolmentSaid,
    confirmation_code,
    read_enrolment,
)
from cloud_sync.contract.keyring import KEYRING_TYPE, Keyring
from cloud_sync.contract.signing import PublicKey, Signer, SoftwareKey, seal
from retail.pricing.book import Version

NOW: Final = datetime(2026, 1, 15, 12, tzinfo=UTC)
HOST: Final = "127.0.0.1"
HOST_6: Final = "::1"


def now_ms() -> int:
    return int(NOW.timestamp() * 1000)


def pem_of(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


class Authority:
    """A certificate authority that signs whatever a test wants."""

    def __init__(self, name: str, above: "Authority | None" = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = above or self
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        builder = self._builder(self._name, self.key.public_key(), NOW, 3650).add_extension(constraints, True)
        self.certificate = builder.issuer_name(issuer._name).sign(issuer.key, hashes.SHA256())

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, begins: datetime, days: float
    ) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).public_key(key)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(begins - timedelta(days=1))
        return builder.not_valid_after(begins + timedelta(days=days))

    def certify(
        self, name: str, key: ec.EllipticCurvePublicKey, *, begins: datetime = NOW, days: float = 3000
    ) -> str:
        """A certificate for a machine, in PEM."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host)) for host in (HOST, HOST_6)])
        builder = self._builder(subject, key, begins, days).add_extension(names, False)
        return pem_of(builder.issuer_name(self._name).sign(self.key, hashes.SHA256()))


def asked_by(signer: Signer, claim: Claim, csr: str) -> EnrolmentAsked:
    return EnrolmentAsked(claim.id, claim.secret, "unnamed", "any", signer.public, signer.tier, csr)


def fingerprint(certificate: x509.Certificate) -> str:
    return b64(certificate.fingerprint(hashes.SHA256()))


class PaperHub:
    """Answers as a hub does that has made one claim; `confirmed` and `refusal` are a person's word.

    `spoil` changes what an object is sent. Each of `statuses` is the answer to one question.
    """

    def __init__(self) -> None:
        self.root = Authority("paper root")
        self.issuer = Authority("paper issuer", self.root)
        self.root_key, self.receipt_key = SoftwareKey.generate(), SoftwareKey.generate()
        self.documents_key = SoftwareKey.generate()
        self.version = Version(1, 1)
        self.kind, self.object = "mirror", "mirror-4"
        self.broker = "mqtts://hub.example:8883"
        self.confirmed = False
        self.refusal = ""
        self.asked: list[str] = []
        self.statuses: deque[int] = deque()
        self.spoil: dict[str, object] = {}
        self.shown = pem_of(self.root.certificate)
        self.url = ""

    def claim(self, **other: str) -> Claim:
        fields = {"hub": self.url, "fingerprint": fingerprint(self.root.certificate)}
        return Claim(**{**fields, "id": "AbCdEfGh1234", "secret": b64(bytes(16)), **other})

    def keyring(self, **other: object) -> str:
        keys = (self.receipt_key.public,), (self.documents_key.public,), (self.root_key.public,)
        ring = Keyring("demo", self.version, *keys)
        return seal(self.root_key, KEYRING_TYPE, msgspec.structs.replace(ring, **other))

    def certificate_for(self, key: PublicKey, dev: str = "mirror-4") -> str:
        return seal(self.root_key, CERTIFICATE_TYPE, CertifiedKey(dev, "demo", key, "file", now_ms()))

    def chain(self, csr: str, *, begins: datetime = NOW, days: float = 90) -> str:
        key = x509.load_pem_x509_csr(csr.encode()).public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        leaf = self.issuer.certify(self.object, key, begins=begins, days=days)
        return leaf + pem_of(self.issuer.certificate)

    def enrolled(self, asked: EnrolmentAsked) -> Enrolled:
        enrolled = Enrolled(
            tenant="demo",
            site="corner",
            object=self.object,
            kind=self.kind,
            name='Kabine "4" \\ 試着室',
            sells_from="floor",
            timezone="Europe/Berlin",
            broker=self.broker,
            hub=self.url,
            chain=self.chain(asked.csr),
            root=pem_of(self.root.certificate),
            certificate=self.certificate_for(asked.key, self.object),
            keyring=self.keyring(),
            roots=(self.root_key.public,),
        )
        return msgspec.structs.replace(enrolled, **self.spoil)

    def answer(self, question: str) -> tuple[int, bytes]:
        self.asked.append(question)
        if self.statuses:
            status = self.statuses.popleft()
            refusal = b'{"state": "refused", "sentence": "the claim has expired"}'
            return status, refusal if status >= 400 else b"<html>Please log in</html>"
        asked = read_enrolment(question)
        if self.refusal:
            said = EnrolmentSaid("refused", sentence=self.refusal)
        elif self.confirmed:
            said = EnrolmentSaid("enrolled", enrolled=self.enrolled(asked))
        else:
            code = confirmation_code(asked.claim, asked.key, fingerprint(self.root.certificate))
            said = EnrolmentSaid("waiting", code=str(self.spoil.get("code", code)))
        return 200, msgspec.json.encode(said)


class _Handler(BaseHTTPRequestHandler):
    hub: PaperHub

    def do_GET(self) -> None:
        assert self.path == "/root.crt"
        self._reply(200, self.hub.shown.encode())

    def do_POST(self) -> None:
        assert self.path == "/enrol"
        self._reply(*self.hub.answer(self.rfile.read(int(self.headers["Content-Length"])).decode()))

    def _reply(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    context: ssl.SSLContext

    def finish_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        # In the thread of the connection: a client that is silent in its handshake holds up nobody else.
        request.settimeout(10)
        try:
            with self.context.wrap_socket(request, server_side=True) as line:
                super().finish_request(line, client_address)
        except OSError:
            return  # clients that do not believe us hang up

    def shutdown_request(self, request) -> None:  # type: ignore[no-untyped-def]
        request.close()


@contextmanager
def confirming(directory: Path) -> Iterator[PaperHub]:
    """A hub that is served, and whose person has confirmed already; its files are below `directory`."""
    served = directory / "served"
    served.mkdir()
    with serving(PaperHub(), served) as paper:
        paper.confirmed = True
        yield paper


@contextmanager
def serving(
    hub: PaperHub, directory: Path, issuer: Authority | None = None, host: str = HOST
) -> Iterator[PaperHub]:
    """Serve `hub` on a free port, under a certificate of `issuer`'s (its own if nobody says another)."""
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8
    files = directory / "server.crt", directory / "server.key"
    issuer = issuer or hub.issuer
    files[0].write_text(issuer.certify("paper hub", key.public_key()) + pem_of(issuer.certificate))
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    kind = type("Server", (_Server,), {"address_family": family})
    server = kind((host, 0), type("Handler", (_Handler,), {"hub": hub}))
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(*files)
    name = f"[{host}]" if ":" in host else host
    hub.url = f"https://{name}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
