"""The two readers that others made, zxing-cpp and zbar, each answering in our own words.

zbar is spoken to through pyzbar's table of its functions: `pyzbar.decode` makes a scanner for each picture,
and fails on a symbol without a place. Its DataBar stays off: that part of it brings the process down.
OpenCV's own reader of QR codes was weighed: it read one more of 68, and took 230 ms where there was none.
"""

import ctypes
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import zxingcpp
from pyzbar import wrapper as zbar
from pyzbar.wrapper import ZBarConfig, ZBarSymbol

from edge.drivers.camera.patterns import lengthened
from edge.drivers.camera.picture import Picture
from edge.readings import CodeSeen
from retail.identity import scan
from retail.identity.answer import Refused

ZXING: Final = "zxing"
ZBAR: Final = "zbar"
MEASURE: Final = "measure"

# A QR code holds 7089 digits at most (ISO/IEC 18004); what is longer is no code.
TEXT_CHARS_MAX: Final = 7089

_Format = zxingcpp.BarcodeFormat
RETAIL: Final = (_Format.EAN13, _Format.EAN8, _Format.UPCA, _Format.UPCE)
BARS: Final = (
    *RETAIL, _Format.Code128, _Format.Code39, _Format.Code93, _Format.ITF, _Format.Codabar,
    _Format.DataBarOmni, _Format.DataBarStk, _Format.DataBarLtd, _Format.DataBarExp, _Format.DataBarExpStk,
)  # fmt: skip
MATRICES: Final = (_Format.QRCode, _Format.MicroQRCode, _Format.RMQRCode, _Format.DataMatrix)

_PRODUCT_BARS: Final = frozenset({"EAN13", "UPCA", "EAN8", "UPCE"})


def is_retail(symbology: str) -> bool:
    """Whether a symbology is one of EAN and UPC, which the measuring reader knows too."""
    return symbology in _PRODUCT_BARS


class Look(msgspec.Struct, frozen=True):
    """How zxing looks: everything it can do takes three times as long as what a strip needs."""

    rotate: bool = True
    smaller: bool = True
    invert: bool = True
    histogram: bool = False


FULL: Final = Look()
UPRIGHT: Final = Look(rotate=False, smaller=False, invert=False)
BY_HISTOGRAM: Final = Look(histogram=True)


class Placed(msgspec.Struct, frozen=True):
    """A code, zxing-cpp's format of it, and the box that it fills: left, top, right, bottom, in pixels."""

    code: CodeSeen
    format: Any
    box: tuple[int, int, int, int]


def zxing(picture: Picture, formats: Iterable[Any], crop: str, look: Look = FULL) -> list[Placed]:
    """What zxing-cpp reads."""
    found = zxingcpp.read_barcodes(
        picture,
        formats=zxingcpp.BarcodeFormats(list(formats)),
        try_rotate=look.rotate,
        try_downscale=look.smaller,
        try_invert=look.invert,
        text_mode=zxingcpp.TextMode.Plain,
        binarizer=_BINARIZERS[look.histogram],
    )
    return [_placed(barcode, crop) for barcode in found if len(barcode.text) <= TEXT_CHARS_MAX]


_BINARIZERS: Final = {
    False: zxingcpp.Binarizer.LocalAverage,
    True: zxingcpp.Binarizer.GlobalHistogram,
}


def _placed(barcode: Any, crop: str) -> Placed:
    place = barcode.position
    corners = place.top_left, place.top_right, place.bottom_left, place.bottom_right
    columns, rows = [corner.x for corner in corners], [corner.y for corner in corners]
    name, aim = barcode.format.name, barcode.symbology_identifier
    box = min(columns), min(rows), max(columns), max(rows)
    return Placed(seen(name, barcode.text, aim, ZXING, crop), barcode.format, box)


def seen(symbology: str, text: str, aim: str, reader: str, crop: str) -> CodeSeen:
    """A vote for a code, with the product that it names; a UPC-A is an EAN-13 that begins with 0."""
    if symbology == "EAN13" and text.startswith("0"):
        symbology = "UPCA"
    return CodeSeen(symbology, text, _product(text, aim), reader, crop)


def _product(text: str, aim: str) -> str | None:
    """The GTIN that a text names by its AIM identifier, None where it names none or breaks the rules."""
    label = scan.read(f"{aim}{text}")
    return None if isinstance(label, Refused) else label.gtin14


# zbar's name -> zxing-cpp's name, AIM identifier. UPC-E is always switched on, since zbar would call it an
# EAN-13 otherwise, and dropped where nobody asked for it.
_ZBAR_NAMES: Final = {
    ZBarSymbol.EAN13: ("EAN13", "]E0"),
    ZBarSymbol.UPCA: ("EAN13", "]E0"),
    ZBarSymbol.EAN8: ("EAN8", "]E4"),
    ZBarSymbol.UPCE: ("UPCE", "]E0"),
    ZBarSymbol.I25: ("ITF", "]I0"),
    ZBarSymbol.CODE128: ("Code128", "]C0"),
    ZBarSymbol.QRCODE: ("QRCode", "]Q1"),
}
BARS_OF_ZBAR: Final = frozenset(_ZBAR_NAMES) - {ZBarSymbol.QRCODE}
QR_OF_ZBAR: Final = frozenset({ZBarSymbol.QRCODE})

_EAN_13_DIGITS: Final = 13
_Y800: Final = int.from_bytes(b"Y800", "little")


class Zbar:
    """One zbar scanner, for `symbols` only, which looks at every `step`-th line.

    Every second line is twice as fast, and reads more bars, since a code must be seen in few lines to count.
    """

    def __init__(self, symbols: frozenset[Any], step: int) -> None:
        self._scanner = zbar.zbar_image_scanner_create()
        for symbol in ZBarSymbol:
            self._set(symbol, ZBarConfig.CFG_ENABLE, int(symbol in symbols))
        self._set(0, ZBarConfig.CFG_POSITION, 0)
        self._set(0, ZBarConfig.CFG_X_DENSITY, step)
        self._set(0, ZBarConfig.CFG_Y_DENSITY, step)

    def _set(self, symbol: int, setting: ZBarConfig, value: int) -> None:
        zbar.zbar_image_scanner_set_config(self._scanner, symbol, setting, value)

    def close(self) -> None:
        """Give back what the scanner holds."""
        zbar.zbar_image_scanner_destroy(self._scanner)

    def read(self, picture: Picture, crop: str) -> list[CodeSeen]:
        """What zbar reads."""
        pixels = ctypes.create_string_buffer(picture.tobytes(), picture.size)
        image = zbar.zbar_image_create()
        try:
            zbar.zbar_image_set_format(image, _Y800)
            zbar.zbar_image_set_size(image, picture.shape[1], picture.shape[0])
            zbar.zbar_image_set_data(image, ctypes.cast(pixels, ctypes.c_void_p), len(pixels), None)
            zbar.zbar_scan_image(self._scanner, image)
            return list(_named(zbar.zbar_image_first_symbol(image), crop))
        finally:
            zbar.zbar_image_destroy(image)


def _whole(name: str, text: str) -> str:
    """All thirteen digits of what zbar gives as twelve (UPC-A), or as eight (UPC-E: 0, six digits, check)."""
    if name == "UPCE" and text.startswith("0"):
        return "".join(map(str, lengthened(int(digit) for digit in text[1:7]))) + text[7:]
    return text.zfill(_EAN_13_DIGITS) if name == "EAN13" else text


def _named(symbol: Any, crop: str) -> Iterator[CodeSeen]:
    while symbol:
        kind = symbol.contents.type
        length = zbar.zbar_symbol_get_data_length(symbol)
        text = ctypes.string_at(zbar.zbar_symbol_get_data(symbol), length).decode("utf-8", "replace")
        if kind in _ZBAR_NAMES:
            name, aim = _ZBAR_NAMES[kind]
            yield seen(name, _whole(name, text), aim, ZBAR, crop)
        symbol = zbar.zbar_symbol_next(symbol)
