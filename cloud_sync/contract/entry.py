"""One entry of a journal: a business fact, its place in the chain, and its signature.

An entry is an RFC 7515 JWS. Its protected header is exactly `{"alg":"ES256","kid":K,"prev":H}`, its payload
the body, and its hash the SHA-256 of its signing input; `prev` is the hash of the entry before, and the
SHA-256 of the epoch for the first. Bodies are signed and stored as the bytes that the encoder made: nobody
encodes them again.
"""

import re
from binascii import b2a_base64
from collections.abc import Iterable
from hashlib import sha256
from typing import Final, Literal

import msgspec

from cloud_sync.contract.encoding import Whole, b64, encode, unb64
from cloud_sync.contract.facts import Fact, Sale, check_balance
from cloud_sync.contract.signing import BadSignatureError, Signer, Verifier
from retail.pricing.book import Version
from retail.units import INTEGER_MAX

BODY_BYTES_MAX: Final = 32 * 1024
"""The longest body: 250 lines of a sale; more is not one basket."""


class Body(msgspec.Struct, frozen=True, gc=False):
    """What is signed: whose entry it is, where it stands, when it was written, and the fact.

    `wall_ms` never goes back from one entry to the next; `clock` says whether it can be believed. `mono_us`
    counts from the start of the machine and orders nothing across boots; only `seq` does.
    """

    dev: str
    epoch: str
    seq: Whole
    idem: str
    boot: str
    mono_us: Whole
    wall_ms: Whole
    clock: Literal["trusted", "untrusted"]
    fact: Fact


_BODY: Final = msgspec.json.Decoder(Body)


def decode_body(data: bytes) -> Body:
    """The body in `data`; raises ValueError (a msgspec.DecodeError is one) on bytes that are none of ours."""
    if len(data) > BODY_BYTES_MAX:
        raise ValueError(
            f"expected a body of at most {BODY_BYTES_MAX} bytes, got {len(data)}: split the sale"
        )
    try:
        return _BODY.decode(data)
    except RecursionError as error:
        raise ValueError("expected the body of an entry, got brackets without end") from error


def encode_body(body: Body) -> bytes:
    """The bytes of a body; raises ValueError if it is not balanced, too long, or could not be read again."""
    data = encode(body)
    check_body(data)  # a struct takes whatever it is made with: a float, None, a number past `Whole`
    return data


def check_body(data: bytes) -> Body:
    """The body in `data`, if it is balanced and to the byte what our encoder writes.

    Nobody can read two things into such bytes: no name stands in them twice, and none that we do not know.
    Raises ValueError.
    """
    body = decode_body(data)
    check_balance(body.fact)
    _check_version(body.fact)
    if (written := encode(body)) != data:
        at = _first_difference(written, data)
        raise ValueError(
            f"expected the bytes of our encoder, got others from byte {at} on: {data[at : at + 40]!r}"
        )
    return body


def _first_difference(one: bytes, other: bytes) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _check_version(fact: Fact) -> None:
    """Keep the numbers of a version to those of `Whole`: its type is the shop's, which knows no wire."""
    version = fact.prices if isinstance(fact, Sale) else getattr(fact, "version", None)
    if isinstance(version, Version) and max(abs(version.generation), abs(version.n)) > INTEGER_MAX:
        raise ValueError(f"expected numbers of at most {INTEGER_MAX}, got {version}")


class SignedEntry(msgspec.Struct, frozen=True):
    """An entry as it is stored: the body's bytes, the hash before it, its own, and the signature r || s."""

    seq: int
    kid: str
    prev: bytes
    body: bytes
    hash: bytes
    sig: bytes

    def jws(self) -> str:
        """The entry as a compact JWS, which any JOSE library verifies with the object's public key."""
        return f"{signing_input(self.kid, self.prev, self.body).decode('ascii')}.{b64(self.sig)}"


_HEADER: Final = re.compile(rb'\{"alg":"ES256","kid":"([\w-]{8})","prev":"([\w-]{43})"\}')


def first_prev(epoch: str) -> bytes:
    """What stands before the first entry of an epoch."""
    return sha256(epoch.encode()).digest()


def signing_input(kid: str, prev: bytes, body: bytes) -> bytes:
    """What an entry's signature and hash are made over."""
    header = f'{{"alg":"ES256","kid":"{kid}","prev":"{b64(prev)}"}}'
    return f"{b64(header.encode())}.{b64(body)}".encode("ascii")


def entry_hash(kid: str, prev: bytes, body: bytes) -> bytes:
    """The hash of an entry: the SHA-256 of its signing input."""
    return sha256(signing_input(kid, prev, body)).digest()


def entry_hashes(kid: str, prev: bytes, bodies: Iterable[bytes]) -> list[bytes]:
    """The hash of each of `bodies`, which follow one another after `prev`: `entry_hash` in a row, and faster.

    A hub spends most of its time here, so what stands in every header is written once: its first 39 bytes
    are 52 characters of base64, whatever follows.
    """
    begin = f'{{"alg":"ES256","kid":"{kid}","prev":"'.encode()
    whole = len(begin) // 3 * 3
    head, tail = _b64(begin[:whole]), begin[whole:]
    found = []
    for body in bodies:
        after = b2a_base64(prev, newline=False).translate(_TO_URL, b"=")
        prev = sha256(b"%b%b.%b" % (head, _b64(b'%b%b"}' % (tail, after)), _b64(body))).digest()
        found.append(prev)
    return found


_TO_URL: Final = bytes.maketrans(b"+/", b"-_")


def _b64(data: bytes) -> bytes:
    """In the base64 of JSON a plus or a slash is rare: to look for them is faster than to map every byte."""
    return b2a_base64(data, newline=False).rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_")


def sign_entry(signer: Signer, seq: int, prev: bytes, body: bytes) -> SignedEntry:
    """`body` (from `encode_body`) as the entry after the one with hash `prev`."""
    kid = signer.public.kid
    data = signing_input(kid, prev, body)
    return SignedEntry(seq, kid, prev, body, sha256(data).digest(), signer.sign(data))


def read_entry(jws: str) -> SignedEntry:
    """The entry in a compact JWS, not verified; raises ValueError unless its header is exactly an entry's."""
    parts = [unb64(part) for part in jws.split(".")]
    if len(parts) != 3 or not (header := _HEADER.fullmatch(parts[0])):
        raise ValueError(
            f"expected the compact JWS of an entry, got {len(parts)} parts from {parts[0][:120]!r} on"
        )
    kid, prev = header[1].decode(), unb64(header[2].decode())
    body, sig = parts[1:]
    return SignedEntry(decode_body(body).seq, kid, prev, body, entry_hash(kid, prev, body), sig)


def check_entry(entry: SignedEntry, verifier: Verifier) -> None:
    """Raise BadSignatureError or ValueError if the entry's key, hash or signature does not fit its bytes."""
    if entry.kid != verifier.kid:
        raise BadSignatureError(f"entry {entry.seq}: expected key {verifier.kid}, got {entry.kid}")
    data = signing_input(entry.kid, entry.prev, entry.body)
    if sha256(data).digest() != entry.hash:
        raise ValueError(f"entry {entry.seq}: its hash is not that of its bytes")
    verifier.check(data, entry.sig)
