"""Signatures: ES256 over P-256, as compact JWS (RFC 7515, RFC 7518 section 3.4).

A software key signs deterministically (RFC 6979), but nothing depends on the bytes of a signature: a TPM or a
secure element may sign in its place.
"""

import hashlib
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Final, Literal, Protocol, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from cloud_sync.contract.encoding import b64, encode, unb64

_T = TypeVar("_T")

Tier = Literal["file", "sealed-file", "tpm", "secure-element"]
"""What keeps a private key: a file of its owner's, one that needs a secret to open, or hardware."""

_COORDINATE_BYTES: Final = 32
_COORDINATE_CHARS: Final = 43
SIGNATURE_BYTES: Final = 2 * _COORDINATE_BYTES
# A hub meets the keys of its objects again and again; an object meets its own with every entry.
_KEYS_MET_MAX: Final = 4_096
_ES256: Final = ec.ECDSA(hashes.SHA256())
_ES256_DETERMINISTIC: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


class BadSignatureError(ValueError):
    """Bytes that claim to be signed are not: who was expected to have signed, and what did not fit."""


class PublicKey(msgspec.Struct, frozen=True):
    """A P-256 public key as a JWK (RFC 7517) has it: base64url coordinates."""

    x: str
    y: str

    @property
    def thumbprint(self) -> str:
        """The RFC 7638 thumbprint of the key, base64url."""
        return _thumbprint(self.x, self.y)

    @property
    def kid(self) -> str:
        """The short name of this key in headers: the first 8 characters of its thumbprint."""
        return self.thumbprint[:8]

    def jwk(self) -> dict[str, str]:
        """The key as a JWK that any JOSE library reads."""
        return {"kty": "EC", "crv": "P-256", "x": self.x, "y": self.y, "kid": self.kid}


@lru_cache(maxsize=_KEYS_MET_MAX)
def _thumbprint(x: str, y: str) -> str:
    canonical = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    return b64(hashlib.sha256(canonical.encode()).digest())


class Signer(Protocol):
    """Whoever holds a private key: a file, a TPM, a secure element."""

    @property
    def public(self) -> PublicKey:
        """The public half."""
        ...

    @property
    def tier(self) -> Tier:
        """What keeps the private half."""
        ...

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes r || s of an ES256 signature over `data`."""
        ...


class SoftwareKey:
    """A private key in this process's memory; `tier` says what keeps it while no process runs."""

    def __init__(self, private: ec.EllipticCurvePrivateKey, tier: Tier = "file") -> None:
        self._private = private
        self.tier: Final = tier

    @classmethod
    def generate(cls) -> "SoftwareKey":
        """A new key from the system's randomness."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes) -> "SoftwareKey":
        """The key in an unencrypted PKCS #8 PEM; raises ValueError on any other key."""
        private = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
            raise ValueError("expected a P-256 private key in PKCS #8 PEM, got another kind of key")
        return cls(private)

    def to_pem(self) -> bytes:
        """The key as an unencrypted PKCS #8 PEM: whoever writes it to a file keeps the file to its owner."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @cached_property
    def public(self) -> PublicKey:
        """The public half."""
        numbers = self._private.public_key().public_numbers()
        return PublicKey(
            b64(numbers.x.to_bytes(_COORDINATE_BYTES, "big")),
            b64(numbers.y.to_bytes(_COORDINATE_BYTES, "big")),
        )

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes r || s of an ES256 signature over `data`."""
        r, s = decode_dss_signature(self._private.sign(data, _ES256_DETERMINISTIC))
        return r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")


class Verifier:
    """Checks the signatures of one public key."""

    def __init__(self, public: PublicKey) -> None:
        # Before anything remembers it: a stranger's key may be any text.
        if {len(public.x), len(public.y)} != {_COORDINATE_CHARS}:
            raise ValueError(f"expected coordinates of {_COORDINATE_CHARS} characters, got {public.x[:60]!r}")
        self.public = public
        self.kid: Final = public.kid
        numbers = ec.EllipticCurvePublicNumbers(
            int.from_bytes(unb64(public.x), "big"), int.from_bytes(unb64(public.y), "big"), ec.SECP256R1()
        )
        self._key = numbers.public_key()

    def check(self, data: bytes, signature: bytes) -> None:
        """Return if `signature` (r || s) is this key's over `data`; raise BadSignatureError if not."""
        if len(signature) != SIGNATURE_BYTES:
            raise BadSignatureError(f"expected a signature of {SIGNATURE_BYTES} bytes, got {len(signature)}")
        r = int.from_bytes(signature[:_COORDINATE_BYTES], "big")
        s = int.from_bytes(signature[_COORDINATE_BYTES:], "big")
        try:
            self._key.verify(encode_dss_signature(r, s), data, _ES256)
        except InvalidSignature as error:
            raise BadSignatureError(f"the signature is not that of key {self.kid}") from error


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str
    typ: str


def seal(signer: Signer, typ: str, payload: object) -> str:
    """`payload` (any msgspec type) as a compact JWS of type `typ`, signed by `signer`."""
    header = encode(_Header("ES256", signer.public.kid, typ))
    signing_input = f"{b64(header)}.{b64(encode(payload))}"
    return f"{signing_input}.{b64(signer.sign(signing_input.encode('ascii')))}"


def unseal(jws: str, typ: str, keys: Mapping[str, Verifier], into: type[_T]) -> _T:
    """The payload of compact `jws`, if one of `keys` (by kid) signed it as a `typ`.

    Members of the payload that `into` does not know are left out. Raises BadSignatureError on any other text,
    msgspec.DecodeError on a payload that is no `into`.
    """
    try:
        head, body, signature = jws.split(".")
        header_bytes = unb64(head)
        header = msgspec.json.decode(header_bytes, type=_Header)
        payload = unb64(body)
        raw_signature = unb64(signature)
    except (ValueError, RecursionError) as error:
        raise BadSignatureError(f"expected a compact JWS of type {typ}: {error}") from error
    if header.alg != "ES256" or header.typ != typ:
        raise BadSignatureError(f"expected ES256 and {typ}, got {header.alg[:40]!r} and {header.typ[:40]!r}")
    if encode(header) != header_bytes:
        raise BadSignatureError(f"expected a header of alg, kid and typ alone, got {header_bytes[:120]!r}")
    if header.kid not in keys:
        raise BadSignatureError(f"nobody we trust owns key {header.kid[:40]!r}")
    keys[header.kid].check(f"{head}.{body}".encode("ascii"), raw_signature)
    try:
        return msgspec.json.decode(payload, type=into)
    except RecursionError as error:
        raise msgspec.DecodeError(f"expected a {typ}, got brackets without end") from error
