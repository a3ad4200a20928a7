"""Receipts that nobody may accept, or what claims to be one."""

from collections.abc import Iterator
from typing import Final

from cloud_sync.contract.encoding import b64, encode
from cloud_sync.contract.receipt import RECEIPT_TYPE
from tests.contract.vectors import story
from tests.contract.vectors.golden import Vector
from tests.contract.vectors.keys import HUB, OBJECT
from tests.contract.vectors.wrong_entries import jws_of

_KID: Final = HUB.public.kid
_HEADER: Final = f'{{"alg":"ES256","kid":"{_KID}","typ":"{RECEIPT_TYPE}"}}'
_PAYLOAD: Final = encode(story.receipt(story.first_journal()))
_ONLY: Final = "expected a header of alg, kid and typ alone"
_SIGNATURE: Final = "signature is not that of key"


def wrong_words() -> Iterator[Vector]:
    """All of them: compact JWS that claim to be a receipt of the hub."""
    for what, reason, header in _headers():
        yield {"what": what, "reason": reason, "header": header, "jws": jws_of(header, _PAYLOAD, HUB.sign)}
    for what, reason, payload in _payloads():
        yield {"what": what, "reason": reason, "jws": jws_of(_HEADER, payload, HUB.sign)}
    yield {
        "what": "an object's signature",
        "reason": _SIGNATURE,
        "jws": jws_of(_HEADER, _PAYLOAD, OBJECT.sign),
    }
    more = b64(_PAYLOAD.replace(b'"safe":7', b'"safe":9'))
    touched = jws_of(_HEADER, _PAYLOAD, HUB.sign).replace(b64(_PAYLOAD), more)
    yield {"what": "more that is safe than was signed for", "reason": _SIGNATURE, "jws": touched}


def _headers() -> Iterator[tuple[str, str, str]]:
    yield "alg none", "got 'none'", _HEADER.replace("ES256", "none")
    yield "alg HS256", "got 'HS256'", _HEADER.replace("ES256", "HS256")
    yield (
        "a manifest's type",
        "got 'ES256' and 'opos-manifest'",
        _HEADER.replace(RECEIPT_TYPE, "opos-manifest"),
    )
    yield "no type", "missing required field `typ`", f'{{"alg":"ES256","kid":"{_KID}"}}'
    yield "one member more", _ONLY, _HEADER.replace("}", ',"cty":"JSON"}')
    yield "an extension that must be understood", _ONLY, _HEADER.replace("}", ',"crit":["b64"],"b64":true}')
    yield "spaces", _ONLY, _HEADER.replace(",", ", ")
    yield "another order", _ONLY, f'{{"kid":"{_KID}","alg":"ES256","typ":"{RECEIPT_TYPE}"}}'
    yield "an object's key", "nobody we trust owns key", _HEADER.replace(_KID, OBJECT.public.kid)


def _payloads() -> Iterator[tuple[str, str, bytes]]:
    for what, reason, seq in (
        ("a seq that is a text", "Expected `int`, got `str`", b'"10"'),
        ("a seq that is a float", "Expected `int`, got `float`", b"10.5"),
        ("a seq past 2^53 - 1", "<= 9007199254740991", b"9007199254740992"),
    ):
        yield what, reason, _PAYLOAD.replace(b'"seq":10', b'"seq":' + seq)
    yield "no receipt", "missing required field `dev`", b"{}"
    yield "brackets without end", "brackets without end|truncated", b'{"x":' + b"[" * 1_100
