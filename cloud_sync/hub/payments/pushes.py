"""What providers push: each is proven, and says no more than which attempt to look at.

Nothing else in a push is believed. Whoever sends one twice, late or out of order makes the hub look once more
at the provider's own books, and what these say is written down by the same rule as any other answer.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from cloud_sync.hub.payments.rsa import is_signed

ATTEMPT: Final = "opos_attempt"
"""The metadata of Stripe's objects that says whose they are."""

PUSH_BYTES_MAX: Final = 256 * 1024
"""The longest push: an event of Stripe's with all its objects is 30 KiB."""
# https://docs.stripe.com/webhooks: whoever replays an older one did not get it from Stripe.
_AGE_S_MAX: Final = 300


class ForgedError(ValueError):
    """A push that its provider did not sign, or too long ago."""


class Hint(msgspec.Struct, frozen=True):
    """Which attempt to look at: by its own id, or by the provider's number of it."""

    attempt: str = ""
    reference: str = ""


Reader = Callable[[bytes, Mapping[str, str]], Hint | None]
"""(body, headers in small letters) -> what to look at, None if it is about no payment; raises ForgedError."""


def stripe_reader(secrets: Sequence[str], clock_ms: Callable[[], int]) -> Reader:
    """Reads events that were signed with one of `secrets`: of two while they are changed."""

    def read(body: bytes, headers: Mapping[str, str]) -> Hint | None:
        check_stripe(secrets, body, headers.get("stripe-signature", ""), clock_ms() // 1000)
        return _of_event(body)

    return read


def check_stripe(secrets: Sequence[str], body: bytes, header: str, now_s: int) -> None:
    """Raise ForgedError unless `header` (Stripe-Signature) is of `body`, by one of `secrets`, and not old."""
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t" and value.isascii() and value.isdecimal()]
    if len(times) != 1 or abs(now_s - int(times[0][:12])) > _AGE_S_MAX:
        raise ForgedError(f"expected one time t within {_AGE_S_MAX} s, got {header[:40]!r}")
    signed = b"%b.%b" % (times[0].encode(), body)
    macs = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode() for secret in secrets]
    said = [value.encode() for name, _, value in parts if name == "v1"]
    if not any(hmac.compare_digest(mac, each) for mac in macs for each in said):
        raise ForgedError("expected a signature v1 by a secret of ours, got none")


class _Event(msgspec.Struct):
    type: str
    data: dict[str, Any]


def _of_event(body: bytes) -> Hint | None:
    try:
        event = msgspec.json.decode(body, type=_Event)
    except (ValueError, RecursionError):
        return None  # signed, and of a shape that we do not know: it is about no payment of ours
    thing = event.data.get("object")
    if not isinstance(thing, dict):
        return None
    if isinstance(metadata := thing.get("metadata"), dict) and isinstance(metadata.get(ATTEMPT), str):
        return Hint(attempt=metadata[ATTEMPT])
    action = thing.get("action")
    about = action.get("process_payment_intent") if isinstance(action, dict) else thing
    reference = about.get("payment_intent") if isinstance(about, dict) else None
    return Hint(reference=reference) if isinstance(reference, str) else None


def alipay_reader(key: RSAPublicKey, attempt_of: Callable[[str], str]) -> Reader:
    """Reads Alipay's notifications; `attempt_of` says whose attempt an order number is, or ''."""

    def read(body: bytes, _headers: Mapping[str, str]) -> Hint | None:
        try:
            said = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
        except ValueError as error:
            raise ForgedError(f"expected a signed form, got something else: {error}") from error
        signature = said.pop("sign", "")
        said.pop("sign_type", None)
        text = "&".join(f"{name}={said[name]}" for name in sorted(said) if said[name])
        if not is_signed(key, text, signature):
            raise ForgedError("expected a signature of Alipay's, got another one")
        attempt = attempt_of(said.get("out_trade_no", ""))
        return Hint(attempt=attempt) if attempt else None

    return read
