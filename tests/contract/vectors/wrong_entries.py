"""Entries that nobody may accept: wrong bodies, wrong headers, wrong signatures, and other spellings."""

from collections.abc import Callable, Iterator
from typing import Final

from cloud_sync.contract.encoding import b64, encode
from tests.contract.vectors import story
from tests.contract.vectors.golden import Vector
from tests.contract.vectors.keys import OBJECT, ROTATED
from tests.contract.vectors.wrong_bodies import wrong_bodies

_FIRST: Final = story.first_journal()
_GENESIS: Final = _FIRST.entries[0]
_HONEST: Final = _FIRST.entries[1]
_KID: Final = OBJECT.public.kid
BEFORE: Final = b64(_GENESIS.hash)
"""The hash of the entry that each of these claims to follow."""

_HEADER: Final = f'{{"alg":"ES256","kid":"{_KID}","prev":"{BEFORE}"}}'
_NO_ENTRY: Final = "expected the compact JWS of an entry"
_SIGNATURE: Final = "signature is not that of key"


def wrong_entries() -> Iterator[Vector]:
    """All of them: compact JWS that claim to be the second entry of the first epoch."""
    for what, reason, body in wrong_bodies():
        yield {"what": what, "reason": reason, **_readable(body), "jws": jws_of(_HEADER, body)}
    for what, reason, header in _headers():
        yield {"what": what, "reason": reason, "header": header, "jws": jws_of(header, _HONEST.body)}
    for what, reason, jws in (*_signatures(), *_spellings()):
        yield {"what": what, "reason": reason, "jws": jws}


def jws_of(header: str, payload: bytes, sign: Callable[[bytes], bytes] = OBJECT.sign) -> str:
    """A compact JWS of whatever these are."""
    data = f"{b64(header.encode())}.{b64(payload)}"
    return f"{data}.{b64(sign(data.encode()))}"


def _readable(body: bytes) -> Vector:
    """The body as a text, where a person could read it."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {}
    return {"body": text} if 0 < len(text) < 2_000 and text.isprintable() else {}


def _signatures() -> Iterator[tuple[str, str, str]]:
    body = _HONEST.body
    changed = b64(body.replace(b"0.1.0", b"0.1.9"))
    yield "a body changed after it was signed", _SIGNATURE, _HONEST.jws().replace(b64(body), changed)
    yield "a stranger's signature under our key's name", _SIGNATURE, jws_of(_HEADER, body, ROTATED.sign)
    other = _HEADER.replace(_KID, ROTATED.public.kid)
    yield "our signature under another key's name", "expected key .*, got", jws_of(other, body)
    yield "a signature of zeros", _SIGNATURE, jws_of(_HEADER, body, lambda _: bytes(64))
    short = jws_of(_HEADER, body, lambda data: OBJECT.sign(data)[:63])
    yield "a signature of 63 bytes", "signature of 64 bytes, got 63", short
    der = jws_of(_HEADER, body, lambda _: bytes.fromhex("3006020101020101"))
    yield "a signature in DER", "signature of 64 bytes, got 8", der


def _headers() -> Iterator[tuple[str, str, str]]:
    elsewhere = b64(_FIRST.entries[4].hash)
    key = encode(OBJECT.public.jwk()).decode()
    yield "the hash of another entry before it", "does not follow", _HEADER.replace(BEFORE, elsewhere)
    for what, header in (
        ("alg none", _HEADER.replace("ES256", "none")),
        ("alg HS256", _HEADER.replace("ES256", "HS256")),
        ("no alg", _HEADER.replace('"alg":"ES256",', "")),
        ("alg twice", _HEADER.replace('"alg"', '"alg":"none","alg"')),
        ("no prev", f'{{"alg":"ES256","kid":"{_KID}"}}'),
        ("one member more", _HEADER.replace("}", ',"typ":"JWT"}')),
        ("an extension that must be understood", _HEADER.replace("}", ',"crit":["b64"],"b64":true}')),
        ("a key of its own", _HEADER.replace("}", f',"jwk":{key}}}')),
        ("spaces in the header", _HEADER.replace(",", ", ")),
        ("another order in the header", f'{{"kid":"{_KID}","alg":"ES256","prev":"{BEFORE}"}}'),
        ("a prev of 31 bytes", _HEADER.replace(BEFORE, b64(_GENESIS.hash[:31]))),
        ("a prev with padding", _HEADER.replace(BEFORE, BEFORE + "=")),
        ("a prev in hexadecimal", _HEADER.replace(BEFORE, _GENESIS.hash.hex())),
    ):
        yield what, _NO_ENTRY, header


def _spellings() -> Iterator[tuple[str, str, str]]:
    honest = _HONEST.jws()
    head, body, sig = honest.split(".")
    spare = sig[:-1] + chr(ord(sig[-1]) + 1)
    plain = sig.replace("-", "+").replace("_", "/")
    assert plain != sig, "another signature is needed, one with - or _ in it"
    yield "two parts", _NO_ENTRY, f"{head}.{body}"
    yield "four parts", _NO_ENTRY, f"{honest}.{sig}"
    yield "padding", "base64url without padding", f"{honest}=="
    yield "the other base64", "expected base64url", f"{head}.{body}.{plain}"
    yield "spare bits that are set", "spare bits", f"{head}.{body}.{spare}"
    yield "a line end", "expected base64url", f"{honest}\n"
    yield "no JWS at all", _NO_ENTRY, ""
