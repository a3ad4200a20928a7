"""BER-TLV as EMV uses it: tags of one or two bytes, lengths of one to three, templates that hold others.

EMV Book 3, annex B. What names a card is masked while it is parsed, so that no object ever holds it.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from retail.payment_codes.refusal import Refused

# Book 3, annex B1: the low five bits all set say that the tag goes on; bit 6 that it holds others.
_LONG: Final = 0x1F
_CONSTRUCTED: Final = 0x20

# The templates of the specification; wallets put tags into them that only look as if they held others.
_TEMPLATES: Final = frozenset({"61", "62", "63", "64"})

# A QR code of EMVCo holds 512 bytes at most, and its templates stand three deep.
_DEPTH_MAX: Final = 4

# Numbers of a card, digit by digit in half bytes: account, track 2, its discretionary data, expiry.
_IN_DIGITS: Final = frozenset({"5A", "57", "9F6B", "9F20", "5F24"})
# The same as characters: track 1, its discretionary data, the name of the holder.
_IN_CHARACTERS: Final = frozenset({"56", "9F1F", "5F20"})

# What a masked digit reads, as terminals write it; D parts the account from the expiry, F fills up.
_MASKED: Final = "E"
_KEPT: Final = 4


class Node(NamedTuple):
    """A tag in hexadecimal with its value, masked; or with the nodes that it holds."""

    tag: str
    value: bytes
    nodes: "tuple[Node, ...]" = ()


def split(data: bytes, depth: int = 0) -> tuple[Node, ...] | Refused:
    """The nodes of `data`."""
    if depth > _DEPTH_MAX:
        return Refused("template", f"expected templates {_DEPTH_MAX} deep at most")
    found, place = [], 0
    while place < len(data):
        end = place + (2 if data[place] & _LONG == _LONG else 1)
        tag = data[place:end].hex().upper()
        length, place = _length(data, end)
        value = data[place : place + length]
        if length < 0 or len(value) < length:
            return Refused(tag, f"expected {length} bytes, got {len(value)}" if length >= 0 else "no length")
        inside = split(value, depth + 1) if int(tag[:2], 16) & _CONSTRUCTED else ()
        if isinstance(inside, Refused):
            if tag in _TEMPLATES:
                return Refused(f"{tag}.{inside.field}", inside.reason)
            inside = ()
        found.append(Node(tag, b"" if inside else _masked(tag, value), inside))
        place += length
    return tuple(found)


def join(nodes: Iterable[Node]) -> bytes:
    """The bytes that `split` splits."""
    return b"".join(_written(node) for node in nodes)


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """Every node, those inside others too."""
    for node in nodes:
        yield node
        yield from walk(node.nodes)


def _length(data: bytes, place: int) -> tuple[int, int]:
    """The length at `place`, and where the value begins; -1 when there is none."""
    head = data[place] if place < len(data) else -1
    if 0 <= head < 0x80:
        return head, place + 1
    if head in {0x81, 0x82} and place + head - 0x80 < len(data):
        end = place + 1 + head - 0x80
        return int.from_bytes(data[place + 1 : end], "big"), end
    return -1, place


def _written(node: Node) -> bytes:
    value = join(node.nodes) if node.nodes else node.value
    size = len(value)
    length = size.to_bytes(1, "big") if size < 0x80 else _long(size)
    return bytes.fromhex(node.tag) + length + value


def _long(size: int) -> bytes:
    count = (size.bit_length() + 7) // 8
    return (0x80 + count).to_bytes(1, "big") + size.to_bytes(count, "big")


def _masked(tag: str, value: bytes) -> bytes:
    if tag in _IN_CHARACTERS:
        return b"*" * len(value)
    if tag not in _IN_DIGITS:
        return value
    account, parting, rest = value.hex().upper().partition("D")
    hidden = _hidden(account, _KEPT if tag in {"5A", "57"} else 0)
    return bytes.fromhex(hidden + parting + _hidden(rest, 0))


def _hidden(digits: str, kept: int) -> str:
    """All but the last `kept` digits masked; what fills up stays, so that the length is as it was."""
    bare = digits.rstrip("F")
    shown = bare[len(bare) - kept :] if kept and len(bare) > kept else ""
    return _MASKED * (len(bare) - len(shown)) + shown + digits[len(bare) :]
