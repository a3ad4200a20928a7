"""Every sentence of the templates exists in every language that the glass speaks."""

import gettext
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast
from markupsafe import Markup
from msgspec.structs import replace

from edge.display.pages import ROOM, Pages
from edge.display.panels import Kind
from edge.display.sample_goods import IDLE
from edge.display.samples import states
from edge.display.screens import LANGUAGES, Glass
from edge.display.showing import screen_of
from edge.display.words import LOCALES, SOURCE_LANGUAGE, Words

TRANSLATED = sorted(set(LANGUAGES) - {SOURCE_LANGUAGE})
FILES = {language: f"{language.replace('-', '_')}.po" for language in TRANSLATED}

# The names of the plural forms (CLDR) in the order in which a catalogue of each language has them.
FORMS = {
    "ar": ("zero", "one", "two", "few", "many", "other"),
    "de": ("one", "other"),
    "es": ("one", "other"),
    "zh-Hans": ("other",),
}
# These forms stand for one number alone, so that a language may say it in a word: "قطعتان", two pieces.
SAYS_THE_NUMBER = {"zero", "one", "two"}
HOLES = re.compile(r"%\(\w+\)s")


def sentences() -> Iterator[tuple[str, ...]]:
    """Every sentence that a template says, with its plural where it counts."""
    for template in sorted((ROOM / "templates").rglob("*.html")):
        tree = Environment(autoescape=True).parse(template.read_text(encoding="utf-8"))
        for _, _, messages in extract_from_ast(tree, ("say", "count")):
            said = (messages,) if isinstance(messages, str) else messages
            yield tuple(message for message in said or () if message is not None)


def catalogue(language: str) -> Catalog:
    with (LOCALES / FILES[language]).open("rb") as po:
        return read_po(po, locale=language.replace("-", "_"), abort_invalid=True)


def forms(message: Message) -> tuple[str, ...]:
    """The translations of a message, one for each plural form."""
    string = message.string
    return (string,) if isinstance(string, str) else tuple(string or ("",))


def said_in(translated: Catalog, sentence: str) -> tuple[str, ...]:
    message = translated.get(sentence)
    return ("",) if message is None or message.fuzzy else forms(message)


def test_every_language_has_a_catalogue_and_no_catalogue_is_left_over() -> None:
    assert sorted(path.name for path in LOCALES.glob("*.po")) == sorted(FILES.values())


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_sentence_is_without_a_translation(language: str) -> None:
    translated = catalogue(language)
    missing = [sentence for sentence in sentences() if not all(said_in(translated, sentence[0]))]
    assert not missing


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_of_a_sentence_that_nobody_says(language: str) -> None:
    said = {sentence[0] for sentence in sentences()}
    translated = catalogue(language)
    kept = {message.id if isinstance(message.id, str) else message.id[0] for message in translated}
    assert kept - {""} == said
    assert not translated.obsolete
    assert len(re.findall("(?m)^msgid ", (LOCALES / FILES[language]).read_text("utf-8"))) == len(kept)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_fills_in_what_the_sentence_fills_in(language: str) -> None:
    for message in catalogue(language):
        source = message.id if isinstance(message.id, str) else message.id[-1]
        names = FORMS[language] if message.pluralizable else ("other",)
        for name, form in zip(names, forms(message), strict=True) if message.id else ():
            asked = set(HOLES.findall(source)) - ({"%(units)s"} if name in SAYS_THE_NUMBER else set())
            assert asked <= set(HOLES.findall(form)) <= set(HOLES.findall(source)), source
            assert len(HOLES.findall(form)) == len(set(HOLES.findall(form))), source


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_the_plural_forms_of_its_language(language: str) -> None:
    translated = catalogue(language)
    for message in translated:
        if message.pluralizable:
            assert len(forms(message)) == translated.num_plurals


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_chooses_its_forms_as_unicode_does(language: str) -> None:
    chosen = gettext.c2py(catalogue(language).plural_expr)
    form = Locale.parse(language, sep="-").plural_form
    assert [FORMS[language][chosen(units)] for units in range(1201)] == [form(units) for units in range(1201)]


COUNTS = [
    ("zh-Hans", 2, "您拿了 2 件商品"),
    ("es", 1, "Ha tomado 1 artículo"),
    ("es", 1200, "Ha tomado 1.200 artículos"),
    ("ar", 1, "أخذت قطعة واحدة"),
    ("ar", 2, "أخذت قطعتين"),
    ("ar", 3, "أخذت 3 قطع"),
    ("ar", 11, "أخذت 11 قطعة"),
    ("en", 1, "You took 1 item"),
    ("en", 2, "You took 2 items"),
    ("de", 1, "Sie haben 1 Artikel genommen"),
]


@pytest.mark.parametrize(("language", "units", "sentence"), COUNTS)
def test_a_count_is_said_in_its_own_form(language: str, units: int, sentence: str) -> None:
    said = Words(language).count("You took %(units)s item", "You took %(units)s items", units)
    assert said.striptags() == sentence


def test_what_is_filled_in_is_text_and_not_markup() -> None:
    said = Words("de").say("%(price)s / kg", price="<b>")
    assert said == Markup("<bdi>&lt;b&gt;</bdi> / kg")


class Attributes(HTMLParser):
    """The values of all attributes, and the direction of the root."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: list[str] = []
        self.root: dict[str, str | None] = {}
        self.feed(html)

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        self.root = self.root or dict(attrs)
        self.values += [value or "" for _, value in attrs]


@pytest.mark.parametrize("kind", ["mirror", "shelf", "tray"])
def test_an_attribute_says_a_sentence_without_markup(kind: Kind) -> None:
    glass = Glass(kind, "Fitting room 4")
    pages = Pages(glass)
    for moment, state in states(kind).items():
        values = Attributes(pages.fragment(screen_of(state, glass))).values
        assert not [value for value in values if "<bdi" in value], moment


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_screen_says_its_language_and_which_way_it_is_written(language: str) -> None:
    glass = Glass("mirror", "Fitting room 4")
    screen = screen_of(replace(IDLE, language=language), glass)
    way = "rtl" if language == "ar" else "ltr"
    for root in (Pages(glass).fragment(screen), Pages(glass).page(screen, "").partition("<html")[2]):
        assert f'lang="{language}"' in root.partition(">")[0]
        assert f'dir="{way}"' in root.partition(">")[0]


def test_every_screen_can_be_had_in_every_other_language() -> None:
    glass = Glass("shelf", "Coffee")
    for moment, state in states("shelf").items():
        screen = screen_of(state, glass)
        assert {screen.language, *screen.languages} == set(LANGUAGES), moment


STATIC_CSS = sorted((ROOM / "static").glob("*.css"))
SIDES = re.compile(r"(?<![-\w])((margin|padding|border)-(left|right)|(left|right|float): ?[.\d])")


@pytest.mark.parametrize("sheet", STATIC_CSS, ids=lambda path: path.name)
def test_no_sheet_names_a_side_that_turns_with_the_language(sheet: Path) -> None:
    lines = sheet.read_text("utf-8").splitlines()
    # Cents stand right of the amount, whichever way the language is written.
    assert [line for line in lines if SIDES.search(line) and ".price sup" not in line] == []


def test_a_language_without_a_catalogue_is_an_error_and_not_english(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Words("de", tmp_path)
