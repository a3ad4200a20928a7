"""Of the dearest tests in Chromium a quarter runs, others with each seed; all of them in `make soak`."""

import zlib
from typing import Final

import pytest

from tests.long_form import LONG

_PAGES: Final = ("certificates", "languages", "ledgers", "looks", "receipts")
SAMPLED: Final = tuple(f"tests/verify/test_page_{page}.py" for page in _PAGES)
"""A browser opens a page for each of some two hundred tests, and each takes half a second of a core."""

_ONE_OF: Final = 4


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave those out whose turn it is not; a file or a test that is asked for by name runs whole."""
    if LONG or config.getoption("keyword") or config.args != ["tests"]:
        return
    seed = config.getoption("randomly_seed", 0)
    rests = [
        each
        for each in items
        if each.nodeid.startswith(SAMPLED) and zlib.crc32(f"{seed} {each.nodeid}".encode()) % _ONE_OF
    ]
    config.hook.pytest_deselected(items=rests)
    resting = set(rests)
    items[:] = [each for each in items if each not in resting]
