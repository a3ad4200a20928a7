"""What keeps the talk with an Adyen terminal secret and whole: one passphrase, three keys, a nonce a message.

Source: the local Terminal API as Adyen's own libraries have it (github Adyen/adyen-java-api-library, MIT).
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

NONCE_BYTES: Final = 16
_HMAC_KEY: Final = slice(0, 32)
_AES_KEY: Final = slice(32, 64)
_IV: Final = slice(64, 80)


class Untrusted(msgspec.Struct, frozen=True):
    """A sealed message that tells nothing, since it cannot be shown to be the terminal's; and why."""

    why: str


class _Trailer(msgspec.Struct, frozen=True, rename="pascal"):
    adyen_crypto_version: int
    key_identifier: str
    key_version: int
    nonce: str
    hmac: str


class _Locked(msgspec.Struct, frozen=True, rename="pascal"):
    nexo_blob: str
    security_trailer: _Trailer


class SharedSecret:
    """What till and terminal have in common; made once, since stretching a passphrase is slow on purpose."""

    def __init__(self, passphrase: str, identifier: str, version: int) -> None:
        # SHA-1 is Adyen's choice; as a PBKDF2 core it has no known weakness.
        stretch = PBKDF2HMAC(hashes.SHA1(), length=_IV.stop, salt=b"AdyenNexoV1Salt", iterations=4000)  # noqa: S303
        material = stretch.derive(passphrase.encode())
        self._hmac_key, self._aes_key, self._iv = (material[part] for part in (_HMAC_KEY, _AES_KEY, _IV))
        self._name = identifier, version

    def __repr__(self) -> str:
        return f"SharedSecret({self._name[0]!r}, {self._name[1]})"

    def lock(self, text: bytes, nonce: bytes) -> dict[str, Any]:
        """What goes beside the clear header. `nonce` is 16 bytes of luck that were never used before."""
        assert len(nonce) == NONCE_BYTES, "a nonce is as long as a block"
        padder = padding.PKCS7(algorithms.AES.block_size).padder()
        encryptor = self._aes(nonce).encryptor()
        blob = encryptor.update(padder.update(text) + padder.finalize()) + encryptor.finalize()
        trailer = _Trailer(1, *self._name, _base64(nonce), _base64(self._mac(text).finalize()))
        locked: dict[str, Any] = msgspec.to_builtins(_Locked(_base64(blob), trailer))
        return locked

    def unlock(self, content: Mapping[str, Any]) -> bytes | Untrusted:
        """The text of a sealed message, once its HMAC has shown whose it is."""
        try:
            locked = msgspec.convert(dict(content), _Locked)
            trailer = locked.security_trailer
            blob, nonce, told = map(_from_base64, (locked.nexo_blob, trailer.nonce, trailer.hmac))
        except (msgspec.ValidationError, binascii.Error, ValueError) as error:
            return Untrusted(f"no sealed message: {error}")
        if (trailer.adyen_crypto_version, trailer.key_identifier, trailer.key_version) != (1, *self._name):
            return Untrusted(f"sealed by {trailer.key_identifier!r} {trailer.key_version}")
        if len(nonce) != NONCE_BYTES:
            return Untrusted(f"a nonce of {len(nonce)} bytes")
        return self._verified(blob, nonce, told)

    def _verified(self, blob: bytes, nonce: bytes, told: bytes) -> bytes | Untrusted:
        decryptor = self._aes(nonce).decryptor()
        unpadder = padding.PKCS7(algorithms.AES.block_size).unpadder()
        try:
            text = unpadder.update(decryptor.update(blob) + decryptor.finalize()) + unpadder.finalize()
            self._mac(text).verify(told)
        except (ValueError, InvalidSignature):
            # One answer for both, so that nobody learns from us which of the two it was.
            return Untrusted("the HMAC is not of this text")
        return text

    def _aes(self, nonce: bytes) -> Cipher[modes.CBC]:
        mixed = int.from_bytes(self._iv) ^ int.from_bytes(nonce)
        return Cipher(algorithms.AES(self._aes_key), modes.CBC(mixed.to_bytes(NONCE_BYTES)))

    def _mac(self, text: bytes) -> hmac.HMAC:
        mac = hmac.HMAC(self._hmac_key, hashes.SHA256())
        mac.update(text)
        return mac


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _from_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
