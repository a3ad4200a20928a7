"""The one encoder of bodies, and base64url as JOSE writes it (RFC 7515: no padding)."""

import base64
import binascii
from typing import Annotated, Final

import msgspec

from retail.units import INTEGER_MAX

Whole = Annotated[int, msgspec.Meta(ge=-INTEGER_MAX, le=INTEGER_MAX)]
"""A whole number that is the same in every language that reads JSON."""

# Field order is that of the type; sorting nothing and escaping nothing keeps one value one byte string.
encode: Final = msgspec.json.Encoder(order=None).encode


def b64(data: bytes) -> str:
    """`data` in base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """The bytes of base64url `text`; raises ValueError on anything that `b64` would not have written."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(f"expected base64url, got {text[:40]!r}: {error}") from error
    if b64(data) != text:
        raise ValueError(f"expected base64url without padding or spare bits, got {text[:40]!r}")
    return data
