"""Sessions from seeds before a noisy shelf and a crowded mirror: the bill is what is in the hands."""

import random

import pytest

from edge.events import Left, Presented
from tests.sensors.noisy_mirror import NoisyMirror
from tests.sensors.noisy_shelf import NoisyShelf, shop

ACTS = ("take", "take", "take", "put", "put", "grab", "swap", "lean", "misplace")


@pytest.mark.parametrize("told", [True, False], ids=["with RSSI", "without RSSI"])
@pytest.mark.parametrize("seed", range(12))
def test_whatever_two_hands_do_the_bill_is_what_they_hold(seed: int, told: bool) -> None:
    luck = random.Random(seed)
    shelf = NoisyShelf(seed, told=told)
    shop(shelf, luck.choices(ACTS, k=luck.randint(1, 6)))
    assert (shelf.right, shelf.asking, shelf.false_words) == (True, False, 0)


@pytest.mark.parametrize("seed", range(8))
def test_a_pack_that_is_held_before_the_reader_is_told_by_how_weakly_it_is_heard(seed: int) -> None:
    shelf = NoisyShelf(seed)
    shop(shelf, ["hold", "take"])
    assert shelf.right
    assert shelf.false_words == 0


@pytest.mark.parametrize(
    ("seed", "told"), [(0, True), (1, True), (7, True), (0, False), (2, False), (6, False)]
)
def test_nobody_is_asked_while_a_slow_reader_is_still_finding_out_that_a_tag_left(
    seed: int, told: bool
) -> None:
    shelf = NoisyShelf(seed, told=told)
    shelf.round_ms = 120
    shelf.wait(4_000)
    shelf.take(shelf.lying[0], lingers_ms=2_500)
    shelf.wait(10_000)
    assert (shelf.right, shelf.asked, shelf.false_words) == (True, False, 0)


@pytest.mark.parametrize("seed", range(8))
def test_a_lean_charges_nobody(seed: int) -> None:
    shelf = NoisyShelf(seed)
    shop(shelf, ["lean", "lean", "lean"])
    assert shelf.basket == set()
    assert not shelf.asking


@pytest.mark.parametrize("seed", range(8))
def test_everything_put_back_leaves_an_empty_bill(seed: int) -> None:
    shelf = NoisyShelf(seed)
    shop(shelf, ["take", "take", "grab"])
    for item in list(shelf.held):
        shelf.put(item)
        shelf.wait(800)
    shelf.wait(6_000)
    assert shelf.basket == set()
    assert not shelf.asking


@pytest.mark.parametrize("seed", range(12))
def test_only_what_is_held_up_is_shown_among_twenty_neighbours(seed: int) -> None:
    mirror = NoisyMirror(seed)
    mirror.wait(2_000 * (seed % 2))
    held_ms = mirror.ms
    garment = mirror.hold_up("30AA")
    mirror.wait(2_000)
    mirror.garments.remove(garment)
    mirror.wait(3_000)
    assert [event for _, event in mirror.heard] == [Presented("30AA"), Left("30AA")]
    assert mirror.heard[0][0] - held_ms <= 500
