"""Bad days at a card terminal: what the shopper is told, and what the terminal's own books say of it."""

import random
from typing import Final

import pytest

from edge.checkout.payments.terminal import ZVT
from edge.checkout.receipts import customer_lines
from tests.long_form import LONG, one_of
from tests.payments.life import Life
from tests.payments.scene import TOTAL_MINOR, Part, Shopper
from tests.payments.zvt.cable import ASK, Cable
from tests.payments.zvt.shop import DAYS, NEXT, ONCE, Cut, World, told_of_the_one_before

# A reboot, a fuse that somebody has to find, a night.
DARK_S: Final = (1.0, 7.0, 20.0, 70.0, 400.0, 40_000.0)

# Registration, fence, payment and receipt are some forty messages; behind them somebody only looks again.
_OF_THE_PAYMENT: Final = 40
# Eighteen days share the steps among them: each cuts some of them, and which ones its name decides.
_CUTS: Final = 20 if LONG else 8
_LATER: Final = 4 if LONG else 2
_PAIRS: Final = 6 if LONG else 3

# Two shoppers came: the terminal holds the price of none, of one or of both; and a part that a host has
# approved and nobody could give back, which a person is told of.
PART_MINOR: Final = 400
HELD_MINOR: Final = frozenset(
    sales * TOTAL_MINOR + part * PART_MINOR for sales in range(3) for part in range(2)
)

TOLD = {
    "ok": ["paid"],
    "lost request": ["cancelled"],
    "lost reply": ["paid"],
    "late": ["paid"],
    "declined": ["declined"],
    "declined, lost": ["cancelled"],
    "partial": ["gives-back"],
    "refused": ["declined"],
    "delayed": ["cancelled"],
    "duplicate push": ["paid"],
    "reordered push": ["paid"],
    "lookup says no, then yes": ["paid"],
    "lost answer": ["cancelled"],
    "lost end": ["paid"],
    "lost accept": ["paid"],
    "host reply lost": ["declined"],
    "pulled out": ["cancelled"],
    "takes back the wrong one": ["gives-back"],
}


@pytest.mark.parametrize("name", DAYS)
def test_a_bad_day_ends_as_the_terminals_own_books_say(name: str) -> None:
    world = World(DAYS[name])
    world.live([ONCE])
    assert world.told == TOLD[name]
    world.scene.over()


@pytest.mark.parametrize("name", DAYS)
def test_the_power_goes_at_every_step_of_a_payment_and_no_money_is_lost(name: str) -> None:
    luck = random.Random(name)
    whole = World(DAYS[name])
    steps = whole.live([ONCE])
    whole.scene.over()
    for step in _chosen(steps, luck):
        world = World(DAYS[name])
        world.live([ONCE], Cut(step, luck.choice(DARK_S)))
        world.live([NEXT])
        assert world.held_minor in HELD_MINOR
        world.scene.over()


@pytest.mark.parametrize("name", DAYS)
def test_the_power_goes_again_at_the_steps_of_the_recovery(name: str) -> None:
    luck = random.Random(name)
    for _ in range(_PAIRS):
        world = World(DAYS[name])
        world.live([ONCE], Cut(luck.randrange(8, 34), luck.choice(DARK_S)))
        world.live([NEXT], Cut(luck.randrange(30), luck.choice(DARK_S)))
        world.live()
        assert world.held_minor in HELD_MINOR
        world.scene.over()


def _chosen(steps: int, luck: random.Random) -> list[int]:
    """Half of the steps of the payment itself, and some of the long wait behind it."""
    early, later = range(min(steps, _OF_THE_PAYMENT)), range(_OF_THE_PAYMENT, steps)
    chosen = luck.sample(early, min(_CUTS, len(early))), luck.sample(later, min(_LATER, len(later)))
    return [step for steps in chosen for step in sorted(steps)]


def test_after_the_last_trace_comes_the_first_and_the_fence_knows() -> None:
    for name in ("ok", "lost reply", "lost request", "lost answer"):
        for trace in (999_996, 999_997, 999_998):  # the other till takes one more
            for step in one_of(3, range(16, 30, 2)):
                world = World(DAYS[name], trace)
                world.live([ONCE], Cut(step))
                world.live([NEXT])
                assert world.held_minor in HELD_MINOR, (name, trace, step)
                world.scene.over()


def test_the_terminal_counts_over_its_end_and_is_paid_at() -> None:
    world = World(DAYS["ok"], 999_997)
    world.live([ONCE, NEXT])
    assert world.told == ["paid", "paid"]
    assert [entry["trace"] for entry in world.books] == [999_999, 1]
    world.scene.over()


def test_a_cancelled_payment_ends_at_the_terminal_too() -> None:
    world = World(DAYS["ok"], taps="")
    world.live([Shopper("sale-1", (Part(ZVT, tries=1, stops_after_s=5.0),))])
    assert (world.told, world.books) == (["cancelled"], [])
    world.scene.over()


def test_a_card_that_was_faster_than_the_cancellation_has_paid() -> None:
    world = World(DAYS["ok"])
    world.live([Shopper("sale-1", (Part(ZVT, tries=1, stops_after_s=2.3),))])
    assert (world.told, world.held_minor) == (["paid"], TOTAL_MINOR)
    world.scene.over()


def test_two_shoppers_at_one_terminal_pay_one_after_the_other() -> None:
    world = World(DAYS["ok"])
    world.live([ONCE, Shopper("sale-2", (Part(ZVT, tries=1),), comes_s=0.5)])
    assert sorted(world.told) == ["paid", "unavailable"]
    world.scene.over()


def test_what_the_terminal_waits_for_is_told_as_stable_codes() -> None:
    world = World(DAYS["ok"])
    world.live([ONCE])
    assert world.prompts == ["card", "host", "nothing"]
    world.scene.over()


def test_the_shoppers_receipt_is_kept_also_of_a_payment_that_was_asked_about() -> None:
    for name in ("ok", "lost reply", "late"):
        world = World(DAYS[name])
        kept: list[tuple[str, ...]] = []

        def look(_life: Life, cable: Cable, kept: list[tuple[str, ...]] = kept) -> None:
            assert cable.provider is not None
            said = cable.provider.receipt_lines("attempt-1-1")
            kept.append(customer_lines(said, ["attempt-1-1"]))

        world.look = look
        world.live([ONCE])
        (lines,) = kept
        assert "Kundenbeleg" in lines
        assert any("############0119" in line for line in lines)
        assert not any("4761739001010119" in line for line in lines)
        world.scene.over()


def test_an_old_answer_of_the_terminal_pays_for_no_second_sale() -> None:
    world = told_of_the_one_before()
    assert world.told == ["paid", "cancelled"]
    world.scene.over()


def test_a_terminal_that_cannot_say_how_far_it_has_counted_is_paid_at_later() -> None:
    world = World(DAYS["ok"])
    world.orders = {ASK: {"verb": "trouble", "what": "lose-end"}}
    later = [Shopper(f"sale-{turn}", (Part(ZVT, tries=1),), comes_s=turn * 100.0) for turn in (2, 3)]
    world.live([ONCE, *later])
    assert world.told == ["unavailable", "paid", "paid"]
    world.scene.over()


def test_a_terminal_in_place_of_another_is_not_believed_about_the_other() -> None:
    world = World(DAYS["ok"])
    world.live([ONCE], Cut(30, 1.0))
    open_before = World(DAYS["ok"], 500, terminal_id=87_654_321)
    world.device, world.before_minor = open_before.device, open_before.before_minor + TOTAL_MINOR
    world.live([NEXT])
    assert world.told == ["unavailable", "person"]
    open_before.scene.over()
    world.scene.over()


def test_a_terminal_that_begins_to_count_anew_costs_one_person_and_no_money() -> None:
    world = World(DAYS["ok"], 5_000)
    shoppers = [Shopper(f"sale-{turn}", (Part(ZVT, tries=1),), comes_s=turn * 1_000.0) for turn in (1, 2, 3)]
    world.live(shoppers[:1])
    world.device._desk.books.trace = 0
    world.live(shoppers[1:])
    assert world.told == ["paid", "person", "paid"]
    world.scene.over()


@pytest.mark.parametrize("receipts", ["lines", "blocks"])
def test_a_terminal_that_hides_nothing_leaves_no_card_number_behind(receipts: str) -> None:
    world = World(DAYS["ok"], shows="track2", receipts=receipts)
    kept: list[str] = []
    world.look = lambda _life, cable: kept.extend(map(repr, (*cable.heard, vars(cable.provider))))
    world.live([ONCE])
    assert world.told == ["paid"]
    kept += [path.read_bytes().decode("latin-1") for path in world.scene.directory.iterdir()]
    assert any("0119" in text for text in kept)
    assert not any("4761739001010119" in text or "173900101" in text for text in kept)
    world.scene.over()
