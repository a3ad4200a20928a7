"""The public key behind a signature on secp256k1 (SEC 1, section 4.1.6), which OpenSSL does not offer.

Everything here is public, so nothing has to take the same time for every value. Our own arithmetic only
proposes a key: OpenSSL, through `cryptography`, then verifies the signature with it, and alone decides.
"""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

# SEC 2, section 2.4.1: the field, the order of the group, and its generator; y^2 = x^3 + 7.
_FIELD: Final = 2**256 - 2**32 - 977
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_GENERATOR: Final = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
_SEVEN: Final = 7

SIGNATURE_BYTES: Final = 64
KEY_BYTES: Final = 33
_SCALAR_BYTES: Final = 32

Point = tuple[int, int] | None
"""x and y; None is the point at infinity."""


def recover(digest: bytes, signature: bytes, recovery: int) -> bytes | None:
    """The compressed key that signed `digest`, when there is one; `signature` is r and s, 32 bytes each."""
    r, s = _scalars(signature)
    if not (0 < r < ORDER and 0 < s < ORDER and 0 <= recovery < 4):
        return None
    at = _lifted(r + ORDER * (recovery >> 1), odd=recovery & 1)
    if at is None:
        return None
    inverse = pow(r, -1, ORDER)
    message = int.from_bytes(digest, "big")
    point = _sum_of_products(-message * inverse % ORDER, _GENERATOR, s * inverse % ORDER, at)
    if point is None:
        return None
    key = bytes([2 + (point[1] & 1)]) + point[0].to_bytes(_SCALAR_BYTES, "big")
    return key if verified(digest, signature, key) else None


def verified(digest: bytes, signature: bytes, key: bytes) -> bool:
    """Whether the owner of the compressed `key` signed `digest`."""
    try:
        owner = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), key)
        owner.verify(encode_dss_signature(*_scalars(signature)), digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except (InvalidSignature, ValueError):
        return False
    return True


def is_low(signature: bytes) -> bool:
    """Whether s is the lower of the two values that would do (BIP-62)."""
    return _scalars(signature)[1] <= ORDER // 2


def lowered(signature: bytes) -> bytes:
    """The same signature with the lower s."""
    r, s = _scalars(signature)
    return r.to_bytes(_SCALAR_BYTES, "big") + min(s, ORDER - s).to_bytes(_SCALAR_BYTES, "big")


def _scalars(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:_SCALAR_BYTES], "big"), int.from_bytes(signature[_SCALAR_BYTES:], "big")


def _lifted(x: int, *, odd: int) -> Point:
    """The point with this x, when the curve has one."""
    if x >= _FIELD:
        return None
    square = (pow(x, 3, _FIELD) + _SEVEN) % _FIELD
    y = pow(square, (_FIELD + 1) // 4, _FIELD)
    if y * y % _FIELD != square:
        return None
    return (x, y if y & 1 == odd else _FIELD - y)


def _sum_of_products(one: int, first: Point, other: int, second: Point) -> Point:
    """The sum of both products, both walked at once from their highest bit (Shamir's trick)."""
    choice = (None, first, second, _added(first, second))
    total: Point = None
    for bit in reversed(range(256)):
        total = _added(total, total)
        total = _added(total, choice[(one >> bit & 1) + 2 * (other >> bit & 1)])
    return total


def _added(one: Point, other: Point) -> Point:
    if one is None or other is None:
        return other if one is None else one
    if one[0] == other[0]:
        if (one[1] + other[1]) % _FIELD == 0:
            return None
        slope = 3 * one[0] * one[0] * pow(2 * one[1], -1, _FIELD)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, _FIELD)
    x = (slope * slope - one[0] - other[0]) % _FIELD
    return x, (slope * (one[0] - x) - one[1]) % _FIELD
