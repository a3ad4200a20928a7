"""Tags of release 2: GS1 keys as they are printed, no company prefix to know, and a host if wanted.

Source: GS1 EPC Tag Data Standard 2.3, sections 14.5 (methods), 14.6 (coding tables) and 15.3 (what follows).
"""

from typing import Final

import msgspec

from retail.identity.answer import Refused
from retail.identity.epc.alphabets import GS1_82, SIX_BITS
from retail.identity.epc.bits import BitReader, BitWriter, number
from retail.identity.epc.elements import DATES, RESOLVER, Elements, InWordsOfGs1, misprint
from retail.identity.epc.hostnames import read_hostname, write_hostname
from retail.identity.epc.identity import NO_EXTENSION, EpcError
from retail.identity.epc.plus_codings import BY_HEADER, BY_NAME, Method, PlusCoding, Segment
from retail.identity.epc.prioritised_date import read_date, write_date
from retail.identity.epc.texts import (
    read_digits,
    read_key,
    read_number,
    read_text,
    write_digits,
    write_key,
    write_number,
    write_text,
)

# The length bits of a tag count its 16-bit words, 31 of them at most.
DIGITS_MAX: Final = 31 * 4
FILTER_MAX: Final = 7

_KEY_CHARACTERS: Final = frozenset(GS1_82)
_PART_CHARACTERS: Final = frozenset(SIX_BITS)


class PlusTag(msgspec.Struct, InWordsOfGs1, frozen=True):
    """What is written on a tag of release 2; it has no EPC URI, since nobody knows where the prefix ends."""

    coding: str
    """`sgtin+`, `sscc++` ..."""
    filter_value: int
    values: tuple[str, ...]
    """One for each segment of the coding."""
    date: tuple[str, str] | None = None
    """AI and YYMMDD, in a `dsgtin`."""
    hostname: str | None = None
    """The host of the thing's own Web URI, in a coding that ends with `++`."""
    data_follows: bool = False
    """More GS1 elements stand behind the identifier; they are not read here."""

    @property
    def scheme(self) -> str:
        """The name of the coding."""
        return self.coding

    @property
    def tag_uri(self) -> None:
        """The standard has none for these codings."""

    @property
    def pure_identity_uri(self) -> None:
        """The standard has none for these codings."""

    @property
    def elements(self) -> Elements:
        """The GS1 elements, the date last."""
        found: dict[str, str] = {}
        for segment, value in self._segments:
            found[segment.ai] = found.get(segment.ai, "") + value
        dated = (self.date,) if self.date else ()
        return (*found.items(), *dated)

    @property
    def hosted_link(self) -> str | None:
        """The Web URI at the host that the tag names; None where it names none."""
        link = self.digital_link
        return f"https://{self.hostname}{link.removeprefix(RESOLVER)}" if self.hostname and link else None

    @property
    def bare_identifier(self) -> str:
        """The values by their short names, as Tag Data Translation writes them."""
        said = "".join(
            f";{segment.name}={value}" if segment.name else value for segment, value in self._segments
        )
        if self.date:
            said += f";{DATES[self.date[0]]}={self.date[1]}"
        if self.hostname:
            said += f";hostname={self.hostname}"
        return said[1:]

    @property
    def serial(self) -> str | None:
        """What tells the thing from others of its kind."""
        if len(self.values) == 1:
            return None
        last = self._segments[-1]
        return last[1] if last[0].ai != "414" else None

    @property
    def _segments(self) -> list[tuple[Segment, str]]:
        """The segments with their values, but for the extension of a GLN that has none."""
        pairs = zip(BY_NAME[self.coding].segments, self.values, strict=True)
        return [pair for pair in pairs if pair[0].ai != "254" or pair[1] != NO_EXTENSION]


def decode_plus(text: str) -> PlusTag | Refused:
    """The tag whose EPC memory is `text`, in hexadecimal of either case; its header is of these codings."""
    try:
        return _tag(BY_HEADER[text[:2]], text)
    except EpcError as error:
        return Refused(str(error))


def encode_plus(tag: PlusTag) -> str:
    """The EPC memory of `tag` in upper-case hexadecimal, whole 16-bit words of it.

    Raises EpcError where it cannot hold the tag.
    """
    coding = BY_NAME[tag.coding]
    if not 0 <= tag.filter_value <= FILTER_MAX or tag.data_follows:
        raise EpcError(f"expected a filter value 0 to {FILTER_MAX} and nothing that follows, got {tag}")
    if (tag.date is None) == coding.dated or (tag.hostname is None) == coding.hosted:
        raise EpcError(f"expected a date and a hostname where {coding.name} has them, got {tag}")
    writer = BitWriter()
    writer.put(coding.header, 8)
    writer.put(tag.filter_value, 4)
    if tag.date:
        write_date(*tag.date, writer)
    for segment, value in zip(coding.segments, tag.values, strict=True):
        _write(segment, value, writer)
    if tag.hostname is not None:
        write_hostname(tag.hostname, writer)
    if wrong := misprint(tag.elements):
        raise EpcError(wrong)
    written = writer.hexadecimal()
    if len(written) > DIGITS_MAX:
        raise EpcError(f"expected at most {DIGITS_MAX} hexadecimal digits, got {len(written)}")
    return written


def _tag(coding: PlusCoding, text: str) -> PlusTag:
    if len(text) > DIGITS_MAX:
        raise EpcError(f"expected at most {DIGITS_MAX} hexadecimal digits, got {len(text)}")
    reader = BitReader(number(text), 4 * len(text))
    reader.take(8)
    data_follows = bool(reader.take(1))
    filter_value = reader.take(3)
    date = read_date(reader) if coding.dated else None
    values = tuple([_read(segment, reader) for segment in coding.segments])
    hostname = read_hostname(reader) if coding.hosted else None
    if not data_follows and reader.rest():
        raise EpcError(f"expected zeros after the bits of {coding.name}")
    tag = PlusTag(coding.name, filter_value, values, date, hostname, data_follows)
    if wrong := misprint(tag.elements):
        raise EpcError(wrong)
    return tag


def _read(segment: Segment, reader: BitReader) -> str:
    match segment.method:
        case Method.DIGITS:
            return read_digits(reader, segment.size)
        case Method.NUMBER:
            return read_number(reader, segment.size)
        case Method.TEXT:
            return _allowed(segment, read_text(reader, segment.size))
        case Method.KEY:
            return _allowed(segment, read_key(reader, segment.size))


def _write(segment: Segment, value: str, writer: BitWriter) -> None:
    match segment.method:
        case Method.DIGITS:
            if len(value) != segment.size:
                raise EpcError(f"expected {segment.size} digits, got {value!r}")
            write_digits(value, writer)
        case Method.NUMBER:
            write_number(value, segment.size, writer)
        case Method.TEXT:
            write_text(_allowed(segment, value), segment.size, writer)
        case Method.KEY:
            write_key(_allowed(segment, value), segment.size, writer)


def _allowed(segment: Segment, value: str) -> str:
    characters = _PART_CHARACTERS if segment.ai == "8010" else _KEY_CHARACTERS
    if not characters.issuperset(value):
        raise EpcError(f"expected the characters of ({segment.ai}), got {value!r}")
    return value
