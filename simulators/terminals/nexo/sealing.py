"""Sealed messages: keys from a passphrase, AES-256-CBC, and an HMAC over what was said.

Checked with ciphertexts that Adyen publishes with its Java library (Adyen/adyen-java-api-library, MIT).
"""

import base64
import hashlib
import hmac
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

SALT: Final = b"AdyenNexoV1Salt"
ROUNDS: Final = 4000
MAC_BYTES, CIPHER_BYTES, IV_BYTES = 32, 32, 16
CRYPTO_VERSION: Final = 1
BLOCK_BITS: Final = 128


class SealError(Exception):
    """What came cannot be trusted; the text says why."""


class Passphrase(msgspec.Struct, frozen=True):
    """What the merchant has typed into the terminal and into the till, and how the two call it."""

    words: str
    identifier: str
    version: int


class Keys(msgspec.Struct, frozen=True):
    """The three secrets that come out of a passphrase, and the name that goes over the line."""

    mac: bytes
    cipher: bytes
    iv: bytes
    identifier: str
    version: int


def keys(passphrase: Passphrase) -> Keys:
    """Stretch a passphrase: HMAC key, AES key, initialisation vector, in this order."""
    size = MAC_BYTES + CIPHER_BYTES + IV_BYTES
    stretched = hashlib.pbkdf2_hmac("sha1", passphrase.words.encode(), SALT, ROUNDS, size)
    mac, rest = stretched[:MAC_BYTES], stretched[MAC_BYTES:]
    return Keys(mac, rest[:CIPHER_BYTES], rest[CIPHER_BYTES:], passphrase.identifier, passphrase.version)


def sealed(plain: bytes, by: Keys, nonce: bytes) -> dict[str, Any]:
    """What stands beside the clear header: the blob, and the trailer to open it with."""
    padder = PKCS7(BLOCK_BITS).padder()
    encryptor = _cipher(by, nonce).encryptor()
    blob = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    trailer = {
        "AdyenCryptoVersion": CRYPTO_VERSION,
        "KeyIdentifier": by.identifier,
        "KeyVersion": by.version,
        "Nonce": _text(nonce),
        "Hmac": _text(hmac.digest(by.mac, plain, "sha256")),
    }
    return {"NexoBlob": _text(blob), "SecurityTrailer": trailer}


class Trailer(msgspec.Struct, frozen=True):
    """The SecurityTrailer of the OpenAPI document."""

    crypto_version: int = msgspec.field(name="AdyenCryptoVersion")
    key_identifier: str = msgspec.field(name="KeyIdentifier")
    key_version: int = msgspec.field(name="KeyVersion")
    nonce: str = msgspec.field(name="Nonce")
    hmac: str = msgspec.field(name="Hmac")


def opened(blob: str, trailer: Trailer, by: Keys) -> bytes:
    """Read what was sealed; SealError when it was not by these keys, or not whole."""
    if trailer.crypto_version != CRYPTO_VERSION:
        raise SealError(f"crypto version {trailer.crypto_version}: expected {CRYPTO_VERSION}")
    if (trailer.key_identifier, trailer.key_version) != (by.identifier, by.version):
        raise SealError(f"the key {trailer.key_identifier!r} {trailer.key_version} is not known here")
    nonce, ciphered, told = (
        _bytes("Nonce", trailer.nonce),
        _bytes("NexoBlob", blob),
        _bytes("Hmac", trailer.hmac),
    )
    if len(nonce) != IV_BYTES:
        raise SealError(f"a nonce of {len(nonce)} bytes: expected {IV_BYTES}")
    decryptor = _cipher(by, nonce).decryptor()
    unpadder = PKCS7(BLOCK_BITS).unpadder()
    try:
        plain = unpadder.update(decryptor.update(ciphered) + decryptor.finalize()) + unpadder.finalize()
    except ValueError as error:
        raise SealError("the blob is not of these keys") from error
    if not hmac.compare_digest(hmac.digest(by.mac, plain, "sha256"), told):
        raise SealError("the HMAC is not of this text")
    return plain


def _cipher(by: Keys, nonce: bytes) -> Cipher[modes.CBC]:
    vector = bytes(ours ^ theirs for ours, theirs in zip(by.iv, nonce, strict=True))
    return Cipher(algorithms.AES(by.cipher), modes.CBC(vector))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise SealError(f"{name} is not base64") from error
