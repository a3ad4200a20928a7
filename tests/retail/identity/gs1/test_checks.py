"""The checks of values judge as those of GS1 do, and point at the same characters."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from retail.identity.gs1.checks import CHECKS
from retail.identity.gs1.dictionary import RULES
from retail.identity.gs1.keys import check_digit
from tests.retail.identity.gs1.rows import Row, Vectors

UNSUPPORTED: Final = {
    "linters-aabcbde42e": "needs a list of the company prefixes that GS1 has given out",
    "linters-8a224176b5": "needs a list of the company prefixes that GS1 has given out",
    "linters-e65bccee30": "needs a service for company prefixes, which is down",
    "linters-561593be94": "needs a service for company prefixes, which is down",
    "linters-02667c2aac": "needs a service for company prefixes, which is down",
    "linters-f77ef79340": "is a check that GS1 made for its own tests, and no AI has",
}
"""Rows of GS1's own tests that are about another build of its checks: id -> why they tell nothing of ours."""


def verdict(row: Row) -> tuple[str, str] | None:
    """The reason and the wrong characters, marked as GS1 marks them."""
    text = row["input"]
    fault = CHECKS[row["linter"]](text)
    if fault is None:
        return None
    end = fault.start + fault.length
    return fault.reason, f"{text[: fault.start]}*{text[fault.start : end]}*{text[end:]}"


def expected(row: Row) -> tuple[str, str] | None:
    """What GS1's check says, in our spelling."""
    if row["valid"]:
        return None
    return row["error"].lower().replace("_", " ").replace("exipiration", "expiration"), row["highlight"]


def test_every_check_judges_as_the_one_of_gs1_does(vectors: Vectors) -> None:
    rows = vectors("gs1/linters.jsonl")
    judged = [row for row in rows if row["id"] not in UNSUPPORTED]
    assert len(judged) >= len(rows) - len(UNSUPPORTED)
    assert {row["linter"] for row in judged} <= CHECKS.keys()
    for row in judged:
        assert verdict(row) == expected(row), row


def test_every_check_that_a_rule_names_is_there() -> None:
    words = {word for rule in RULES for part in rule.parts.split("; ") for word in part.split()[1:]}
    assert words <= CHECKS.keys()


@given(st.text(max_size=40), st.sampled_from(sorted(CHECKS)))
def test_any_text_is_right_or_wrong_at_a_place_that_it_has(text: str, name: str) -> None:
    fault = CHECKS[name](text)
    assert fault is None or 0 <= fault.start <= fault.start + fault.length <= len(text)


@given(st.from_regex("[0-9]{3,17}", fullmatch=True))
def test_one_digit_of_ten_is_the_right_check_digit(body: str) -> None:
    assert sum(check_digit(body + digit) is None for digit in "0123456789") == 1
