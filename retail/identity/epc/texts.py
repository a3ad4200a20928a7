"""Texts of a length that they say themselves: six ways to write characters, and whole numbers of digits.

Source: GS1 EPC Tag Data Standard 2.3, sections 14.5.5 (delimited or terminated numeric), 14.5.6
(variable-length alphanumeric, tables B and E) and 14.5.13 (numeric without an encoding indicator).
"""

from itertools import takewhile
from typing import Final

from retail.identity.epc.alphabets import BASE_64, CODE_40, DIGITS, GS1_82, LOWER_HEX, UPPER_HEX
from retail.identity.epc.bits import BitReader, BitWriter
from retail.identity.epc.code40 import read_code_40, write_code_40
from retail.identity.epc.identity import EpcError

# Table B goes to 90; no component of a key has more than 30 characters.
_NUMBER_BITS: Final = tuple(int("9" * digits or "0").bit_length() for digits in range(31))
"""Bits that a number of so many digits takes: as few as hold it."""

# A company prefix has 4 to 12 digits, and a key begins with one.
_PREFIX_MIN: Final = 4

_DELIMITER: Final = 0xE  # other characters follow the digits
_TERMINATOR: Final = 0xF  # nothing follows the digits

_INTEGER, _CODE_40 = 0, 5
_PLAIN: Final = {
    1: (4, UPPER_HEX), 2: (4, LOWER_HEX), 3: (6, BASE_64), 4: (7, GS1_82 + "#"),
}  # fmt: skip
"""Encoding indicator -> bits a character, and the characters: by place, but those of 7 bits are ASCII."""
_ALPHABETS: Final = {
    _INTEGER: frozenset(DIGITS),
    **{indicator: frozenset(characters) for indicator, (_, characters) in _PLAIN.items()},
    _CODE_40: frozenset(CODE_40[1:]),
}
"""Encoding indicator -> all that it can write."""


def read_text(reader: BitReader, characters_max: int) -> str:
    """A text with its encoding indicator in 3 bits and its length in 5."""
    indicator, count = reader.take(3), reader.take(5)
    if not 1 <= count <= characters_max:
        raise EpcError(f"expected 1 to {characters_max} characters, got {count}")
    if indicator == _INTEGER:
        return _digits(reader, count)
    if indicator == _CODE_40:
        return read_code_40(reader, count)
    if indicator not in _PLAIN:
        raise EpcError(f"expected an encoding indicator 0 to 5, got {indicator}")
    bits, characters = _PLAIN[indicator]
    value, mask = reader.take(bits * count), (1 << bits) - 1
    codes = [value >> shift & mask for shift in range(bits * (count - 1), -1, -bits)]
    if bits != 7:
        return "".join([characters[code] for code in codes])
    text = bytes(codes).decode("ascii")
    if not _ALPHABETS[indicator].issuperset(text):
        raise EpcError(f"expected characters of GS1, got {text!r}")
    return text


def write_text(text: str, characters_max: int, writer: BitWriter) -> None:
    """Append `text` in the encoding that takes the fewest bits, the first of those that take as many."""
    if not 1 <= len(text) <= characters_max:
        raise EpcError(f"expected 1 to {characters_max} characters, got {text!r}")
    fitting = [indicator for indicator, characters in _ALPHABETS.items() if characters.issuperset(text)]
    if not fitting:
        raise EpcError(f"expected characters of GS1, got {text!r}")
    indicator = min(fitting, key=lambda each: _bits(each, len(text)))
    writer.put(indicator, 3)
    writer.put(len(text), 5)
    if indicator == _INTEGER:
        writer.put(int(text), _NUMBER_BITS[len(text)])
    elif indicator == _CODE_40:
        write_code_40(text, writer)
    else:
        bits, characters = _PLAIN[indicator]
        for character in text:
            writer.put(ord(character) if bits == 7 else characters.index(character), bits)


def read_number(reader: BitReader, digits_max: int) -> str:
    """Digits, zeros in front kept, with their count in 4 bits."""
    count = reader.take(4)
    if not 1 <= count <= digits_max:
        raise EpcError(f"expected 1 to {digits_max} digits, got {count}")
    return _digits(reader, count)


def write_number(text: str, digits_max: int, writer: BitWriter) -> None:
    """Append the digits `text` with their count in 4 bits."""
    if not 1 <= len(text) <= digits_max or not set(DIGITS).issuperset(text):
        raise EpcError(f"expected 1 to {digits_max} digits, got {text!r}")
    writer.put(len(text), 4)
    writer.put(int(text), _NUMBER_BITS[len(text)])


def read_digits(reader: BitReader, count: int) -> str:
    """`count` digits of 4 bits each, so that a reader in the field can select by them."""
    value = reader.take(4 * count)
    text = f"{value:0{count}x}"
    if not text.isdigit():
        raise EpcError(f"expected {count} digits of 4 bits, got {text.upper()}")
    return text


def read_key(reader: BitReader, characters_max: int) -> str:
    """Digits of 4 bits each up to a terminator, or up to a delimiter that other characters follow."""
    digits: list[str] = []
    while (code := reader.take(4)) < 10 and len(digits) < characters_max:
        digits.append(str(code))
    head = "".join(digits)
    if code not in {_TERMINATOR, _DELIMITER}:
        raise EpcError(f"expected at most {characters_max} digits and then E or F, got {head}{code:X}")
    tail = read_text(reader, characters_max - len(head)) if code == _DELIMITER else ""
    if tail[:1].isdigit():
        raise EpcError(f"expected all leading digits before the delimiter, got {tail!r} after it")
    return _led(head + tail, characters_max)


def write_key(text: str, characters_max: int, writer: BitWriter) -> None:
    """Append a key: its leading digits, and what follows them."""
    _led(text, characters_max)
    head = "".join(takewhile(DIGITS.__contains__, text))
    write_digits(head, writer)
    writer.put(_DELIMITER if len(head) < len(text) else _TERMINATOR, 4)
    if len(head) < len(text):
        write_text(text[len(head) :], characters_max - len(head), writer)


def write_digits(text: str, writer: BitWriter) -> None:
    """Append digits of 4 bits each."""
    if not set(DIGITS).issuperset(text):
        raise EpcError(f"expected digits, got {text!r}")
    for digit in text:
        writer.put(int(digit), 4)


def _led(key: str, characters_max: int) -> str:
    """`key`, which begins as a company prefix does; an EpcError otherwise."""
    if len(key) > characters_max or not set(DIGITS).issuperset(key[:_PREFIX_MIN]) or len(key) < _PREFIX_MIN:
        expected = f"a key of at least {_PREFIX_MIN} digits and 1 to {characters_max} characters"
        raise EpcError(f"expected {expected}, got {key!r}")
    return key


def _digits(reader: BitReader, count: int) -> str:
    value = reader.take(_NUMBER_BITS[count])
    if value >= 10**count:
        raise EpcError(f"expected a number of {count} digits, got {value}")
    return f"{value:0{count}d}"


def _bits(indicator: int, count: int) -> int:
    if indicator == _INTEGER:
        return _NUMBER_BITS[count]
    if indicator == _CODE_40:
        return 16 * -(-count // 3)
    return _PLAIN[indicator][0] * count
