"""The terminal's own certificate: self-signed, made anew at every start, for the name of a terminal."""

import ipaddress
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# A real one is signed by Adyen's root and called so: the till pins the root and looks at this name.
DOMAIN: Final = "test.terminal.adyen.com"
VALID: Final = timedelta(days=30)
# The clock of a till may be behind.
SLACK: Final = timedelta(days=1)


class Identity:
    """A key that nobody else has, and the certificate that a till is to pin."""

    def __init__(self, poi_id: str, host: str) -> None:
        self.name = f"{poi_id}.{DOMAIN}"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = _signed(self.name, host, self._key)

    @property
    def pem(self) -> bytes:
        """The certificate alone."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def sha256(self) -> str:
        """Its fingerprint, in hexadecimal."""
        return self._certificate.fingerprint(hashes.SHA256()).hex()

    def context(self) -> ssl.SSLContext:
        """What a server needs; the key is on the disk for this moment, since ssl reads nothing but files."""
        key = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        with tempfile.TemporaryDirectory() as folder:  # only its owner may look into it
            file = Path(folder) / "terminal.pem"
            file.write_bytes(key + self.pem)
            context.load_cert_chain(file)
        return context


def _signed(name: str, host: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SLACK)
        .not_valid_after(now + VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(_names(name, host)), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def _names(name: str, host: str) -> list[x509.GeneralName]:
    """The terminal's name; its address too, for a program that looks at nothing else."""
    try:
        return [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address(host))]
    except ValueError:
        return [x509.DNSName(name), x509.DNSName(host)]
