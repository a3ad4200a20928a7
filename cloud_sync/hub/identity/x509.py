"""X.509 as the hub needs it: a root, an issuer below it, certificates for lines, a list of the revoked.

Profiles follow RFC 5280; keys are P-256, signatures ECDSA with SHA-256.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.signing import Tier
from cloud_sync.contract.topics import Address

HUB_NAME: Final = "@hub"
"""The hub's own name on the line: no object can be called so."""
BROKER_NAME: Final = "@broker"

# Pinned for the life of an object; RFC 5280 knows no certificate that is replaced where it is pinned.
_ROOT_DAYS: Final = 20 * 365
# An issuer needs the root for a new one, which then is taken from its safe.
_INTERMEDIATE_DAYS: Final = 10 * 365
# Renewed at two thirds by whoever holds it: an object may be away for a month and come back by itself.
CLIENT_DAYS: Final = 90
# Renewed by the hub itself, which is never away; browsers take none that is valid for longer.
SERVER_DAYS: Final = 397
# A machine whose clock is a little behind ours must not find a certificate that is not valid yet.
_BACKDATED: Final = timedelta(hours=1)
# A request of ours is 500 bytes; RSA with 4096 bits would be 1,700.
_CSR_BYTES_MAX: Final = 6 * 1024

_SHA256: Final = hashes.SHA256()


class BadRequestError(ValueError):
    """A request for a certificate that none can be given for: what was expected."""


class Issued(msgspec.Struct, frozen=True):
    """A new certificate: its serial number (hex), itself in PEM, and its last moment."""

    serial: str
    pem: str
    not_after_ms: int


@dataclass(frozen=True)
class Subject:
    """Whose line is certified: an object, what keeps the key of its journal, and the key of its line."""

    who: Address
    tier: Tier
    key: ec.EllipticCurvePublicKey


@dataclass(frozen=True)
class _Leaf:
    """What a certificate says, beside its key."""

    name: x509.Name
    names: tuple[x509.GeneralName, ...]
    uses: tuple[x509.ObjectIdentifier, ...]
    days: int


class Issuer:
    """The intermediate: it issues for lines, under a root that it does not hold."""

    def __init__(self, root_pem: bytes, pem: bytes, key_pem: bytes) -> None:
        self.root_pem, self.pem = root_pem.decode("ascii"), pem.decode("ascii")
        self._certificate = x509.load_pem_x509_certificate(pem)
        self._key = load_key(key_pem)

    def client(self, subject: Subject, now_ms: int) -> Issued:
        """An object's certificate for its line: its name at the broker is its name in the shop.

        The name alone, since it is unique at a hub: a name of tenant, site and object together could be read
        in two ways, as each may hold dots, and be longer than the 64 characters of X.520.
        """
        who = subject.who
        name = _name(
            (NameOID.COMMON_NAME, who.object),
            (NameOID.ORGANIZATION_NAME, who.tenant),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, subject.tier),
        )
        uri = x509.UniformResourceIdentifier(f"urn:opos:{who.tenant}:{who.site}:{who.object}")
        leaf = _Leaf(name, (uri,), (ExtendedKeyUsageOID.CLIENT_AUTH,), CLIENT_DAYS)
        return self._issue(leaf, subject.key, now_ms)

    def server(
        self, common: str, names: Iterable[str], key: ec.EllipticCurvePublicKey, now_ms: int
    ) -> Issued:
        """A certificate for a machine under all of its `names`, DNS names or IP addresses."""
        uses = [ExtendedKeyUsageOID.SERVER_AUTH]
        if common == HUB_NAME:  # it speaks at the broker, too
            uses.append(ExtendedKeyUsageOID.CLIENT_AUTH)
        name = _name((NameOID.COMMON_NAME, common))
        leaf = _Leaf(name, tuple(_general_name(name) for name in names), tuple(uses), SERVER_DAYS)
        return self._issue(leaf, key, now_ms)

    def revocations(self, serials: Sequence[str], before: bytes | None, now_ms: int) -> bytes:
        """The list of revoked certificates, in PEM; `before` is the one whose place it takes.

        It is valid for as long as the issuer: a broker refuses everybody by a list that has run out, and a
        shop must not close because nobody made a new one.
        """
        now = _moment(now_ms)
        begins = now - _BACKDATED
        if before is not None:
            # Whole seconds, and OpenSSL keeps the list that it has if a new one does not begin after it.
            begins = max(begins, x509.load_pem_x509_crl(before).last_update_utc + timedelta(seconds=1))
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(begins)
            .next_update(self._certificate.not_valid_after_utc)
        )
        for serial in serials:
            revoked = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(now)
            builder = builder.add_revoked_certificate(revoked.build())
        return builder.sign(self._key, _SHA256).public_bytes(serialization.Encoding.PEM)

    def _issue(self, leaf: _Leaf, key: ec.EllipticCurvePublicKey, now_ms: int) -> Issued:
        until = min(_moment(now_ms) + timedelta(days=leaf.days), self._certificate.not_valid_after_utc)
        builder = _builder(leaf.name, self._certificate.subject, key, now_ms).not_valid_after(until)
        for extension, critical in (
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_usage(ca=False), True),
            (x509.ExtendedKeyUsage(leaf.uses), False),
            (x509.SubjectAlternativeName(leaf.names), False),
        ):
            builder = builder.add_extension(extension, critical)
        made = _signed(builder, self._key)
        return Issued(f"{made.serial_number:x}", _pem(made), _ms(made.not_valid_after_utc))


def make_root(key_pem: bytes, name: str, now_ms: int) -> bytes:
    """A root's own certificate, in PEM; `name` is what people call the hub."""
    key, subject = load_key(key_pem), _name((NameOID.COMMON_NAME, f"{name} root"))
    until = _moment(now_ms) + timedelta(days=_ROOT_DAYS)
    builder = _builder(subject, subject, key.public_key(), now_ms).not_valid_after(until)
    return _pem(_signed(_authority(builder, path_length=1), key)).encode("ascii")


def make_intermediate(
    root_key_pem: bytes, root_pem: bytes, key: ec.EllipticCurvePublicKey, now_ms: int
) -> bytes:
    """The root's certificate for the issuer, in PEM: it may issue for lines and for no other issuer."""
    root = x509.load_pem_x509_certificate(root_pem)
    subject = _name((NameOID.COMMON_NAME, f"{common_name(root_pem).removesuffix(' root')} issuer"))
    until = min(_moment(now_ms) + timedelta(days=_INTERMEDIATE_DAYS), root.not_valid_after_utc)
    builder = _builder(subject, root.subject, key, now_ms).not_valid_after(until)
    return _pem(_signed(_authority(builder, path_length=0), load_key(root_key_pem))).encode("ascii")


def fingerprint(pem: bytes) -> str:
    """The SHA-256 of a certificate's DER, base64url: what a claim pins."""
    der = x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
    return b64(hashlib.sha256(der).digest())


def common_name(pem: bytes) -> str:
    """What the subject of a certificate is called."""
    subject = x509.load_pem_x509_certificate(pem).subject
    return str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def names_of(pem: bytes) -> tuple[str, ...]:
    """The DNS names and IP addresses that a certificate is for, sorted."""
    extension = x509.load_pem_x509_certificate(pem).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    dns = extension.value.get_values_for_type(x509.DNSName)
    return tuple(sorted([*dns, *map(str, extension.value.get_values_for_type(x509.IPAddress))]))


def ends_ms(pem: bytes) -> int:
    """The last moment of a certificate."""
    return _ms(x509.load_pem_x509_certificate(pem).not_valid_after_utc)


def revoked_in(pem: bytes) -> set[str]:
    """The serial numbers (hex) in a list of revoked certificates."""
    return {f"{revoked.serial_number:x}" for revoked in x509.load_pem_x509_crl(pem)}


def requested_key(csr_pem: str) -> ec.EllipticCurvePublicKey:
    """The key that a request asks a certificate for, which it proves to hold. Raises BadRequestError.

    What else the request says of itself does not count: the hub knows who asks.
    """
    if len(csr_pem) > _CSR_BYTES_MAX:
        raise BadRequestError(f"csr: expected at most {_CSR_BYTES_MAX} characters, got {len(csr_pem)}")
    if not csr_pem.isascii() or "\0" in csr_pem:  # PEM may have any words around it, and a database not
        raise BadRequestError("csr: expected PEM, in ASCII")
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        key, holds = request.public_key(), request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm, InvalidSignature) as error:
        raise BadRequestError(f"csr: expected a certificate request in PEM (RFC 2986): {error}") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise BadRequestError("csr: expected a key of P-256, got another kind of key")
    if not holds:
        raise BadRequestError("csr: it is not signed by the key that it names")
    return key


def key_of(pem: str) -> bytes:
    """The public key in a certificate, as comparable bytes."""
    return key_bytes(x509.load_pem_x509_certificate(pem.encode()).public_key())


def key_bytes(key: object) -> bytes:
    """A P-256 public key as comparable bytes (its DER)."""
    assert isinstance(key, ec.EllipticCurvePublicKey)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.DER, form)


def load_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    """The private key that a file of ours holds: an unencrypted PKCS #8 PEM; raises ValueError."""
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _authority(builder: x509.CertificateBuilder, path_length: int) -> x509.CertificateBuilder:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return builder.add_extension(constraints, critical=True).add_extension(_usage(ca=True), critical=True)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now_ms: int
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    return builder.not_valid_before(_moment(now_ms) - _BACKDATED)


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    return builder.add_extension(issuer, critical=False).sign(key, _SHA256)


def _name(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000
