"""The words of the glass in each language, read from locale/*.po into memory when one is first spoken."""

import gettext
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

from retail import locale

LOCALES: Final = Path(__file__).parent / "locale"
SOURCE_LANGUAGE: Final = "en"
"""The language that the templates are written in: it has no catalogue."""


class Words:
    """One language: sentences by their English, as markup with what is filled in escaped and set apart.

    A name or an amount stands in its own direction, whatever the sentence has. In an attribute, which holds
    no markup, a sentence with something filled in is written through the filter `striptags`.
    """

    def __init__(self, language: str, folder: Path = LOCALES) -> None:
        self.language = language
        self._catalogue = (
            gettext.NullTranslations() if language == SOURCE_LANGUAGE else _catalogue(folder, language)
        )

    def say(self, sentence: str, **filled: object) -> Markup:
        """The sentence in this language; `%(name)s` in it is what `filled` says."""
        return Markup(self._catalogue.gettext(sentence)) % _apart(filled)  # noqa: S704  the catalogues are ours

    def count(self, one: str, many: str, units: int, **filled: object) -> Markup:
        """The sentence in the form that `units` asks for; `%(units)s` in it is the number."""
        sentence = self._catalogue.ngettext(one, many, units)
        units_said = locale.whole(units, self.language)
        return Markup(sentence) % _apart({"units": units_said, **filled})  # noqa: S704  the catalogues are ours


def _apart(filled: Mapping[str, object]) -> dict[str, Markup]:
    """What is filled into a sentence, each in an element that isolates its direction."""
    return {name: Markup("<bdi>%s</bdi>") % escape(value) for name, value in filled.items()}


def _catalogue(folder: Path, language: str) -> gettext.GNUTranslations:
    """A .po file as gettext reads it, plural forms and all, without a file of compiled words in between."""
    compiled = BytesIO()
    name = language.replace("-", "_")
    with (folder / f"{name}.po").open("rb") as po:
        write_mo(compiled, read_po(po, locale=name))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
