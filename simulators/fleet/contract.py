"""The contract as the fleet speaks it, written from docs/contract.md: it shares no code with the hub."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

BATCH_ENTRIES_MAX: Final = 256
BATCH_BYTES_MAX: Final = 96 * 1024
FRAMES_OUT_MAX: Final = 8
PARTITIONS: Final = 64

_ES256: Final = ec.ECDSA(hashes.SHA256())
_HALF_BYTES: Final = 32


class BadWordError(ValueError):
    """What came as a receipt is none of our hub's: why not."""


class Receipt(msgspec.Struct, frozen=True):
    """The hub has committed everything of (dev, epoch) up to `seq`, whose hash is `hash`."""

    dev: str
    epoch: str
    seq: int
    hash: str
    generation: int
    safe: int
    at_ms: int


def b64(data: bytes) -> str:
    """Base64url without padding (RFC 7515)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes of `b64`; raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(value: object) -> bytes:
    """JSON in the one way that a body may be written in."""
    return msgspec.json.encode(value)


class Key:
    """An object's own P-256 key, in this process's memory."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        numbers = self._private.public_key().public_numbers()
        halves = (number.to_bytes(_HALF_BYTES, "big") for number in (numbers.x, numbers.y))
        self.public: Final = dict(zip("xy", map(b64, halves), strict=True))
        self.kid: Final = kid_of(self.public)

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes r || s over `data`."""
        halves = decode_dss_signature(self._private.sign(data, _ES256))
        return b"".join(half.to_bytes(_HALF_BYTES, "big") for half in halves)


def kid_of(public: Mapping[str, str]) -> str:
    """The first 8 characters of a key's RFC 7638 thumbprint."""
    canonical = f'{{"crv":"P-256","kty":"EC","x":"{public["x"]}","y":"{public["y"]}"}}'
    return b64(hashlib.sha256(canonical.encode()).digest())[:8]


class Checker:
    """Checks what one public key has sealed."""

    def __init__(self, public: Mapping[str, str]) -> None:
        x, y = (int.from_bytes(unb64(public[half]), "big") for half in "xy")
        self._public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        self.kid: Final = kid_of(public)

    def is_signed(self, data: bytes, signature: bytes) -> bool:
        """Whether `signature` (r || s) is this key's over `data`."""
        r, s = (int.from_bytes(half, "big") for half in (signature[:_HALF_BYTES], signature[_HALF_BYTES:]))
        try:
            self._public.verify(encode_dss_signature(r, s), data, _ES256)
        except InvalidSignature:
            return False
        return True


def root_of(tenant: str, site: str, name: str) -> str:
    """The start of all topics of an object."""
    part = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % PARTITIONS
    return f"opos/1/{tenant}/{part}/{site}/{name}"


def first_hash(epoch: str) -> bytes:
    """What stands before the first entry of an epoch."""
    return hashlib.sha256(epoch.encode()).digest()


def entry_hash(kid: str, prev: bytes, body: bytes) -> bytes:
    """The SHA-256 of an entry's JWS signing input."""
    header = f'{{"alg":"ES256","kid":"{kid}","prev":"{b64(prev)}"}}'
    return hashlib.sha256(f"{b64(header.encode())}.{b64(body)}".encode()).digest()


def frame(key: Key, header: Sequence[Any], bodies: Sequence[bytes]) -> bytes:
    """A batch as it goes out: header, squeezed bodies, and one signature over both."""
    head = msgspec.msgpack.encode(header)
    payload = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(bodies))
    return msgspec.msgpack.encode([head, payload, key.sign(head + payload)])


def read_receipt(jws: bytes, trusted: Sequence[Checker]) -> Receipt:
    """The receipt that one of `trusted` has sealed; raises BadWordError."""
    signing_input, _, signature = jws.rpartition(b".")
    for checker in trusted:
        header = b64(f'{{"alg":"ES256","kid":"{checker.kid}","typ":"opos-receipt"}}'.encode())
        if signing_input.startswith(f"{header}.".encode()):
            try:
                return _opened(checker, signing_input, signature, payload_at=len(header) + 1)
            except ValueError as error:  # msgspec's and binascii's errors are among them
                raise BadWordError(f"expected a receipt, got {jws[:80]!r}: {error}") from error
    raise BadWordError(f"expected a receipt of a hub that we trust, got {jws[:80]!r}")


def _opened(checker: Checker, signing_input: bytes, signature: bytes, payload_at: int) -> Receipt:
    if not checker.is_signed(signing_input, unb64(signature.decode("ascii"))):
        raise BadWordError("its signature is not the hub's")
    return msgspec.json.decode(unb64(signing_input[payload_at:].decode("ascii")), type=Receipt)
