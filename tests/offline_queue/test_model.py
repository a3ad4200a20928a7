"""Whatever is asked of a pen, in any order and however often it crashes: it says what a plain model says."""

from collections.abc import Callable
from pathlib import Path

from tests.offline_queue.faults.keeper import Keeper, problems_of
from tests.offline_queue.faults.machine import SHORT, check_days
from tests.offline_queue.faults.shop import KEY, NEXT_KEY


def test_a_pen_and_a_plain_model_of_it_agree(tell: Callable[[str], None]) -> None:
    days = check_days()
    assert days >= SHORT.max_examples
    tell(f"model: {days} days of at most {SHORT.stateful_step_count} steps, derandomised")


def test_a_key_that_was_handed_over_may_come_back_as_often_as_it_likes(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "ledger.db")
    keeper.open()
    for number, key in enumerate((NEXT_KEY, KEY, NEXT_KEY, KEY)):
        keeper.rotate(key)
        keeper.sell(number)
    keeper.close()
    assert problems_of(keeper.path) == []
