"""Private keys that everybody has, since standards print them as examples: nobody should sell with them."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from cloud_sync.contract.encoding import unb64
from cloud_sync.contract.signing import SoftwareKey
from tests.contract import paper_chain


def _published(d: str) -> SoftwareKey:
    """The P-256 key whose JWK has this `d`."""
    return SoftwareKey(ec.derive_private_key(int.from_bytes(unb64(d), "big"), ec.SECP256R1()))


SOURCES: Final = {
    "object": "RFC 6979, appendix A.2.5",
    "object, once it was rotated": "RFC 7515, appendix A.3",
    "hub": "RFC 7517, appendix A.2",
    "root": "RFC 7518, appendix C, Alice",
}
OBJECT: Final = paper_chain.key()
ROTATED: Final = _published("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI")
HUB: Final = _published("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE")
ROOT: Final = _published("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo")
ALL: Final = dict(zip(SOURCES, (OBJECT, ROTATED, HUB, ROOT), strict=True))
