"""QR codes: as blocks of a terminal, and as the bytes of a picture."""

import io
from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

import click
import segno

# Light modules around a code, by its standard (ISO/IEC 18004, 6.3.8).
_QUIET_MODULES: Final = 4
# The code of the longest fragment is 137 modules wide: 822 pixels, about what a panel has to give.
_PIXELS_A_MODULE: Final = 6

# A character of a terminal is twice as high as wide: upper and lower module, True where dark.
_BLOCKS: Final = {
    (False, False): "\N{FULL BLOCK}",
    (False, True): "\N{UPPER HALF BLOCK}",
    (True, False): "\N{LOWER HALF BLOCK}",
    (True, True): " ",
}


class TooLongForACodeError(ValueError):
    """No QR code holds so much."""


def code_of(text: str) -> segno.QRCode:
    """`text` as a QR code with the least of repair: a screen is neither torn nor dirty."""
    try:
        return segno.make_qr(text, error="l", boost_error=False)
    except segno.DataOverflowError as error:
        raise TooLongForACodeError(
            f"expected at most 2953 characters for a QR code, got {len(text)}"
        ) from error


def columns_of(code: segno.QRCode) -> int:
    """How many columns of a terminal `code` takes."""
    return int(code.symbol_size(border=_QUIET_MODULES)[0])


def lines_of(code: segno.QRCode) -> Iterator[str]:
    """`code` in lines of a terminal, light on dark whatever its colours are."""
    rows = [[bool(dark) for dark in row] for row in code.matrix_iter(border=_QUIET_MODULES)]
    light = [False] * len(rows[0])
    for upper, lower in zip_longest(rows[::2], rows[1::2], fillvalue=light):
        line = "".join(_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        yield click.style(line, fg="bright_white", bg="black")


def picture_of(code: segno.QRCode, kind: str) -> bytes:
    """`code` as the bytes of a `png` or an `svg`."""
    data = io.BytesIO()
    code.save(data, kind=kind, scale=_PIXELS_A_MODULE, border=_QUIET_MODULES, light="white")
    return data.getvalue()
