"""Signatures as WeChat Pay and Alipay want them: RSA with SHA-256 (RFC 8017, section 8.2), in base64."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256


def sign(key: RSAPrivateKey, text: str) -> str:
    """The signature of a text."""
    return base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode("ascii")


def is_signed(key: RSAPublicKey, text: str, signature: str) -> bool:
    """Whether `signature` is of this text and key."""
    try:
        key.verify(base64.b64decode(signature, validate=True), text.encode(), PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
