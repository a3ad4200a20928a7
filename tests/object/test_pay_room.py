"""The ways to pay of an object's file, as its till offers them once the object has started."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.checkout.payments.house import HouseBook
from edge.config import load
from edge.drivers.uris import PeripheralUriError
from edge.runtime.payments import PayBooks, PayRoom
from tests.checkout.pay_shop import PayShop
from tests.object.test_config import GOOD, ONE_WAY, WAYS, write


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[PayShop]:
    made = PayShop(tmp_path / "ledger.db")
    yield made
    made.close()


def room(directory: Path, shop: PayShop, ways: str) -> PayRoom:
    config = load(write(directory, GOOD.replace(ONE_WAY, ways)))
    return PayRoom(config, PayBooks(shop.book, HouseBook()), shop.till, shop, shop.shown.get)


@pytest.mark.parametrize(
    ("ways", "names"),
    [
        (WAYS, ["zvt", "desk", "wechat"]),
        (ONE_WAY, []),
        ('[tender]\nkind="desk"\n', ["desk"]),
        ('[tender]\nkind="wallet"\n', ["wallet"]),
    ],
)
def test_the_till_is_paid_by_the_ways_of_the_file(
    tmp_path: Path, shop: PayShop, ways: str, names: list[str]
) -> None:
    pays = room(tmp_path, shop, ways)
    assert list(pays.cashier.providers) == names
    assert not shop.state.trouble


def test_a_day_is_ended_at_each_terminal_of_the_file(tmp_path: Path, shop: PayShop) -> None:
    assert room(tmp_path, shop, WAYS).terminals.end_day()
    assert not room(tmp_path, shop, ONE_WAY).terminals.end_day()


def test_a_terminal_of_an_unknown_kind_is_named(tmp_path: Path, shop: PayShop) -> None:
    with pytest.raises(PeripheralUriError, match="zvt-pigeon"):
        room(tmp_path, shop, '[tender]\nkind = "zvt"\nuri = "tcp:10.0.0.9:20007?profile=zvt-pigeon"\n')
