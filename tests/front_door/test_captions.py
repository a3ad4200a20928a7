"""A module's caption is found from its source, and nothing runs to find it."""

import sys
from pathlib import Path

import pytest

from opos.captions import NoModuleError, caption

SOURCES = [
    ('"""The till: one shopper at a time."""\n', "The till: one shopper at a time."),
    ('"""The till.\n\nMore words.\n"""\n', "The till."),
    ('"""\nThe till.\n"""\n', "The till."),
    ('"""\\\nThe till.\n"""\n', "The till."),
    ("'''The till.'''\n", "The till."),
    ('"The till."\n', "The till."),
    ('r"""The till."""\n', "The till."),
    ('#!/usr/bin/env python3\n# A licence.\n\n"""The till."""\n', "The till."),
    ('\ufeff"""Der Kassentisch für Gäste."""\n', "Der Kassentisch für Gäste."),
    ("import nothing_at_all\n", ""),
    ("#" * 10_000, ""),
    ("", ""),
]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that Python imports from; what stands in it would tell of being imported by failing."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("source", "expected"), SOURCES)
def test_a_caption_is_the_first_line_of_the_docstring(shop: Path, source: str, expected: str) -> None:
    (shop / "acme_till.py").write_text(source, encoding="utf-8")
    assert caption("acme_till") == expected


def test_a_package_speaks_for_itself_and_its_parents_are_not_imported(shop: Path) -> None:
    room = shop / "acme_house" / "room" / "corner"
    room.mkdir(parents=True)
    (shop / "acme_house" / "__init__.py").write_text("raise SystemExit('imported')\n")
    (room / "__init__.py").write_text(
        '"""A corner of a room without a caption."""\nraise SystemExit("imported")\n'
    )
    assert caption("acme_house.room.corner") == "A corner of a room without a caption."
    assert caption("acme_house.room") == ""
    assert not [name for name in sys.modules if name.startswith("acme_house")]


@pytest.mark.parametrize("module", ["", "acme_gone", "acme_gone.deeper", "json.gone", "json.decoder.gone"])
def test_a_module_that_is_not_there_is_named(module: str) -> None:
    with pytest.raises(NoModuleError, match=repr(module)):
        caption(module)


def test_a_module_without_python_source_has_no_caption() -> None:
    assert caption("sys") == ""


def test_a_source_that_cannot_be_read_says_why(shop: Path) -> None:
    # A file whose first byte nobody can read, root included.
    (shop / "acme_till.py").symlink_to("/proc/self/mem")
    with pytest.raises(NoModuleError, match=r"acme_till\.py: Input/output error"):
        caption("acme_till")
