"""The root's word for the key of the journal: checked by the pinned roots, and kept for receipts.

A key that was replaced keeps its certificate, of some 600 bytes, under its own name: receipts that it has
signed may be asked for as long as the ledger has them.
"""

import glob
from collections.abc import Iterable
from pathlib import Path

import msgspec

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.encoding import unb64
from cloud_sync.contract.signing import PublicKey, Verifier, unseal
from edge.config import ObjectConfig
from edge.identity.files import IdentityUnusableError, keep_file, read_file


class CertificateRefusedError(ValueError):
    """A certificate that is not for this object's key, or that none of its pinned roots has signed."""


class CertifiedFor(msgspec.Struct, frozen=True):
    """What a certificate must say to be this object's."""

    dev: str
    tenant: str
    key: PublicKey


def is_certified(config: ObjectConfig, key: PublicKey) -> bool:
    """Whether the certificate that is kept is one for `key`."""
    try:
        jws = read_file(config.certificate).decode("ascii", "replace").strip()
        check_certificate(jws, config.trust.roots, CertifiedFor(config.object.id, config.object.tenant, key))
    except (IdentityUnusableError, CertificateRefusedError):
        return False
    return True


def check_certificate(jws: str, roots: Iterable[PublicKey], mine: CertifiedFor) -> None:
    """Return if one of `roots` says that `mine.key` is this object's. Raises CertificateRefusedError."""
    try:
        said = unseal(jws, CERTIFICATE_TYPE, {root.kid: Verifier(root) for root in roots}, CertifiedKey)
    except ValueError as error:
        raise CertificateRefusedError(f"a certificate for the journal's key was refused: {error}") from error
    if CertifiedFor(said.dev, said.tenant, said.key) != mine:
        raise CertificateRefusedError(
            f"expected a certificate for key {mine.key.kid} of {mine.dev}, got one for key {said.key.kid} of"
            f" {said.dev}"
        )


def keep_certificate(config: ObjectConfig, jws: str, key: PublicKey) -> None:
    """Keep the certificate for `key`, which signs now. Raises CertificateRefusedError, OSError."""
    mine = CertifiedFor(config.object.id, config.object.tenant, key)
    check_certificate(jws, config.trust.roots, mine)
    keep_beside_older(config.certificate, jws)


def keep_beside_older(path: Path, jws: str) -> None:
    """Write the certificate to `path`; one for another key that is there moves aside. Raises OSError.

    At every moment of it, and after a power cut, both are there.
    """
    before = _kid_in(path)
    if before is not None and before != _kid_of(jws):
        keep_file(path_before(path, before), path.read_bytes())
    keep_file(path, jws.encode("ascii"))


def certificate_files(path: Path) -> list[Path]:
    """The certificates that there are: the present key's at `path`, and those of keys that were replaced."""
    found = (path, *path.parent.glob(path_before(Path(glob.escape(path.name)), "*").name))
    return sorted(each for each in found if each.exists())


def path_before(path: Path, kid: str) -> Path:
    """Where the certificate for the replaced key `kid` is, if `path` is that of the present one."""
    return path.with_name(f"{path.name}.before-{kid}")


def _kid_in(path: Path) -> str | None:
    try:
        return _kid_of(read_file(path).decode("ascii", "replace").strip())
    except IdentityUnusableError:
        return None


def _kid_of(jws: str) -> str | None:
    """The key that a certificate speaks of; None if it is none."""
    try:
        return msgspec.json.decode(unb64(jws.split(".")[1]), type=CertifiedKey).key.kid
    except (ValueError, IndexError, RecursionError):
        return None
