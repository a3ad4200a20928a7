"""A document as ESC/POS bytes: lines of text, QR codes, the cut at the end.

Source: Epson TM-T85P reference and Bixolon SPP-R210 command manual (ESC @, ESC t, ESC a, ESC E, GS !,
GS ( k, GS v 0, ESC d, GS V); printers of this family agree on these.
"""

import textwrap
from collections.abc import Iterable, Iterator
from typing import Annotated, Final, Literal

import msgspec
import segno
from msgspec import Meta

from edge.commands import Align, Print, PrintedLine, PrintedQr

_RESET: Final = b"\x1b@"
_ALIGN: Final = {Align.LEFT: b"\x1ba\x00", Align.CENTER: b"\x1ba\x01", Align.RIGHT: b"\x1ba\x02"}
_FEED_LINES: Final = b"\x1bd\x04"
_CUT: Final = {"partial": b"\x1dV\x01", "full": b"\x1dV\x00", "none": b""}

# A QR code must be read by a phone at arm's length: a module of 4 dots is half a millimetre at 203 dpi.
_QR_MODULE_DOTS: Final = 4
# GS ( k counts the bytes of a code, and three of its own, in two bytes; version 40 at level M holds 2,331.
_QR_BYTES_MAX: Final = 2331


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between printers of this family in how they put a document on paper."""

    columns: Annotated[int, Meta(ge=20, le=80)] = 42
    """Characters of the normal font in a line."""
    codec: str = "cp437"
    """Python's name of the code page, and below it the printer's number of the same page (ESC t)."""
    code_page: Annotated[int, Meta(ge=0, le=255)] = 0
    more_code_pages: dict[str, Annotated[int, Meta(ge=0, le=255)]] = {}
    """Further code pages by Python's names of them, for lines that the first lacks a letter of."""
    qr: Literal["native", "raster"] = "native"
    """Native: the printer makes the code (GS ( k). Raster: we do, and it prints a picture (GS v 0)."""
    cut: Literal["partial", "full", "none"] = "partial"

    def __post_init__(self) -> None:
        """A codec that Python does not know would fail at the first receipt."""
        for codec in self.code_pages:
            try:
                "".encode(codec)
            except LookupError as error:
                raise ValueError(f"codec: Python knows no {codec!r}") from error

    @property
    def code_pages(self) -> dict[str, int]:
        """All code pages, the usual one first: Python's name -> the printer's number."""
        return {self.codec: self.code_page, **self.more_code_pages}

    def codec_for(self, text: str) -> str | None:
        """The first code page that has every letter of `text`; None where there is none."""
        return next((codec for codec in self.code_pages if _has(codec, text)), None)


def page(document: Print, paper: Paper, after_reset: bytes = b"") -> list[bytes]:
    """A document from the printer's reset to the cut, in pieces of whole commands.

    `after_reset` are commands that the reset would undo.
    """
    begin = _RESET + after_reset + _page(paper.code_page)
    ways = (document.parts, *document.otherwise)
    parts = next((way for way in ways if not any(_lacks(part, paper) for part in way)), ways[-1])
    return [begin, *(_part(part, paper) for part in parts), _FEED_LINES + _CUT[paper.cut]]


def _has(codec: str, text: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _lacks(part: PrintedLine | PrintedQr, paper: Paper) -> bool:
    return isinstance(part, PrintedLine) and paper.codec_for(_clean(part.text)) is None


def _part(part: PrintedLine | PrintedQr, paper: Paper) -> bytes:
    if isinstance(part, PrintedQr):
        return _ALIGN[Align.CENTER] + (_native_qr(part) if paper.qr == "native" else _raster_qr(part))
    style = b"".join((b"\x1bE", bytes([part.bold]), b"\x1d!", bytes([part.tall])))
    return _ALIGN[part.align] + style + b"".join(_lines(part.text, paper))


def _lines(text: str, paper: Paper) -> Iterator[bytes]:
    """The text in lines that fit, in the printer's own characters.

    Nothing below the space passes: a name in the catalogue must not be able to give the printer commands.
    """
    for line in textwrap.wrap(_clean(text), paper.columns, drop_whitespace=False) or [""]:
        codec = paper.codec_for(line) or paper.codec
        begin, end = b"", b""
        if codec != paper.codec:
            begin, end = _page(paper.code_pages[codec]), _page(paper.code_page)
        yield begin + line.encode(codec, "replace") + b"\n" + end


def _clean(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _page(number: int) -> bytes:
    return b"\x1bt" + bytes([number])


def _native_qr(code: PrintedQr) -> bytes:
    data = code.text.encode()
    if len(data) > _QR_BYTES_MAX:
        return b""  # no QR code holds it; a receipt that long has a link instead
    return b"".join(
        (
            _qr(b"A2\x00"),  # model 2
            _qr(b"C" + bytes([_QR_MODULE_DOTS])),
            _qr(b"E1"),  # error correction M
            _qr(b"P0" + data),
            _qr(b"Q0"),
        )
    )


def _qr(function: bytes) -> bytes:
    return b"\x1d(k" + (len(function) + 1).to_bytes(2, "little") + b"1" + function


def _raster_qr(code: PrintedQr) -> bytes:
    data = code.text.encode()
    if len(data) > _QR_BYTES_MAX:
        return b""
    matrix = segno.make_qr(data, error="m").matrix_iter(scale=_QR_MODULE_DOTS, border=4)
    rows = [_packed(row) for row in matrix]
    size = len(rows[0]).to_bytes(2, "little") + len(rows).to_bytes(2, "little")
    return b"\x1dv0\x00" + size + b"".join(rows)


def _packed(row: Iterable[int]) -> bytes:
    """Eight dots a byte, the leftmost in the highest bit."""
    bits = "".join("1" if dot else "0" for dot in row)
    wide = -(-len(bits) // 8) * 8
    return int(bits.ljust(wide, "0"), 2).to_bytes(wide // 8)
