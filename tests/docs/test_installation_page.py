"""Every line that docs/install.md has somebody type is typed in booted machines (`make system-test`)."""

from tests.system.letter import HANDS, lines


def test_each_line_of_the_page_has_somebody_who_types_it_there() -> None:
    assert lines() == [*HANDS]
