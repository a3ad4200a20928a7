"""Makes the hand that drives a till, and the shops in which somebody of the shop works at the glass."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.checkout.sale import Shop
from tests.checkout.pay_shop import Machine
from tests.checkout.staff_shop import StaffShop, StaffShops
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


@pytest.fixture
def staff_shops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StaffShops]:
    """Shops in simulated time; what is hashed in a thread is hashed at once."""

    async def at_once(work: Callable[..., Any], *given: Any) -> Any:
        await asyncio.sleep(0.1)
        return work(*given)

    monkeypatch.setattr("edge.checkout.staff.asyncio.to_thread", at_once)
    made: list[StaffShop] = []

    def make(*machines: Machine, **told: Any) -> StaffShop:
        made.append(StaffShop(tmp_path / f"ledger{len(made)}.db", *machines, **told))
        return made[-1]

    yield make
    for shop in made:
        shop.close()
