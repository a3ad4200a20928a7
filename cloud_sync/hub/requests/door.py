"""The door of the request lane: a question is let in if it is its object's own, sealed by its present key.

Keys change: an object may sign by its new one while the entry that names it is still on its way, or a
question under the old one was held up. Neither is answered, and the object asks again; neither is an alarm,
unless no such entry has come when the grace is over.
"""

import logging
from collections.abc import Callable
from typing import Final

import msgspec

from cloud_sync.contract.encoding import encode, unb64
from cloud_sync.contract.requests import REQUEST_BYTES_MAX, REQUEST_TYPE, Request
from cloud_sync.contract.signing import BadSignatureError, unseal
from cloud_sync.contract.topics import Address
from cloud_sync.hub.identity.renewal import is_revoked
from cloud_sync.hub.ingest.opening import RefusedError, count, speaker
from cloud_sync.hub.objects import KnownObject, Ring, rings_of, verifier
from cloud_sync.hub.requests.strangers import GRACE_MS, Strangers
from cloud_sync.hub.store.database import Store

_log = logging.getLogger(__name__)

# How JSON writes the one character that no text in PostgreSQL may have.
_NUL: Final = rb"\u0000"

# The first 8 characters of a thumbprint: what is longer or shorter names no key.
_KID_CHARS: Final = 8


class Asked(msgspec.Struct, frozen=True):
    """A question that is true, and where its object stands."""

    address: Address
    request: Request


class _Header(msgspec.Struct, frozen=True):
    kid: str


class Door:
    """Lets questions in. Threads may share it."""

    def __init__(self, store: Store, clock_ms: Callable[[], int]) -> None:
        self._store, self._clock_ms = store, clock_ms
        self._strangers = Strangers()

    def opened(self, topic: str, payload: bytes) -> Asked | None:
        """The question in `payload`; None if its key may be about to change. Raises RefusedError."""
        known = speaker(self._store, topic)
        name = known.address.object
        text = _text(name, payload)
        if (kid := _kid_of(text)) != known.key.kid and self._may_change(name, kid):
            _log.info("%s asks under key %s, which is not its key now: it will ask again", name, kid)
            return None
        request = _unsealed(known, text)
        with self._store.reading() as connection:
            if is_revoked(connection, name):
                raise RefusedError("revoked", name, f"{name}: it was put out, and still asks for something")
        return Asked(known.address, request)

    def settle(self) -> None:
        """Count those that came under a key of which no entry has told since."""
        now_ms = self._clock_ms()
        for name, kid in self._strangers.overdue(now_ms):
            if kid not in self._kids(name):
                count(self._store, _forged(name, kid), now_ms)

    def _may_change(self, name: str, kid: str) -> bool:
        """Whether a question under `kid` can be honest; raises RefusedError for a key that was given up."""
        if len(kid) != _KID_CHARS:
            return False
        now_ms = self._clock_ms()
        if kid not in self._kids(name):
            if not self._strangers.meet(name, kid, now_ms):
                raise _forged(name, kid)
            return True
        if now_ms - self._since_ms(name) > GRACE_MS:
            raise RefusedError("stale-key", name, f"{name}: asks under key {kid}, which it has given up")
        return True

    def _kids(self, name: str) -> set[str]:
        ring = self._ring(name)
        return {key.kid for key in ring.keys} if ring else set()

    def _since_ms(self, name: str) -> int:
        """Since when the object has its present key, as the hub knows it."""
        ring = self._ring(name)
        assert ring is not None, "who speaks was admitted with a key"
        return max(key.since_ms for key in ring.keys if key.kid == ring.current)

    def _ring(self, name: str) -> Ring | None:
        with self._store.reading() as connection:
            return rings_of(connection, [name]).get(name)


def _text(name: str, payload: bytes) -> str:
    if len(payload) > REQUEST_BYTES_MAX:
        raise RefusedError("request", name, f"{name}: a question of {len(payload)} bytes is none of ours")
    try:
        return payload.decode("ascii")
    except UnicodeDecodeError as error:
        raise _no_question(name, error) from error


def _kid_of(text: str) -> str:
    """The key that a JWS says it is signed by; '' if it says none."""
    try:
        return msgspec.json.decode(unb64(text.partition(".")[0]), type=_Header).kid
    except (ValueError, RecursionError):
        return ""


def _unsealed(known: KnownObject, text: str) -> Request:
    name, key = known.address.object, verifier(known.key)
    try:
        request = unseal(text, REQUEST_TYPE, {key.kid: key}, Request)
    except BadSignatureError as error:
        raise RefusedError("signature", name, f"{name}: a question on its request lane: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _no_question(name, error) from error
    if request.dev != name:
        sentence = f"{name}: a question of {request.dev[:80]!r} came on its request lane"
        raise RefusedError("place", name, sentence)
    if _NUL in encode(request.ask):
        raise RefusedError("request", name, f"{name}: expected a question that can be written down")
    return request


def _no_question(name: str, error: msgspec.DecodeError | UnicodeDecodeError) -> RefusedError:
    return RefusedError("request", name, f"{name}: expected a question, got something else: {error}")


def _forged(name: str, kid: str) -> RefusedError:
    return RefusedError("signature", name, f"{name}: somebody asks under key {kid}, which it never had")
