"""A second reader of the contract, written from docs/contract.md: it imports nothing of ours.

Signatures are joserfc's, hashes hashlib's, JSON the standard library's.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter

WHOLE_MAX: Final = 2**53 - 1
BODY_BYTES_MAX: Final = 32 * 1024

# The members of each thing, in their order. A name in brackets stands for a list, one with ? may be null,
# and one with | may be left out.
SHAPES: Final = {
    "body": "dev:text epoch:text seq:whole idem:text boot:text mono_us:whole wall_ms:whole clock:clock"
    " fact:fact",
    "genesis": "kind:text key:key tier:tier",
    "payment.intent": "kind:text sale:text attempt:text provider:text amount_minor:whole currency:text"
    " fence:text| draft:sale|",
    "payment.closed": "kind:text sale:text attempt:text provider:text outcome:closing amount_minor:whole"
    " currency:text reference:text reason:text postings:[posting] refund:text|",
    "refund": "kind:text refund:text sale:text attempt:text provider:text number:text business_date:text"
    " language:text currency:text total_minor:whole lines:[line] taxes:[tax] postings:[posting] moves:[move]"
    " reason:text",
    "operator": "kind:text staff:text act:text about:text",
    "close": "kind:text provider:text business_date:text outcome:ended currency:text own:handed told:handed|"
    " reason:text",
    "handed": "count:whole amount_minor:whole",
    "paid": "attempt:text provider:text amount_minor:whole reference:text stored:flag| card:text|",
    "boot": "kind:text version:text",
    "checkpoint": "kind:text key:key states:[state]",
    "sale": "kind:text sale:text number:text business_date:text language:text currency:text total_minor:whole"
    " tender:text prices:version lines:[line] taxes:[tax] postings:[posting] moves:[move] fiscal:text?"
    " payments:[paid]| promotions:version| basis:basis|",
    "basis": "at_ms:whole clock:doubted| level:text| packs:[pack]| coupons:[coupon]| leases:[lease]|",
    "pack": "line:whole weight_mg:whole|",
    "coupon": "id:text promotion:text",
    "lease": "promotion:text uses:whole",
    "stock.move": "kind:text transfer:text moves:[move] epcs:[text]",
    "document.applied": "kind:text name:text version:version sha256:text",
    "key.rotated": "kind:text key:key tier:tier",
    "fork": "kind:text epoch:text was:head hub:head reason:reason",
    "key": "x:text y:text",
    "head": "seq:whole hash:text",
    "state": "name:text version:whole sha256:text",
    "version": "generation:whole n:whole",
    "line": "gtin:text name:text units:whole price_minor:whole total_minor:whole tax:text epcs:[text]"
    " discounts:[discount]|",
    "discount": "promotion:text amount_minor:whole words:text|",
    "tax": "tax:text rate_bp:whole gross_minor:whole tax_minor:whole",
    "posting": "account:text amount_minor:whole currency:text",
    "move": "gtin:text giver:text taker:text units:whole",
    "receipt": "dev:text epoch:text seq:whole hash:text generation:whole safe:whole at_ms:whole",
}
_PLAIN: Final[dict[str, type]] = {"text": str, "whole": int, "flag": bool}
CHOICES: Final = {
    "closing": ("captured", "declined", "cancelled", "refund-due", "refunded", "person"),
    "ended": ("closed", "open"),
    "clock": ("trusted", "untrusted"),
    "doubted": ("untrusted",),
    "tier": ("file", "sealed-file", "tpm", "secure-element"),
    "reason": ("behind-the-hub", "another-history", "behind-the-witness", "damaged"),
}
KINDS: Final = frozenset(
    [
        "genesis",
        "boot",
        "checkpoint",
        "payment.intent",
        "sale",
        "stock.move",
        "document.applied",
        "key.rotated",
        "payment.closed",
        "refund",
        "operator",
        "close",
        "fork",
    ]
)
_ENTRIES: Final = jws.JWSRegistry(
    header_registry={"prev": HeaderParameter("hash of the entry before", "str", required=True)},
    algorithms=["ES256"],
)
_WORDS: Final = jws.JWSRegistry(algorithms=["ES256"])


class RefusedError(Exception):
    """Something that the contract does not allow."""


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def hash_of(compact: str) -> str:
    """The hash of an entry: the SHA-256 of its JWS signing input, base64url."""
    return b64(hashlib.sha256(compact.rpartition(".")[0].encode()).digest())


def is_signed(data: bytes, signature: bytes, key: Mapping[str, str]) -> bool:
    """Whether `signature` (r || s) is that of `key` over `data`."""
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    public = ECKey.import_key({**key}).public_key
    try:
        public.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def entry(compact: str, key: Mapping[str, str], prev: str) -> dict[str, Any]:
    """The body of an entry that `key` signed and that follows the one with the hash `prev`."""
    header = f'{{"alg":"ES256","kid":"{key["kid"]}","prev":"{prev}"}}'
    if not compact.startswith(b64(header.encode()) + "."):
        raise RefusedError("its header is not that of the entry that follows")
    payload = _verified(compact, key, _ENTRIES)
    tree: dict[str, Any] = canonical(payload)
    _check_shape(tree, "body")
    _check_balance(tree["fact"])
    return tree


def receipt(compact: str, key: Mapping[str, str]) -> dict[str, Any]:
    """The receipt that the hub with `key` has sealed."""
    tree = word(compact, key, "opos-receipt")
    for member, wanted in _members("receipt").items():
        _check_shape(tree.get(member), wanted)
    return tree


def word(compact: str, key: Mapping[str, str], typ: str) -> dict[str, Any]:
    """The payload of what a hub or a root has sealed; there may be more in it than we know."""
    header = f'{{"alg":"ES256","kid":"{key["kid"]}","typ":"{typ}"}}'
    if not compact.startswith(b64(header.encode()) + "."):
        raise RefusedError("its header is not that of such a word")
    tree: dict[str, Any] = _json(_verified(compact, key, _WORDS))
    return tree


def _verified(compact: str, key: Mapping[str, str], registry: jws.JWSRegistry) -> bytes:
    try:
        opened = jws.deserialize_compact(compact, ECKey.import_key({**key}), registry=registry)
    except (JoseError, ValueError) as error:
        raise RefusedError(f"joserfc: {error}") from error
    if ".".join(b64(base64.urlsafe_b64decode(part + "==")) for part in compact.split(".")) != compact:
        raise RefusedError("base64url is written in one way only")
    return opened.payload


def canonical(data: bytes) -> Any:
    """JSON that was written in the one way: no spaces, nothing escaped that need not be, no name twice."""
    if len(data) > BODY_BYTES_MAX:
        raise RefusedError("it is too long")
    tree = _json(data)
    if json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") != data:
        raise RefusedError("it is written in another way")
    return tree


def _json(data: bytes) -> Any:
    try:
        return json.loads(data.decode(), parse_float=_no_float, parse_int=_whole, parse_constant=_no_float)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"it is no JSON: {error}") from error


def _no_float(text: str) -> NoReturn:
    raise RefusedError(f"{text} is no whole number")


def _whole(text: str) -> int:
    if abs(int(text)) > WHOLE_MAX:
        raise RefusedError(f"{text} is not the same number in every language")
    return int(text)


def _check_shape(value: Any, name: str) -> None:
    if name.endswith("?"):
        if value is not None:
            _check_shape(value, name[:-1])
    elif name.startswith("["):
        _check_type(value, list, name)
        for each in value:
            _check_shape(each, name[1:-1])
    elif name in CHOICES:
        if value not in CHOICES[name]:
            raise RefusedError(f"expected one of {CHOICES[name]}, got {value!r}")
    elif name in _PLAIN:
        _check_type(value, _PLAIN[name], name)
    else:
        _check_members(value, name)


def _check_members(value: Any, name: str) -> None:
    _check_type(value, dict, name)
    if name == "fact":
        name = value.get("kind")
        if name not in KINDS:
            raise RefusedError(f"no fact is called {name}")
    shape = {
        member: wanted.rstrip("|")
        for member, wanted in _members(name).items()
        if member in value or not wanted.endswith("|")
    }
    if list(value) != list(shape):
        raise RefusedError(f"expected the members {list(shape)}, got {list(value)}")
    for member, wanted in shape.items():
        _check_shape(value[member], wanted)


def _members(name: str) -> dict[str, str]:
    return dict(member.split(":") for member in SHAPES[name].split())


def _check_type(value: Any, wanted: type, name: str) -> None:
    if type(value) is not wanted:
        raise RefusedError(f"expected {name}, got {value!r}")


def _check_balance(fact: Mapping[str, Any]) -> None:
    sums: dict[str, int] = {}
    for posting in fact.get("postings", ()):
        sums[posting["currency"]] = sums.get(posting["currency"], 0) + posting["amount_minor"]
    if any(sums.values()):
        raise RefusedError(f"postings sum to {sums}")
    if "draft" in fact:
        _check_balance(fact["draft"])
    if any(move["units"] <= 0 or move["giver"] == move["taker"] for move in fact.get("moves", ())):
        raise RefusedError("a move that moves nothing")
