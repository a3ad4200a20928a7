"""The code of an enrolment as a terminal draws it: each letter it can have, in 80 columns."""

import pytest

from cloud_sync.contract.enrolment import CODE_LETTERS
from edge.cli.code import big_code


@pytest.mark.parametrize(
    "half", [CODE_LETTERS[start : start + 4] for start in range(0, len(CODE_LETTERS), 4)]
)
def test_every_letter_of_a_code_is_drawn_and_a_code_fits_a_terminal(half: str) -> None:
    lines = big_code(f"{half}-{half}").split("\n")
    assert len(lines) == 5
    assert all("█" in line and len(line) <= 80 for line in lines)


def test_no_two_letters_are_drawn_alike() -> None:
    assert len({big_code(letter) for letter in CODE_LETTERS}) == len(CODE_LETTERS)
