"""A demo from its first start to its last: Ctrl-C and kill -9 leave nothing running, and the books go on."""

import signal
from pathlib import Path

import pytest

from tests.demo.live_shop import PATIENCE_S, LiveShop, begun, open_for_a_person, until
from tests.demo.made_shop import MIRROR, NAME, make_long_rail


def _nothing_runs(shop: LiveShop) -> None:
    until(lambda: not shop.pids(), f"nothing runs any more: {shop.pids()}")


@pytest.fixture
def rail(tmp_path: Path) -> Path:
    """The files of a shop with one object: to start it takes less than half of what the corner shop takes."""
    return make_long_rail(tmp_path / "files", 3)


def test_a_second_start_goes_on_with_the_same_books(tmp_path: Path, rail: Path) -> None:
    with open_for_a_person(tmp_path / "shop", rail) as shop:
        shop.do("hold", MIRROR, NAME)
        shop.see(MIRROR, "product")
        shop.tap(MIRROR, "buy")
        shop.see(MIRROR, "done")
        head = shop.status(MIRROR)["head"]
        assert shop.close(signal.SIGINT) == 0
        _nothing_runs(shop)
    with open_for_a_person(tmp_path / "shop", rail) as shop:
        assert shop.status(MIRROR)["sales"] == 1
        assert shop.status(MIRROR)["head"] > head
        shop.process.kill()  # and this time without a word
        shop.process.wait()
        _nothing_runs(shop)
    with open_for_a_person(tmp_path / "shop", rail) as shop:
        assert shop.status(MIRROR)["sales"] == 1
        shop.leave(MIRROR)
        assert shop.close(signal.SIGTERM) == 0
        _nothing_runs(shop)


def test_a_first_start_that_was_interrupted_is_simply_done_again(tmp_path: Path, rail: Path) -> None:
    directory = tmp_path / "shop"
    hub, trust = directory / "hub", directory / "trust.json"
    for there, number in ((hub, signal.SIGKILL), (hub, signal.SIGINT), (trust, signal.SIGKILL)):
        with begun(directory, rail) as process:
            assert process.stderr is not None
            assert "Opening the shop" in process.stderr.readline()
            until(there.exists, f"{there} is made")
            process.send_signal(number)
            assert process.wait(PATIENCE_S) == (0 if number is signal.SIGINT else -number)
    with open_for_a_person(directory, rail) as shop:
        shop.do("hold", MIRROR, NAME)
        shop.see(MIRROR, "product")
    _nothing_runs(shop)


def test_a_directory_with_a_very_long_name_opens_too(tmp_path: Path, rail: Path) -> None:
    deep = tmp_path / ("a-very-long-name-" * 10) / "shop"
    with open_for_a_person(deep, rail) as shop:
        shop.do("hold", MIRROR, NAME)
        shop.see(MIRROR, "product")
        assert shop.close(signal.SIGHUP) == 0
        _nothing_runs(shop)


pytestmark = pytest.mark.timeout(180)
