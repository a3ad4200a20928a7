"""Makes the hand that drives a till."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.checkout.sale import Shop
from tests.checkout.till_hand import Hand


@pytest.fixture
def hands(tmp_path: Path) -> Iterator[Callable[[str], Hand]]:
    """Make the hand for one object: only the `shelf` sells from itself."""
    made: list[Hand] = []

    def make(kind: str) -> Hand:
        place = {"mirror": Shop("mirror-4", "floor", "acc", "Europe/Berlin")}
        place["tray"] = Shop("tray-1", "floor", "acc", "Europe/Berlin", lists=True)
        place["panel"] = Shop("panel-2", "floor", "acc", "Europe/Berlin")
        place["shelf"] = Shop("shelf-b12", "shelf-b12", "acc", "Europe/Berlin")
        made.append(Hand(tmp_path, place[kind]))
        return made[-1]

    yield make
    for hand in made:
        hand.close()
