"""A certified key: the retailer's root says which object a public key belongs to."""

from typing import Final

import msgspec

from cloud_sync.contract.encoding import Whole
from cloud_sync.contract.signing import PublicKey, Tier

CERTIFICATE_TYPE: Final = "opos-key"
"""The `typ` of the compact JWS (see `signing.seal`) that carries a `CertifiedKey`."""


class CertifiedKey(msgspec.Struct, frozen=True):
    """`key` signs for the object `dev` of `tenant`, since `since_ms` (milliseconds since 1970, UTC).

    `tier` is what keeps its private half, as far as the object says.
    """

    dev: str
    tenant: str
    key: PublicKey
    tier: Tier
    since_ms: Whole
