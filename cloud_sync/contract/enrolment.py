"""Enrolment: how an object and a hub that have never met come to believe each other.

The retailer's claim goes to the installer by any way (a text, a QR code). The object makes its keys, calls
the hub over HTTPS and believes nobody but the root whose fingerprint stands in the claim. Both sides then
show the same eight letters; a person who sees both confirms, and the hub sends all that the object needs.

`POST {hub}/enrol` with an `EnrolmentAsked`, sealed by the object's own key for its journal, is answered by
an `EnrolmentSaid`; the object asks again, with the same bytes, until it is enrolled or refused.
"""

import hashlib
import re
from typing import Annotated, Final, Literal

import msgspec

from cloud_sync.contract.encoding import b64, encode, unb64
from cloud_sync.contract.signing import BadSignatureError, PublicKey, Tier, Verifier, unseal

ENROLMENT_TYPE: Final = "opos-enrolment"
"""The `typ` of the compact JWS that carries an `EnrolmentAsked`."""
PATH: Final = "/enrol"
"""Where it is posted, below the hub's address."""
ENROLMENT_BYTES_MAX: Final = 16 * 1024
"""The longest question or answer: four certificates and a keyring are 8 KiB."""

CODE_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""Of a confirmation code (RFC 8628, section 6.1): no vowels, so no words; no digits, so no O for a 0."""

_CLAIM_PREFIX: Final = "OPOS1."
_CLAIM_CHARS_MAX: Final = 1_000
_Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,32}$")]
_Secret = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{22,64}$")]
_Fingerprint = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
_Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
_Pem = Annotated[str, msgspec.Meta(max_length=6 * 1024)]


class Claim(msgspec.Struct, frozen=True):
    """The right to enrol one object, once and soon.

    `hub` is its https address, `fingerprint` the SHA-256 (base64url) of its root certificate's DER, `secret`
    what only the hub and the bearer know.
    """

    hub: Annotated[str, msgspec.Meta(pattern=r"^https://[^\s]{1,200}$")]
    fingerprint: _Fingerprint
    id: _Id
    secret: _Secret


class BadClaimError(ValueError):
    """A text that is no claim: what was expected."""


def claim_text(claim: Claim) -> str:
    """The claim as a person copies it, or a camera reads it."""
    return _CLAIM_PREFIX + b64(encode(claim))


def read_claim(text: str) -> Claim:
    """The claim in `text`, white space inside it forgiven; raises BadClaimError."""
    squeezed = re.sub(r"\s+", "", text[: 2 * _CLAIM_CHARS_MAX])
    if not squeezed.startswith(_CLAIM_PREFIX) or len(squeezed) > _CLAIM_CHARS_MAX:
        raise BadClaimError(
            f"expected a claim such as {_CLAIM_PREFIX}eyJ..., got {squeezed[:24]!r}: copy all of it"
        )
    try:
        return msgspec.json.decode(unb64(squeezed.removeprefix(_CLAIM_PREFIX)), type=Claim)
    except (ValueError, RecursionError) as error:
        raise BadClaimError(f"the claim is cut or mistyped: copy all of it once more ({error})") from error


class EnrolmentAsked(msgspec.Struct, frozen=True):
    """An object asks to be let in, under a claim.

    `key` signs its journal, and this; `csr` (PEM, RFC 2986) asks for the certificate of another key, that of
    its line.
    """

    claim: _Id
    secret: _Secret
    dev: _Name
    kind: _Name
    key: PublicKey
    tier: Tier
    csr: _Pem


def read_enrolment(jws: str) -> EnrolmentAsked:
    """The question in `jws`, if the key that it names has sealed it. Raises ValueError."""
    if len(jws) > ENROLMENT_BYTES_MAX:
        raise ValueError(f"expected at most {ENROLMENT_BYTES_MAX} characters, got {len(jws)}")
    try:
        asked = msgspec.json.decode(unb64(jws.split(".")[1]), type=EnrolmentAsked)
        verifier = Verifier(asked.key)
    except (IndexError, RecursionError) as error:
        raise BadSignatureError(f"expected a compact JWS of type {ENROLMENT_TYPE}") from error
    return unseal(jws, ENROLMENT_TYPE, {verifier.kid: verifier}, EnrolmentAsked)


def confirmation_code(claim: str, key: PublicKey, fingerprint: str) -> str:
    """The eight letters (WDJB-MJHT) that both sides show: somebody in between would make them differ."""
    told = "\n".join(("opos-enrolment", claim, key.x, key.y, fingerprint))
    number = int.from_bytes(hashlib.sha256(told.encode()).digest(), "big")
    letters = "".join(CODE_LETTERS[number // 20**place % 20] for place in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def bare_code(typed: str) -> str:
    """The letters of a code as a person typed it: small or large, with or without the dash."""
    return "".join(char for char in typed.upper() if char not in " -")


class Enrolled(msgspec.Struct, frozen=True):
    """All that an object needs to work for its shop.

    `broker` is mqtts://HOST:PORT, `hub` an https address; `chain` the certificate of its line and what leads
    to `root` (PEM); `certificate` the root's word for the key of its journal (`certificate.CertifiedKey`),
    `keyring` the hub's keys (`keyring.Keyring`), both compact JWS, `roots` the keys that those are signed by.
    """

    tenant: _Name
    site: _Name
    object: _Name
    kind: _Name
    name: str
    sells_from: _Name
    timezone: str
    broker: str
    hub: str
    chain: _Pem
    root: _Pem
    certificate: str
    keyring: str
    roots: tuple[PublicKey, ...]


class EnrolmentSaid(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an enrolment stands: a person has yet to compare `code`, or has, or has refused (`sentence`)."""

    state: Literal["waiting", "enrolled", "refused"]
    code: str = ""
    enrolled: Enrolled | None = None
    sentence: str = ""
