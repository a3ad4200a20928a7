"""The pages of the manual: one for each command, made from it, and nothing in them that man takes amiss."""

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from opos.__main__ import front_door
from opos.front_door import Listed
from opos.manual import _said, main, pages


@pytest.fixture(scope="module")
def manual() -> dict[str, str]:
    return dict(pages("2026-11-21"))


def test_every_command_of_the_front_door_has_a_page_and_so_has_what_is_below(manual: dict[str, str]) -> None:
    assert {f"opos-{name}" for name in front_door().commands} < manual.keys()
    assert {"opos", "opos-hub-wallet-new", "opos-ledger-verify", "opos-object-run"} <= manual.keys()


def test_a_page_names_each_option_and_subcommand_of_its_command(manual: dict[str, str]) -> None:
    hub = front_door().commands["hub"]
    assert isinstance(hub, Listed)
    group = hub.load()
    assert isinstance(group, click.Group)
    below = set(re.findall(r"\\fBopos\\-hub\\-([a-z\\-]+)\\fR\(1\)", manual["opos-hub"]))
    assert {name.replace("\\", "") for name in below} == set(group.commands)
    assert r"\fB\-\-new\-token\fR" in manual["opos-hub-metrics"]


def test_every_page_says_how_the_command_ends_and_bears_the_day_that_it_was_given(
    manual: dict[str, str],
) -> None:
    for name, page in manual.items():
        assert page.startswith(f'.TH "{name.upper()}" "1" "2026-11-21" "OPOS '), name
        assert page.count(".SH EXIT STATUS") == 1, name
        assert "\b" not in page, name


def test_the_name_section_is_one_line_that_whatis_can_read(manual: dict[str, str]) -> None:
    for name, page in manual.items():
        line = page.split(".SH NAME\n", 1)[1].partition("\n")[0]
        assert re.fullmatch(rf"{re.escape(_said(name))} \\- \S.*", line), name


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        (".venv/bin/opos demo", r"\&.venv/bin/opos demo"),
        ("'tis", r"\&'tis"),
        ("--json", r"\-\-json"),
        (r"a\b", r"a\eb"),
        ("plain", "plain"),
    ],
)
def test_no_word_of_ours_is_an_order_to_man(text: str, printed: str) -> None:
    assert _said(text) == printed


def test_man_itself_prints_the_longest_page_without_a_warning(manual: dict[str, str], tmp_path: Path) -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed here")
    page = tmp_path / "longest.1"
    page.write_text(max(manual.values(), key=len))
    printed = subprocess.run(
        [groff, "-man", "-Tascii", "-P-cbou", "-ww", str(page)], capture_output=True, text=True, check=False
    )
    assert (printed.returncode, printed.stderr) == (0, "")
    assert "EXIT STATUS" in printed.stdout


def test_the_same_source_makes_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opos.manual.pages", lambda date: iter([("opos", date)]))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1763700000")
    assert main(["--out", str(tmp_path)]) == 0
    assert (tmp_path / "man" / "man1" / "opos.1").read_text() == "2025-11-21"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert main(["--out", str(tmp_path)]) == 0
    assert (tmp_path / "man" / "man1" / "opos.1").read_text() == ""
    assert (tmp_path / "bash-completion" / "completions" / "opos").stat().st_size > 0
