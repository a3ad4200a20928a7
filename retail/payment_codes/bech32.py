"""Bech32 and bech32m: words of five bits as letters, with a checksum; addresses and invoices are written so.

BIP-173 and BIP-350; without the limit of 90 characters, which BOLT 11 lifts.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from retail.payment_codes.refusal import Refused, shown

_LETTERS: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_WORDS: Final = {letter: number for number, letter in enumerate(_LETTERS)}
_GENERATORS: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_WORDS: Final = 6

PLAIN: Final = 1
"""What the checksum of bech32 comes to."""
MODIFIED: Final = 0x2BC830A3
"""What the checksum of bech32m comes to."""

# A QR code in alphanumeric mode holds 4296 characters at most (ISO/IEC 18004, version 40-L).
CHARACTERS_MAX: Final = 4296


class Bech32(NamedTuple):
    """The part for people, the words of five bits, and which of the two checksums was right."""

    prefix: str
    words: bytes
    kind: int


def read(text: str) -> Bech32 | Refused:
    """The parts of `text`, all in small letters."""
    wrong = _unreadable(text)
    if wrong is not None:
        return Refused("bech32", wrong)
    prefix, _, data = text.lower().rpartition("1")
    words = bytes(_WORDS[letter] for letter in data)
    kind = _remainder(prefix, words)
    if len(words) < _CHECKSUM_WORDS or kind not in {PLAIN, MODIFIED}:
        return Refused("checksum", "expected six letters of checksum that are right")
    return Bech32(prefix, words[:-_CHECKSUM_WORDS], kind)


def write(prefix: str, words: bytes, kind: int = PLAIN) -> str:
    """The text that `read` reads back."""
    rest = _remainder(prefix, words + bytes(_CHECKSUM_WORDS)) ^ kind
    checksum = (rest >> 5 * (_CHECKSUM_WORDS - 1 - at) & 31 for at in range(_CHECKSUM_WORDS))
    return f"{prefix}1{''.join(_LETTERS[word] for word in (*words, *checksum))}"


def number(words: Iterable[int]) -> int:
    """Words as one number, the first the highest."""
    value = 0
    for word in words:
        value = value << 5 | word
    return value


def to_bytes(words: bytes) -> bytes:
    """The whole bytes in `words`; up to seven bits that fill up are dropped."""
    bits = 5 * len(words)
    return (number(words) >> bits % 8).to_bytes(bits // 8, "big")


def to_words(data: bytes) -> bytes:
    """Bytes as words, filled up with zeros."""
    count = -(-8 * len(data) // 5)
    value = int.from_bytes(data, "big") << (5 * count - 8 * len(data))
    return number_words(value, count)


def number_words(value: int, count: int) -> bytes:
    """A number as exactly `count` words."""
    assert value >> 5 * count == 0, f"{value} does not fit {count} words"
    return bytes(value >> 5 * (count - 1 - at) & 31 for at in range(count))


def _unreadable(text: str) -> str | None:
    if len(text) > CHARACTERS_MAX:
        return f"expected at most {CHARACTERS_MAX} characters, got {len(text)}"
    if text not in {text.lower(), text.upper()}:
        return "expected small letters or capitals, got both"
    prefix, _, data = text.lower().rpartition("1")
    if not prefix:
        return f"expected a prefix and then 1, got {shown(text)}"
    if not all("!" <= letter <= "~" for letter in prefix):
        return "expected printable ASCII before the 1"
    wrong = next((letter for letter in data if letter not in _WORDS), None)
    return None if wrong is None else f"expected letters of {_LETTERS}, got {wrong!r}"


def _remainder(prefix: str, words: bytes) -> int:
    rest = 1
    for word in (*(ord(each) >> 5 for each in prefix), 0, *(ord(each) & 31 for each in prefix), *words):
        top = rest >> 25
        rest = (rest & 0x1FFFFFF) << 5 ^ word
        for bit, generator in enumerate(_GENERATORS):
            rest ^= generator if top >> bit & 1 else 0
    return rest
