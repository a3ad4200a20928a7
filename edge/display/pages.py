"""Painting: a Screen as HTML, escaped, in the shopper's language; one template a screen and layout."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import segno
from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from edge.display.panels import LAYOUTS
from edge.display.screens import LANGUAGES, Glass, Screen, name_of
from edge.display.words import Words
from retail import locale
from retail.units import Money

ROOM: Final = Path(__file__).parent
STATIC: Final = ROOM / "static"

# Every mask makes a valid code. To try all eight takes four times as long (68 ms against 15 ms on a desktop's
# core) while a shopper waits; of 45 blurred, tilted and noisy pictures a reader read as many of each mask.
_QR_MASK: Final = 4

# The margin that a reader needs (ISO/IEC 18004, section 6.3.8).
_QR_MARGIN_MODULES: Final = 4

_Written = TypeVar("_Written")


class Pages:
    """The templates and words of one glass, loaded once."""

    def __init__(self, glass: Glass, pictured: Callable[[str], bool] = lambda _sha256: False) -> None:
        """`pictured` says whether a picture has come, by its SHA-256."""
        self._glass = glass
        self._build = build(STATIC)
        self._words: dict[str, Words] = {}
        self._templates = Environment(
            loader=_kept(ROOM / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.tests["pictured"] = pictured

    def page(self, screen: Screen, fragment: str) -> str:
        """The whole page, with the fragment of `screen` on it."""
        return self._templates.get_template("page.html").render(
            glass=self._glass,
            layout=LAYOUTS[self._glass.kind],
            screen=screen,
            direction=locale.direction(screen.language),
            fragment=Markup(fragment),  # noqa: S704  painted below
        )

    def fragment(self, screen: Screen) -> str:
        """The part of the page that changes from screen to screen."""
        layout = LAYOUTS[screen.kind]
        template = self._templates.get_template(f"{layout}/{name_of(screen)}.html")
        words = self._words_of(screen.language)
        return template.render(
            screen=screen,
            layout=layout,
            name=name_of(screen),
            build=self._build,
            languages=LANGUAGES,
            direction=locale.direction(screen.language),
            say=words.say,
            count=words.count,
            amount=_in(screen.language, locale.amount),
            parts=_in(screen.language, locale.amount_parts),
            wide_of=_wide,
            less=_in(screen.language, locale.less),
            day=lambda date: locale.day(date, screen.language),
            percent=lambda rate_bp: locale.percent(rate_bp, screen.language),
            listed=lambda words: locale.listed(words, screen.language),
            qr=qr,
        )

    def _words_of(self, language: str) -> Words:
        """The words of a language, read when somebody first wants to read it: a start has no time for all."""
        if language not in self._words:
            self._words[language] = Words(language)
        return self._words[language]


def qr(content: str, box_px: int) -> Markup:
    """`content` as a QR code in a square of `box_px`: each module is a whole number of the panel's pixels."""
    code = segno.make(content, error="l", micro=False, mask=_QR_MASK)
    modules, _ = code.symbol_size(border=_QR_MARGIN_MODULES)
    module_px = box_px // modules
    assert module_px, f"a code of {modules} modules does not fit {box_px} px"
    edge_px = (box_px - modules * module_px) // 2
    drawing = code.svg_inline(scale=module_px, border=_QR_MARGIN_MODULES, svgclass=None, lineclass=None)
    return Markup(  # noqa: S704  numbers and segno's own path
        f'<svg class="qr" viewBox="0 0 {box_px} {box_px}" data-module="{module_px}">'
        f'<g transform="translate({edge_px} {edge_px})">{drawing}</g></svg>'
    )


def build(folder: Path) -> str:
    """A name for this version of the page's own files: a page of an older one loads itself anew."""
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _kept(folder: Path) -> DictLoader:
    """The templates as they are now: an update lays newer ones beside a process that sells on for a while."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return DictLoader(
        {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}
    )


def _wide(price: locale.AmountParts) -> int:
    """How many digits wide a price is: a sign ("€") has room beside any, letters ("CHF") take it."""
    letters = sum(letter.isalpha() for letter in price.before + price.after)
    return len(price.whole) + letters + max(len(price.cents) - 2, 0)


def _in(language: str, write: Callable[[Money, str], _Written]) -> Callable[[Money], _Written]:
    """A way to write money, held to one language."""
    return lambda money: write(money, language)
