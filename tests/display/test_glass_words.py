"""Every sentence of the templates exists in every language that the glass speaks."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast
from markupsafe import Markup

from edge.display.pages import ROOM
from edge.display.screens import LANGUAGES
from edge.display.words import LOCALES, SOURCE_LANGUAGE, Words

TRANSLATED = sorted(set(LANGUAGES) - {SOURCE_LANGUAGE})
HOLES = re.compile(r"%\(\w+\)s")


def sentences() -> Iterator[tuple[str, ...]]:
    """Every sentence that a template says, with its plural where it counts."""
    for template in sorted((ROOM / "templates").rglob("*.html")):
        tree = Environment(autoescape=True).parse(template.read_text(encoding="utf-8"))
        for _, _, messages in extract_from_ast(tree, ("say", "count")):
            said = (messages,) if isinstance(messages, str) else messages
            yield tuple(message for message in said or () if message is not None)


def catalogue(language: str) -> Catalog:
    with (LOCALES / f"{language}.po").open("rb") as po:
        return read_po(po, locale=language)


def forms(message: Message) -> tuple[str, ...]:
    """The translations of a message, one for each plural form."""
    string = message.string
    return (string,) if isinstance(string, str) else tuple(string or ("",))


def said_in(translated: Catalog, sentence: str) -> tuple[str, ...]:
    message = translated.get(sentence)
    return ("",) if message is None else forms(message)


def test_every_language_has_a_catalogue_and_no_catalogue_is_left_over() -> None:
    assert sorted(path.stem for path in LOCALES.glob("*.po")) == TRANSLATED


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_sentence_is_without_a_translation(language: str) -> None:
    translated = catalogue(language)
    missing = [sentence for sentence in sentences() if not all(said_in(translated, sentence[0]))]
    assert not missing


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_of_a_sentence_that_nobody_says(language: str) -> None:
    said = {sentence[0] for sentence in sentences()}
    kept = {message.id if isinstance(message.id, str) else message.id[0] for message in catalogue(language)}
    assert kept - {""} == said


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_fills_in_what_the_sentence_fills_in(language: str) -> None:
    for message in catalogue(language):
        source = message.id if isinstance(message.id, str) else message.id[-1]
        for form in forms(message) if message.id else ():
            assert sorted(HOLES.findall(form)) == sorted(HOLES.findall(source)), source


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_the_plural_forms_of_its_language(language: str) -> None:
    translated = catalogue(language)
    for message in translated:
        if message.pluralizable:
            assert len(forms(message)) == translated.num_plurals


COUNTS = [
    ("en", 1, "You took 1 item"),
    ("en", 2, "You took 2 items"),
    ("de", 1, "Sie haben 1 Artikel genommen"),
]


@pytest.mark.parametrize(("language", "units", "sentence"), COUNTS)
def test_a_count_is_said_in_its_own_form(language: str, units: int, sentence: str) -> None:
    assert Words(language).count("You took %(units)s item", "You took %(units)s items", units) == sentence


def test_what_is_filled_in_is_text_and_not_markup() -> None:
    said = Words("de").say("%(price)s / kg", price="<b>")
    assert said == Markup("&lt;b&gt; / kg")


def test_a_language_without_a_catalogue_is_an_error_and_not_english(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Words("de", tmp_path)
