"""The object's certificate for its line, and its key: asked for, checked, kept, renewed in time.

It is renewed for the same key, so that the two files never fail to fit.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cloud_sync.contract.encoding import b64
from edge.clock import Clock
from edge.config import ObjectConfig, TlsFiles
from edge.identity.files import PEM_BYTES_MAX, IdentityUnusableError, keep_file, read_file

if TYPE_CHECKING:
    # Its name alone, and imported below where it is used: the object's own process keeps files by this room,
    # opens no line, and has no room for it (1 MB, and 10 ms of a start).
    from cryptography.x509 import Certificate

_DAY_MS: Final = 86_400_000
# A certificate is renewed when so much of its life is over: a third is left for a hub that is away.
_RENEWED_AFTER: Final = (2, 3)


class ChainRefusedError(ValueError):
    """A certificate that is not for this object's key, or that its pinned root does not vouch for."""


class LineCertificate(msgspec.Struct, frozen=True):
    """What the object shows on the line: whom it names, its number (hex), when it holds."""

    name: str
    serial: str
    begins_ms: int
    ends_ms: int

    @property
    def renewal_ms(self) -> int:
        """From when on a new one should be asked for."""
        part, whole = _RENEWED_AFTER
        return self.begins_ms + (self.ends_ms - self.begins_ms) * part // whole


def line_certificate(config: ObjectConfig) -> LineCertificate | None:
    """What the object shows on the line; None if it has none. Raises IdentityUnusableError."""
    if not config.tls.chain.exists():
        return None
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    leaf = certificate_of(config.tls.chain)
    names = [str(each.value) for each in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    begins, ends = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    return LineCertificate("".join(names), f"{leaf.serial_number:x}", _ms(begins), _ms(ends))


def days_left(config: ObjectConfig, clock: Clock) -> int | None:
    """Whole days until the certificate ends, negative when it has; None if there is none.

    Raises IdentityUnusableError.
    """
    mine = line_certificate(config)
    return None if mine is None else (mine.ends_ms - clock.wall_ms()) // _DAY_MS


def renewal_is_due(config: ObjectConfig, now_ms: int) -> bool:
    """Whether two thirds of the certificate's life are over. Raises IdentityUnusableError."""
    mine = line_certificate(config)
    return mine is not None and now_ms >= mine.renewal_ms


def new_csr(config: ObjectConfig) -> str:
    """A request (PEM) for a certificate of the key that the object has on the line.

    Raises IdentityUnusableError.
    """
    return csr_of(config.tls, config.object.id)


def csr_of(files: TlsFiles, name: str) -> str:
    """A request (PEM) in the name of `name`: the hub decides what the certificate says, only the key counts.

    Raises IdentityUnusableError.
    """
    from cryptography import x509  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    signed = request.sign(_line_key(files), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode("ascii")


def make_line_key(files: TlsFiles) -> None:
    """Make the key of the line, if there is none: whole, and its owner's alone. Raises IdentityUnusableError.

    A key that cannot be read, as after a power cut of a bad card, is an error and never replaced.
    """
    if not files.key.exists():
        private = ec.generate_private_key(ec.SECP256R1())
        form = serialization.PrivateFormat.PKCS8
        pem = private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        keep_file(files.key, pem, mode=0o600)
    _line_key(files)


def keep_chain(config: ObjectConfig, pem: str) -> LineCertificate:
    """Show the certificate in `pem` from the next connection on.

    Raises ChainRefusedError when it is not for this object, or ends before the one that is there;
    IdentityUnusableError.
    """
    check_chain(pem, read_file(config.tls.root).decode("ascii", "replace"), config.tls)
    before = line_certificate(config)
    leaf = _certificates(pem)[0]
    if before is not None and _ms(leaf.not_valid_after_utc) < before.ends_ms:
        raise ChainRefusedError(
            f"the certificate ends on {leaf.not_valid_after_utc:%Y-%m-%d}, before the one that is kept"
        )
    keep_file(config.tls.chain, pem.encode("ascii"))
    mine = line_certificate(config)
    assert mine is not None, "it was written a moment ago"
    return mine


def check_chain(chain_pem: str, root_pem: str, files: TlsFiles) -> None:
    """Return if `chain_pem` is for the key of `files` and leads to `root_pem`.

    Raises ChainRefusedError if not, IdentityUnusableError when the key itself cannot be read. Dates are not
    judged: the clock may be wrong.
    """
    chain, root = _certificates(chain_pem), _certificates(root_pem)
    if chain[0].public_key() != _line_key(files).public_key():
        raise ChainRefusedError("the certificate is for another key than the one that this object has")
    for below, above in zip(chain, [*chain[1:], root[0]], strict=True):
        if below == above:
            continue  # the root may stand at the chain's end
        try:
            below.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise ChainRefusedError(
                f"{below.subject.rfc4514_string()} is not vouched for by {above.subject.rfc4514_string()}"
            ) from error


def fingerprint_of(certificate_pem: str) -> str:
    """The SHA-256 of a certificate's DER in base64url, as a claim has it. Raises ChainRefusedError."""
    return b64(_certificates(certificate_pem)[0].fingerprint(hashes.SHA256()))


def certificate_of(path: Path) -> "Certificate":
    """The first certificate in a file. Raises IdentityUnusableError."""
    try:
        return _certificates(read_file(path).decode("ascii", "replace"))[0]
    except ChainRefusedError as error:
        raise IdentityUnusableError(
            f"{path}: {error}: enrol the object again with a new claim (`opos enroll`)"
        ) from error


def _line_key(files: TlsFiles) -> ec.EllipticCurvePrivateKey:
    data = read_file(files.key)
    if files.key.stat().st_mode & 0o077:
        raise IdentityUnusableError(f"{files.key}: others can read it: run `chmod 600 {files.key}`")
    try:
        private = serialization.load_pem_private_key(data, None)
    except (ValueError, TypeError) as error:
        raise IdentityUnusableError(f"{files.key}: this is no private key in PEM: {error}") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise IdentityUnusableError(f"{files.key}: expected a key of an elliptic curve")
    return private


def _certificates(pem: str) -> list["Certificate"]:
    from cryptography import x509  # noqa: PLC0415

    if len(pem) > PEM_BYTES_MAX:
        raise ChainRefusedError(f"expected certificates of at most {PEM_BYTES_MAX} bytes, got {len(pem)}")
    try:
        return x509.load_pem_x509_certificates(pem.encode("ascii", "replace"))
    except ValueError as error:
        raise ChainRefusedError(f"expected certificates in PEM: {error}") from error


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000
