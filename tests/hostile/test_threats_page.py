"""The page of threats speaks of what is there: tests, files, words of the console, and all of our threats."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")

THREATS = [
    "A stolen object",
    "A hostile broker",
    "A cloned card",
    "A rolled-back card",
    "An insider on the object",
    "Replay",
    "A forged price",
    "A forged batch",
    "Another object's topic",
    "A stale certificate",
    "A downgraded document",
    "Oversized and malformed words",
]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)
FILES = re.findall(r"`((?:cloud_sync|edge)/[\w/]+\.py)`", PAGE)


def section(threat: str) -> str:
    return PAGE.partition(f"\n## {threat}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("threat", THREATS)
def test_each_threat_has_an_answer_a_sight_a_test_and_a_limit(threat: str) -> None:
    for part in ("Has", "Answer", "The retailer sees", "Tests", "Not answered"):
        assert f"- **{part}**: " in section(threat) or f"- **{part}**:\n" in section(threat), part
    assert re.search(r"`tests/[\w/]+\.py::test_", section(threat))


def test_every_test_that_is_named_exists() -> None:
    texts = {file: (ROOT / file).read_text(encoding="utf-8") for file, _ in NAMED}
    missing = [f"{file}::{name}" for file, name in NAMED if not re.search(rf"def {name}\(", texts[file])]
    assert (missing, len(NAMED) > 60) == ([], True)


def test_every_file_that_is_named_exists() -> None:
    assert [file for file in FILES if not (ROOT / file).is_file()] == []
    assert len(FILES) > 30


def test_every_word_that_the_retailer_is_said_to_see_is_on_the_page_of_the_hub() -> None:
    words = (ROOT / "cloud_sync/hub/console/words.py").read_text(encoding="utf-8")
    sights = re.findall(r"\*\*The retailer sees\*\*: (.*?)\n- \*\*", PAGE, re.DOTALL)
    quoted = [" ".join(each.split()) for sight in sights for each in re.findall(r'"([^"]+)"', sight)]
    assert [each for each in quoted if f'"{each}"' not in words] == []
    assert len(quoted) > 10
