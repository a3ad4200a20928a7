"""The physical shop: goods are where a hand left them, and nothing is made or lost."""

import itertools
from pathlib import Path

import pytest

from simulators.demo.bad_days import BadDayError
from simulators.demo.shop_files import CORNER, read_shop
from simulators.demo.world import CannotMoveError, Item, Move, Place, World, open_world

SHOP = read_shop(CORNER)
SHELF, MIRROR, TRAY, PANEL = "shelf-b12", "mirror-4", "tray-2", "panel-7"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return open_world(tmp_path / "world.json", SHOP)


def _scarf(world: World) -> Item:
    return next(item for item in world.items if item.name == "Lambswool Scarf")


def _pack(world: World) -> Item:
    return next(item for item in world.items if item.name == "Colombia Huila 250 g")


def test_at_the_opening_garments_hang_on_the_rail_and_coffee_lies_on_its_shelf(world: World) -> None:
    assert {item.name for item in world.in_field(SHELF)} == {
        "Colombia Huila 250 g",
        "Ethiopia Yirgacheffe 250 g",
    }
    assert not world.in_field(MIRROR)
    assert world.units_left() == SHOP.units_delivered()


def test_no_two_packs_weigh_the_same_and_each_is_within_its_tolerance(world: World) -> None:
    products = {product.gtin: product for product in SHOP.products}
    for item in world.items:
        product = products[item.gtin]
        assert abs(item.mass_mg - product.pack_mg) <= product.pack_tolerance_mg // 2
    assert len({item.mass_mg for item in world.in_field(SHELF)}) > 5


def test_what_is_held_up_and_put_away_hangs_on_the_rail_again(world: World) -> None:
    scarf = _scarf(world)
    world.move(Move.HOLD, scarf.epc, MIRROR)
    assert world.in_field(MIRROR) == world.in_hand(MIRROR) == [scarf]
    world.move(Move.AWAY, scarf.epc, MIRROR)
    assert scarf.place is Place.RAIL
    assert not world.in_field(MIRROR)


def test_what_is_laid_into_a_tray_is_felt_there_until_it_is_taken_out(world: World) -> None:
    scarf = _scarf(world)
    world.move(Move.LAY, scarf.epc, TRAY)
    assert world.in_field(TRAY) == world.in_hand(TRAY) == [scarf]
    world.move(Move.TAKE_OUT, scarf.epc, TRAY)
    assert world.item(scarf.epc).place is Place.RAIL
    world.move(Move.LAY, scarf.epc, TRAY)
    world.bought(TRAY, 3450, "EUR")
    with pytest.raises(CannotMoveError, match="bought"):
        world.move(Move.TAKE_OUT, scarf.epc, TRAY)
    world.move(Move.CARRY_OUT, scarf.epc, TRAY)
    assert world.item(scarf.epc).place is Place.GONE


def test_what_is_scanned_is_in_a_bag_where_nothing_feels_it(world: World) -> None:
    scarf = _scarf(world)
    world.move(Move.SCAN, scarf.epc, PANEL)
    assert world.scanned(PANEL) == world.in_hand(PANEL) == [scarf]
    assert not world.in_field(PANEL)
    world.move(Move.PUT_BACK, scarf.epc, PANEL)
    assert world.item(scarf.epc).place is Place.RAIL
    world.move(Move.SCAN, scarf.epc, PANEL)
    world.bought(PANEL, 3450, "EUR")
    assert not world.scanned(PANEL)
    world.move(Move.CARRY_OUT, scarf.epc, PANEL)
    assert world.item(scarf.epc).place is Place.GONE


def test_what_is_bought_leaves_the_shop(world: World) -> None:
    pack = _pack(world)
    world.move(Move.TAKE, pack.epc, SHELF)
    purchase = world.bought(SHELF, 990, "EUR")
    assert purchase.epcs == (pack.epc,)
    world.move(Move.CARRY_OUT, pack.epc, SHELF)
    assert pack.place is Place.GONE
    assert world.units_left()[pack.gtin] == SHOP.units_delivered()[pack.gtin] - 1


# Said without the table of moves: where a hand must not reach.
NEVER = [
    (Move.TAKE, "scarf", "taken from a shelf that it is not on"),
    (Move.AWAY, "scarf", "taken away from a mirror that it is not at"),
    (Move.PUT_BACK, "scarf", "put back on a shelf that it never lay on"),
    (Move.CARRY_OUT, "scarf", "carried out without being bought"),
    (Move.HOLD, "pack", "held up while it lies on the shelf"),
    (Move.LAY, "pack", "laid into a tray while it lies on the shelf"),
    (Move.SCAN, "pack", "scanned while it lies on the shelf"),
    (Move.TAKE_OUT, "scarf", "taken out of a tray that it is not in"),
    (Move.PUT_BACK, "pack", "put back while it lies there"),
    (Move.CARRY_OUT, "pack", "carried out without being bought"),
]


@pytest.mark.parametrize(("move", "what", "why"), NEVER)
def test_a_hand_cannot_do_what_cannot_be(move: Move, what: str, why: str, world: World) -> None:
    item = _scarf(world) if what == "scarf" else _pack(world)
    with pytest.raises(CannotMoveError, match=item.name):
        world.move(move, item.epc, SHELF)
    assert item.place in {Place.RAIL, Place.SHELF}, why


def test_what_is_bought_is_not_put_back(world: World) -> None:
    pack = _pack(world)
    world.move(Move.TAKE, pack.epc, SHELF)
    world.bought(SHELF, 990, "EUR")
    with pytest.raises(CannotMoveError, match="bought"):
        world.move(Move.PUT_BACK, pack.epc, SHELF)


def test_a_tag_of_another_shop_is_refused(world: World) -> None:
    with pytest.raises(CannotMoveError, match="of an item of this shop"):
        world.move(Move.HOLD, "E2801160600002054CC2096F", MIRROR)


def test_a_new_supervisor_finds_everything_where_it_was(tmp_path: Path, world: World) -> None:
    pack, scarf = _pack(world), _scarf(world)
    world.move(Move.TAKE, pack.epc, SHELF)
    world.bought(SHELF, 990, "EUR")
    world.move(Move.HOLD, scarf.epc, MIRROR)
    again = open_world(tmp_path / "world.json", SHOP)
    assert again.items == world.items
    assert again.purchases == world.purchases


def test_a_file_that_is_no_world_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text("{", encoding="utf-8")
    with pytest.raises(BadDayError, match="is not the world of a demo"):
        open_world(tmp_path / "world.json", SHOP)


def test_however_hands_move_nothing_is_made_or_lost(world: World) -> None:
    everything = {item.epc for item in world.items}
    for move, item, place in itertools.product(Move, list(world.items)[::5], (SHELF, MIRROR, TRAY, PANEL)):
        try:
            world.move(move, item.epc, place)
        except CannotMoveError:
            continue
    assert {item.epc for item in world.items} == everything
    assert world.units_left() == SHOP.units_delivered()
