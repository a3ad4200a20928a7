"""The keyring: which of the hub's keys an object is to believe, signed by a root that the object has pinned.

Two roots lie offline. Whoever loses a key of the hub's replaces it by the next keyring; whoever steals one
can sign for as long as the next keyring does not come, and can bring back no older one.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from cloud_sync.contract.signing import BadSignatureError, PublicKey, Verifier, unseal
from retail.pricing.book import Version
from retail.units import INTEGER_MAX

KEYRING_TYPE: Final = "opos-keys"
"""The `typ` of the compact JWS that carries a `Keyring`, sealed by one of the roots."""

KEYS_MAX: Final = 8
"""The most keys for one purpose: the present one, the one before, and room for a fleet that comes late."""


class Keyring(msgspec.Struct, frozen=True):
    """The public keys of a tenant's hub: for receipts and replies, for documents and orders, and its roots.

    While a key is replaced both stand here. An object refuses a version that is not above its own.
    """

    tenant: str
    version: Version
    receipt: tuple[PublicKey, ...]
    documents: tuple[PublicKey, ...]
    roots: tuple[PublicKey, ...]


def read_keyring(jws: str, roots: Mapping[str, Verifier]) -> Keyring:
    """The keyring in `jws`, if one of `roots` (by kid) signed it and it can be worked by.

    Raises BadSignatureError, or ValueError (a msgspec.DecodeError is one).
    """
    ring = unseal(jws, KEYRING_TYPE, roots, Keyring)
    for what in ("receipt", "documents", "roots"):
        keys: tuple[PublicKey, ...] = getattr(ring, what)
        if not 1 <= len(keys) <= KEYS_MAX:
            raise ValueError(f"keyring, {what}: expected 1 to {KEYS_MAX} keys, got {len(keys)}")
        for key in keys:
            _check(what, key)
    numbers = ring.version.generation, ring.version.n
    if min(numbers) < 1 or max(numbers) > INTEGER_MAX:
        raise ValueError(f"keyring: expected a version from 1.1 on, got {ring.version}")
    return ring


def _check(what: str, key: PublicKey) -> None:
    try:
        Verifier(key)
    except (ValueError, BadSignatureError) as error:
        raise ValueError(f"keyring, {what}: {key.x[:12]}... is no key of P-256: {error}") from error
