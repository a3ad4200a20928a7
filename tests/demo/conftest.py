"""A whole shop for the tests of the demo: started once, and asked over HTTP as a person would."""

from collections.abc import Iterator

import pytest

from tests.demo.live_shop import LiveShop, open_for_a_person


@pytest.fixture(scope="package")
def live_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveShop]:
    """A shop that is open; every test moves goods of its own. See tests/longest_first.py."""
    with open_for_a_person(tmp_path_factory.mktemp("shop")) as shop:
        yield shop
