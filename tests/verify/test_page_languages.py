"""The page in five languages: every sentence and its forms, right to left, switched on the spot."""

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import expect

from tests.verify.open_page import OpenPage, as_file, exported
from tests.verify.paper_shop import (
    CARD_SALE,
    OTHER_ROOT,
    certificate,
    changed,
    entry_of,
    ledger,
    sale,
    sale_in,
)
from tests.verify.test_page_looks import flaws
from tests.verify.test_page_receipts import receipt

LANGUAGES: Final = {"en": "ltr", "zh-Hans": "ltr", "de": "ltr", "es": "ltr", "ar": "rtl"}
GENUINE: Final = {
    "en-GB": ("en", "This receipt is genuine"),
    "zh-CN": ("zh-Hans", "这张收据是真的"),
    "de-AT": ("de", "Dieser Beleg ist echt"),
    "es-MX": ("es", "Este recibo es auténtico"),
    "ar-EG": ("ar", "هذا الإيصال أصلي"),
    "fi-FI": ("en", "This receipt is genuine"),
}
HOLES: Final = re.compile(r"\{\w+\}")
FORGED: Final = changed(entry_of(sale()), b"5130", b"9130")
SCREENS: Final = {
    "start": "",
    "genuine": receipt(entry_of(CARD_SALE)),
    "unvouched": receipt(entry_of(sale()), certificate(OTHER_ROOT)),
    "false": receipt(FORGED, certificate(dev="mirror-4")),
    "unreadable": receipt(entry_of(sale()))[:200],
}


def test_every_sentence_is_there_in_every_language_with_the_same_holes(verify: OpenPage) -> None:
    verify.arrive()
    tables: dict[str, dict[str, Any]] = verify.page.evaluate("words.TABLES")
    assert list(tables) == list(LANGUAGES)
    for table in tables.values():
        assert list(table) == list(tables["en"])
        for key, said in tables["en"].items():
            assert type(table[key]) is type(said), key
            if isinstance(said, str):
                assert sorted(HOLES.findall(table[key])) == sorted(HOLES.findall(said)), key
                assert table[key].strip() == table[key] != "", key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_with_a_number_has_the_forms_of_its_language(verify: OpenPage, language: str) -> None:
    verify.arrive()
    table: dict[str, Any] = verify.page.evaluate("tag => words.TABLES[tag]", language)
    ask = "tag => new Intl.PluralRules(tag).resolvedOptions().pluralCategories"
    forms = sorted(verify.page.evaluate(ask, language))
    assert {key: sorted(said) for key, said in table.items() if not isinstance(said, str)} == dict.fromkeys(
        ("working.entries", "changed.title", "ledger.more", "wrong.missing"), forms
    )


def test_no_sentence_is_left_over_and_none_is_missing(verify: OpenPage) -> None:
    folder = Path(__file__).parents[2] / "docs" / "verify"
    code = "".join(each.read_text("utf-8") for each in folder.glob("*.js") if "words-" not in each.name)
    verify.arrive()
    for key in verify.page.evaluate("Object.keys(words.TABLES.en)"):
        first, rest = key.split(".", 1)
        made = {"wrong": f'"{rest}"', "tier": "`tier.${"}.get(first, f'"{key}"')
        assert made in code or (rest in {"title", "lead"} and f"`${{is}}.{rest}`" in code), key


@pytest.mark.parametrize("locale", GENUINE)
def test_the_page_speaks_the_language_of_the_browser(verify_in: Callable[..., OpenPage], locale: str) -> None:
    language, title = GENUINE[locale]
    page = verify_in(locale=locale)
    page.arrive(receipt(entry_of(sale_in("de"))))
    expect(page.see("h1")).to_have_text(title)
    expect(page.see("html")).to_have_attribute("lang", language)
    expect(page.see("html")).to_have_attribute("dir", LANGUAGES[language])
    expect(page.see("#language")).to_have_value(language)
    expect(page.see(".paper")).to_have_attribute("lang", "de")


def test_a_chosen_language_changes_all_but_the_names_and_is_remembered(
    verify_in: Callable[..., OpenPage],
) -> None:
    page = verify_in()
    page.arrive(receipt(entry_of(sale_in("en"))))
    page.see("summary").click()
    page.see("#language").focus()
    page.page.get_by_label("Language").select_option(label="العربية")
    expect(page.see("h1")).to_have_text("هذا الإيصال أصلي")
    expect(page.see(".paper")).to_have_attribute("dir", "rtl")
    expect(page.see(".paper .number")).to_have_text("إيصال K7QM-0001")
    expect(page.see(".paper .name")).to_have_text("Ethiopia Yirgacheffe, whole bean")
    expect(page.see("details pre")).to_be_visible()
    expect(page.see("#language")).to_be_focused()
    page.page.reload()
    expect(page.see("h1")).to_have_text("هذا الإيصال أصلي")


def test_a_ledger_is_told_in_another_language_without_being_read_again(
    verify_in: Callable[..., OpenPage],
) -> None:
    page = verify_in()
    page.arrive()
    page.give(as_file(exported(ledger(5))))
    page.shows("nobody")
    page.see("#language").select_option("de")
    expect(page.see("h1")).to_have_text("Unversehrt, aber niemand bürgt für den Schlüssel")
    assert page.facts()["Einträge"] == "5, von 1 bis 5"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_of_a_receipt_is_clear_in_every_language(
    verify_in: Callable[..., OpenPage], language: str
) -> None:
    page = verify_in(locale=language)
    for screen, link in SCREENS.items():
        page.arrive(link)
        page.shows(screen)
        assert (screen, flaws(page)) == (screen, {})
        assert (screen, violations(page)) == (screen, [])


def violations(page: OpenPage) -> list[str]:
    """What axe finds on the screen, with everything unfolded."""
    page.page.evaluate(_AXE)
    found: list[dict[str, Any]] = page.page.evaluate("axe.run().then(({ violations }) => violations)")
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def _axe() -> str:
    spec = find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        pytest.fail("axe is not there: it is a dev dependency, axe-playwright-python")
    return (Path(spec.origin).parent / "axe.min.js").read_text(encoding="utf-8")


_AXE: Final = _axe()
