"""URN Code 40: three characters of forty in 16 bits.

Source: GS1 EPC Tag Data Standard 2.3, section 14.5.6.5 with table 14-8.
"""

from typing import Final

from retail.identity.epc.alphabets import CODE_40
from retail.identity.epc.bits import BitReader, BitWriter
from retail.identity.epc.identity import EpcError

_BASE: Final = len(CODE_40)
_PAD: Final = CODE_40[0]


def read_code_40(reader: BitReader, count: int) -> str:
    """The next `count` characters; the last group of three is filled up with pads."""
    groups = -(-count // 3)
    text = "".join([_three(reader.take(16) - 1) for _ in range(groups)])
    if _PAD in text[:count] or text[count:].strip(_PAD):
        raise EpcError(f"expected {count} characters of Code 40 and then pads, got {text!r}")
    return text[:count]


def write_code_40(text: str, writer: BitWriter) -> None:
    """Append `text`, which is made of the characters of Code 40."""
    for at in range(0, len(text), 3):
        first, second, third = (CODE_40.index(each) for each in text[at : at + 3].ljust(3, _PAD))
        writer.put(_BASE * _BASE * first + _BASE * second + third + 1, 16)


def _three(value: int) -> str:
    if not 0 <= value < _BASE**3:
        raise EpcError(f"expected three characters of Code 40, got {value + 1}")
    head, third = divmod(value, _BASE)
    first, second = divmod(head, _BASE)
    return CODE_40[first] + CODE_40[second] + CODE_40[third]
