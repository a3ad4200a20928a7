"""How an attacker bends bytes: flips, cuts, splices, sizes, bombs. Luck decides, so a seed plays it again."""

import base64
import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import zstandard

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.topics import PAYLOAD_BYTES_MAX

_EDGES: Final = (0x00, 0x01, 0x7F, 0x80, 0xC6, 0xDD, 0xFF)
"""Bytes at which formats change their minds: ends of text, signs, lengths of msgpack."""

_DEEP: Final = 20_000
"""Deeper than any interpreter follows."""

TEXTS: Final = (
    "",
    "x" * 5_000,
    "\u202egnp",
    "../../etc",
    "'; DROP TABLE entry; --",
    "<b>",
    "🦆" * 40,
    "\n\r\t",
)
"""Texts that a name is not."""

NASTY: Final[tuple[Any, ...]] = (
    *TEXTS,
    None,
    True,
    -1,
    2**53,
    2**63,
    -(2**64),
    10**40,
    1.5,
    [],
    {},
    [[]] * 50,
)
"""Values that a field is not."""

Bend = Callable[[bytearray, random.Random], None]


def _flip(data: bytearray, luck: random.Random) -> None:
    if data:
        data[luck.randrange(len(data))] ^= 1 << luck.randrange(8)


def _stamp(data: bytearray, luck: random.Random) -> None:
    if data:
        data[luck.randrange(len(data))] = luck.choice(_EDGES)


def _cut(data: bytearray, luck: random.Random) -> None:
    del data[luck.randint(0, len(data)) :]


def _behead(data: bytearray, luck: random.Random) -> None:
    del data[: luck.randint(0, len(data))]


def _drop(data: bytearray, luck: random.Random) -> None:
    at = luck.randint(0, len(data))
    del data[at : at + luck.randint(1, 40)]


def _repeat(data: bytearray, luck: random.Random) -> None:
    at = luck.randint(0, len(data))
    data[at:at] = data[at : at + luck.randint(1, 200)] * luck.randint(1, 20)


def _insert(data: bytearray, luck: random.Random) -> None:
    at = luck.randint(0, len(data))
    data[at:at] = bytes(luck.randrange(256) for _ in range(luck.randint(1, 8)))


def _swap(data: bytearray, luck: random.Random) -> None:
    first, second, third = sorted(luck.randint(0, len(data)) for _ in range(3))
    data[first:third] = data[second:third] + data[first:second]


def _swell(data: bytearray, luck: random.Random) -> None:
    data += bytes([luck.choice(_EDGES)]) * luck.choice((1, 4_096, PAYLOAD_BYTES_MAX, 2 * PAYLOAD_BYTES_MAX))


_BENDS: Final[Sequence[Bend]] = (_flip, _flip, _stamp, _cut, _behead, _drop, _repeat, _insert, _swap, _swell)


def bent(honest: bytes, luck: random.Random) -> bytes:
    """`honest` after one to three bends of any format."""
    data = bytearray(honest)
    for _ in range(luck.randint(1, 3)):
        luck.choice(_BENDS)(data, luck)
    return bytes(data)


def _bombs() -> tuple[bytes, ...]:
    """Frames of zstd that are small and become large: with their size, without it, one in another, many."""
    zeros = bytes(64 << 20)
    sized = zstandard.ZstdCompressor(level=1).compress(zeros)
    unsized = zstandard.ZstdCompressor(level=1, write_content_size=False).compress(zeros)
    small = zstandard.ZstdCompressor().compress(bytes(1_000))
    deep = zstandard.ZstdCompressor().compress(b"\x91" * _DEEP + b"\x90")
    return sized, unsized, zstandard.ZstdCompressor().compress(sized), small * 3, deep


BOMBS: Final = _bombs()


def _lies() -> tuple[bytes, ...]:
    """Values of msgpack that promise more than follows: an array, a map, bytes, a text, an extension."""
    return tuple(
        bytes.fromhex(each)
        for each in ("ddffffffff", "dfffffffff", "c6ffffffff", "dbffffffff", "c9ffffffff01")
    )


LIES: Final = _lies()


def bent_frame(honest: bytes, luck: random.Random) -> bytes:
    """A batch whose parts change places, lie about themselves, or are something else."""
    header, payload, signature = msgspec.msgpack.decode(honest)
    fields = msgspec.msgpack.decode(header)
    fields[luck.randrange(len(fields))] = luck.choice([*NASTY[:-6], b"", bytes(31), 0, 2**60])
    strange: list[Any] = [
        [payload, header, signature],
        [header, signature, payload],
        [msgspec.msgpack.encode(fields), payload, signature],
        [header, luck.choice(BOMBS), signature],
        [header, payload, signature[: luck.randint(0, 64)]],
        [header, payload, bytes(64)],
        [header, payload, signature, signature],
        [header, payload],
        [luck.choice(LIES), payload, signature],
        [header + header, payload, signature],
        {"header": header},
    ]
    return msgspec.msgpack.encode(luck.choice(strange)) + luck.choice((b"", b"", b"\x00"))


def bent_jws(honest: bytes, luck: random.Random) -> bytes:
    """A sealed word with another header, another payload, or its parts elsewhere."""
    head, body, signature = honest.decode("ascii").split(".")
    nested = b64(b'{"x":' + b"[" * _DEEP)
    strange: tuple[tuple[str, ...], ...] = (
        (b64(luck.choice(_headers(head))), body, signature),
        (b64(luck.choice(_headers(head))), body, ""),
        (nested, body, signature),
        (head, nested, signature),
        (head, body, b64(bytes(64))),
        (body, head, signature),
        (head, body),
        (head, body, signature, signature),
        (head + "=", body, signature),
        (head, body, signature[:-1] + luck.choice("AQgw".replace(signature[-1], ""))),
        ("", "", ""),
        ("é", body, signature),
    )
    return ".".join(luck.choice(strange)).encode()


def _headers(head: str) -> list[bytes]:
    """Headers that name the right key, and are not that of an honest word."""
    honest: dict[str, Any] = msgspec.json.decode(_unpadded(head))
    changes: tuple[Mapping[str, Any], ...] = (
        {"alg": "none"},
        {"alg": "HS256"},
        {"typ": "opos-receipt"},
        {"typ": "opos-manifest"},
        {"kid": "x" * 3_000},
        {"kid": ""},
        {"crit": ["exp"]},
        {"jwk": {"kty": "EC"}},
        *({"alg": text} for text in TEXTS),
    )
    spaced = msgspec.json.format(msgspec.json.encode(honest))
    return [spaced, b"[]", b"null", b"\xff", *(msgspec.json.encode({**honest, **each}) for each in changes)]


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def bent_json(honest: bytes, luck: random.Random) -> bytes:
    """An object of JSON with a member changed, gone, or nested without end."""
    word: dict[str, Any] = msgspec.json.decode(honest)
    name = luck.choice(sorted(word))
    kind = luck.randrange(4)
    if kind == 0:
        del word[name]
    elif kind == 1:
        return honest[:-1] + b',"more":' + b"[" * _DEEP
    elif kind == 2:
        return honest[:-1] + b',"' + name.encode() + b'":1e400}'
    else:
        word[name] = luck.choice(NASTY)
    return json.dumps(word).encode()  # msgspec writes no number that is longer than 64 bits
