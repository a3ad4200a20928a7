"""Every line that the pages of an installation have somebody type is typed in booted machines.

That is `make system-test`; here its hands are held against the pages, and so are the tests that they name.
"""

import re

import pytest

from tests.docs.blocks import ROOT
from tests.system import hub_letter, identity_letter, letter
from tests.system.typist import lines


def test_each_line_of_the_page_has_somebody_who_types_it_there() -> None:
    assert lines(letter.PAGE) == [*letter.HANDS]


@pytest.mark.parametrize("page", hub_letter.PAGES)
def test_each_line_of_the_hubs_pages_has_somebody_who_types_it_there(page: str) -> None:
    assert hub_letter.here(page) == [*hub_letter.PAGES[page]]


@pytest.mark.parametrize("line", hub_letter.ELSEWHERE)
def test_a_line_that_is_typed_elsewhere_names_the_test_that_does(line: str) -> None:
    path, name = hub_letter.ELSEWHERE[line].split("::")
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE)


def test_each_line_of_the_objects_page_has_somebody_who_types_it_there() -> None:
    assert lines(identity_letter.OBJECT_PAGE) == [*identity_letter.OBJECT_LINES]
