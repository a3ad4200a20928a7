"""A demo from its first start to its last: Ctrl-C and kill -9 leave nothing running, and the books go on."""

import signal
from pathlib import Path

import pytest

from tests.demo.live_shop import PATIENCE_S, LiveShop, begun, open_for_a_person, until

MIRROR, SHELF = "mirror-4", "shelf-b12"


def _nothing_runs(shop: LiveShop) -> None:
    until(lambda: not shop.pids(), f"nothing runs any more: {shop.pids()}")


def test_a_second_start_goes_on_with_the_same_books(tmp_path: Path) -> None:
    with open_for_a_person(tmp_path / "shop") as shop:
        shop.do("take", SHELF, "Colombia Huila 250 g")
        shop.see(SHELF, "basket")
        shop.tap(SHELF, "buy")
        shop.see(SHELF, "done")
        head = shop.status(SHELF)["head"]
        assert shop.close(signal.SIGINT) == 0
        _nothing_runs(shop)
    with open_for_a_person(tmp_path / "shop") as shop:
        assert shop.status(SHELF)["sales"] == 1
        assert shop.status(SHELF)["head"] > head
        shop.process.kill()  # and this time without a word
        shop.process.wait()
        _nothing_runs(shop)
    with open_for_a_person(tmp_path / "shop") as shop:
        assert shop.status(SHELF)["sales"] == 1
        shop.leave(SHELF)
        assert shop.close(signal.SIGTERM) == 0
        _nothing_runs(shop)


def test_a_first_start_that_was_interrupted_is_simply_done_again(tmp_path: Path) -> None:
    directory = tmp_path / "shop"
    hub, trust = directory / "hub", directory / "trust.json"
    for there, number in ((hub, signal.SIGKILL), (hub, signal.SIGINT), (trust, signal.SIGKILL)):
        with begun(directory) as process:
            assert process.stderr is not None
            assert "Opening the shop" in process.stderr.readline()
            until(there.exists, f"{there} is made")
            process.send_signal(number)
            assert process.wait(PATIENCE_S) == (0 if number is signal.SIGINT else -number)
    with open_for_a_person(directory) as shop:
        shop.do("take", SHELF, "Colombia Huila 250 g")
        shop.see(SHELF, "basket")
    _nothing_runs(shop)


def test_a_directory_with_a_very_long_name_opens_too(tmp_path: Path) -> None:
    deep = tmp_path / ("a-very-long-name-" * 10) / "shop"
    with open_for_a_person(deep) as shop:
        shop.do("hold", MIRROR, "Lambswool Scarf")
        shop.see(MIRROR, "product")
        assert shop.close(signal.SIGHUP) == 0
        _nothing_runs(shop)


pytestmark = pytest.mark.timeout(180)
