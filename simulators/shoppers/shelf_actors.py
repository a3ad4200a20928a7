"""What people do before a shelf, from shopping to fraud."""

from simulators.shoppers.shelf import IN_BAG, NEXT_SHELF, Shelf
from simulators.shoppers.stage import Actor


def taking(shelf: Shelf, count: int = 1) -> Actor:
    """Take some, one after the other, into the bag, and go."""
    bag = []
    for _ in range(count):
        yield shelf.wait(400, 2_000)
        bag.append(shelf.choose())
        shelf.lift(bag[-1])
        yield shelf.wait(300, 2_500)
        shelf.move(bag[-1], IN_BAG)
    yield shelf.wait(300, 1_500)
    shelf.carry_off(*bag)


def grabbing(shelf: Shelf) -> Actor:
    """Take two with one movement of both hands."""
    yield shelf.wait(400, 2_000)
    left, right = shelf.choose(), shelf.choose()
    shelf.lift(left)
    yield shelf.wait(0, 250)
    shelf.lift(right)
    yield shelf.wait(500, 2_000)
    shelf.move(left, IN_BAG)
    shelf.move(right, IN_BAG)
    yield shelf.wait(300, 1_000)
    shelf.carry_off(left, right)


def thinking_better(shelf: Shelf) -> Actor:
    """Take one, look at it, and lay it back."""
    yield shelf.wait(400, 2_000)
    item = shelf.choose()
    shelf.lift(item)
    yield shelf.wait(600, 5_000)
    shelf.lay(item)


def swapping(shelf: Shelf) -> Actor:
    """Take one, lay it back, and take another one instead, perhaps with the other hand at the same time."""
    yield shelf.wait(400, 2_000)
    first, second = shelf.choose(), shelf.choose()
    shelf.lift(first)
    yield shelf.wait(1_500, 4_000)
    shelf.lay(first)
    yield shelf.wait(0, 1_200)
    shelf.lift(second)
    yield shelf.wait(500, 2_000)
    shelf.carry_off(second)


def leaning(shelf: Shelf) -> Actor:
    """Lean on the board for a while, and take one with the other hand in the meantime, or none."""
    yield shelf.wait(400, 1_500)
    push_mg = shelf.wait(150_000, 4_000_000)
    shelf.press(push_mg, push_mg // shelf.wait(20, 60))
    yield shelf.wait(500, 3_000)
    item = shelf.choose() if shelf.luck.random() < 0.5 else None
    if item is not None:
        shelf.lift(item)
    yield shelf.wait(500, 2_500)
    shelf.press(0, 0)
    yield shelf.wait(500, 1_500)
    if item is not None:
        shelf.carry_off(item)


def looking(shelf: Shelf) -> Actor:
    """Look, touch nothing, and stand between the antenna and the goods."""
    yield shelf.wait(300, 1_500)
    shelf.stand_before(shelf.luck.uniform(3, 20))
    yield shelf.wait(1_000, 6_000)
    shelf.stand_before(0)


def passing(shelf: Shelf) -> Actor:
    """Walk past with a bag of tagged things from elsewhere."""
    yield shelf.wait(500, 3_000)
    bag = [shelf.stranger() for _ in range(shelf.wait(1, 3))]
    for item in bag:
        shelf.move(item, NEXT_SHELF)
    yield shelf.wait(700, 2_000)
    shelf.carry_off(*bag)


def misplacing(shelf: Shelf) -> Actor:
    """Leave a tagged thing that belongs elsewhere, and perhaps take one of here instead."""
    yield shelf.wait(400, 2_000)
    item = shelf.choose() if shelf.luck.random() < 0.5 else None
    if item is not None:
        shelf.lift(item)
        yield shelf.wait(500, 2_000)
        shelf.carry_off(item)
    yield shelf.wait(300, 3_000)
    shelf.lay(shelf.stranger())


def misplacing_next_door(shelf: Shelf) -> Actor:
    """Take one, and leave it on the next shelf, where its tag is still heard now and then."""
    yield shelf.wait(400, 2_000)
    item = shelf.choose()
    shelf.lift(item)
    yield shelf.wait(1_000, 3_000)
    shelf.move(item, NEXT_SHELF)


def hiding(shelf: Shelf) -> Actor:
    """Push a thing behind a tin, where its tag is not heard; it still lies there."""
    yield shelf.wait(400, 2_000)
    shelf.hide(shelf.choose())


def tearing_off(shelf: Shelf) -> Actor:
    """Take a thing and leave its tag."""
    yield shelf.wait(400, 2_000)
    shelf.lift(shelf.choose(), leave_tag=True)


def replacing(shelf: Shelf) -> Actor:
    """Take a thing, and leave something as heavy that has no tag."""
    yield shelf.wait(400, 2_000)
    item = shelf.choose()
    shelf.lift(item)
    yield shelf.wait(300, 1_500)
    shelf.lay_unknown(round(item.mass_mg * shelf.luck.uniform(0.99, 1.01)))
    yield shelf.wait(300, 1_500)
    shelf.carry_off(item)
