"""The object's identity on the line: its TLS key and certificate, the root it has pinned, the hub's keyring.

What is here are files (`TlsFiles`, the keyring and the certificate of the journal's key beside them). Nothing
here opens the ledger or connects to anything.
"""

from collections.abc import Callable
from typing import Final

from cloud_sync.security import PinnedSecurity, Security
from edge.clock import Clock
from edge.config import ObjectConfig
from edge.identity.certified import (
    CertificateRefusedError,
    CertifiedFor,
    certificate_files,
    check_certificate,
    is_certified,
    keep_beside_older,
    keep_certificate,
    path_before,
)
from edge.identity.files import IdentityUnusableError, keep_file, read_file
from edge.identity.hub_keys import KeyringRefusedError, apply_keyring
from edge.identity.line import (
    ChainRefusedError,
    LineCertificate,
    certificate_of,
    check_chain,
    csr_of,
    days_left,
    fingerprint_of,
    keep_chain,
    line_certificate,
    make_line_key,
    new_csr,
    renewal_is_due,
)

__all__ = [
    "BUILT_MS",
    "CertificateRefusedError",
    "CertifiedFor",
    "ChainRefusedError",
    "IdentityUnusableError",
    "KeyringRefusedError",
    "LineCertificate",
    "apply_keyring",
    "certificate_files",
    "check_certificate",
    "check_chain",
    "csr_of",
    "days_left",
    "fingerprint_of",
    "is_certified",
    "keep_beside_older",
    "keep_certificate",
    "keep_chain",
    "keep_file",
    "line_certificate",
    "line_security",
    "make_line_key",
    "new_csr",
    "path_before",
    "renewal_is_due",
    "time_floor",
]

BUILT_MS: Final = 1_761_955_200_000
"""2025-11-01, when nobody could have this version yet: on any machine that runs it, it is later than that."""


def line_security(
    config: ObjectConfig, clock: Clock, last_heard_ms: Callable[[], int] = lambda: 0
) -> Security | None:
    """Whom broker and hub must be, and what is shown to them; None if both are spoken to in the clear.

    While the clock is untrusted, certificates are judged at the latest moment that surely has passed: when
    this version was made, or what `last_heard_ms` tells (the `at_ms` of the hub's last receipt; 0 for none).
    Raises IdentityUnusableError.
    """
    if not (config.sync.broker_is_secure or config.sync.hub_is_secure):
        return None
    for path in (config.tls.chain, config.tls.key):
        if not path.exists():
            raise IdentityUnusableError(f"{path}: not there: enrol the object with a claim (`opos enroll`)")
    root_pem = read_file(config.tls.root).decode("ascii", "replace")
    certificate_of(config.tls.root)
    return PinnedSecurity(root_pem, config.tls.chain, config.tls.key, time_floor(clock, last_heard_ms))


def time_floor(clock: Clock, last_heard_ms: Callable[[], int] = lambda: 0) -> Callable[[], int | None]:
    """A moment that surely has passed, in milliseconds since 1970, while `clock` is untrusted; else None."""

    def floor_ms() -> int | None:
        return None if clock.quality() == "trusted" else max(BUILT_MS, last_heard_ms())

    return floor_ms
