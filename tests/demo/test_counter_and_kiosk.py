"""The tray and the panel of an open shop on good days and on bad: unplugged, foreign, killed, unknown."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any, Final

import pytest

from simulators.hand import ask
from tests.demo.live_shop import LiveShop, until

TRAY, PANEL = "tray-2", "panel-7"
SCARF, JEANS, SWEATER = "Lambswool Scarf", "Straight Jeans 32/32", "Merino Crew Sweater M"
# The very piece that the shopper before has shown counts again once it has been out of view for so long.
SAME_LOOK_S: Final = 1.1
LOOKED_AWAY: Final = threading.Event()
FOREIGN: Final = "E2801160600002054CC2096F"


def hand(shop: LiveShop, name: str, **order: Any) -> Any:
    """An order to a device that no button of the control page gives."""
    return ask(shop.layout.bench_socket(name), order)


def notices(shop: LiveShop, name: str) -> list[str]:
    return [each["kind"] for each in shop.state(name).get("notices", [])]


@pytest.fixture
def tray(live_shop: LiveShop) -> Iterator[LiveShop]:
    live_shop.leave(TRAY)
    yield live_shop
    for item in (SCARF, JEANS):
        live_shop.do("take out", TRAY, item)
    live_shop.leave(TRAY)


@pytest.fixture
def panel(live_shop: LiveShop) -> Iterator[LiveShop]:
    live_shop.leave(PANEL)
    LOOKED_AWAY.wait(SAME_LOOK_S)
    yield live_shop
    for item in (SCARF, JEANS):
        live_shop.do("put back", PANEL, item)
    with contextlib.suppress(KeyError):
        live_shop.tap(PANEL, "cancel")
    live_shop.leave(PANEL)


def check_units(shop: LiveShop, name: str, count: int) -> None:
    until(lambda: shop.state(name).get("units") == count, f"{count} units at {name}")


def test_all_that_lies_in_the_tray_is_one_bill_and_what_is_taken_out_is_not_on_it(tray: LiveShop) -> None:
    tray.do("lay", TRAY, SCARF)
    tray.do("lay", TRAY, JEANS)
    check_units(tray, TRAY, 2)
    assert tray.state(TRAY)["charge"]["total"] == {"amount_minor": 3450 + 8900, "currency": "EUR"}
    tray.do("take out", TRAY, JEANS)
    check_units(tray, TRAY, 1)
    assert tray.state(TRAY)["charge"]["total"]["amount_minor"] == 3450


def test_something_foreign_in_the_tray_is_said_and_nothing_is_sold_until_it_is_out(tray: LiveShop) -> None:
    tray.do("lay", TRAY, SCARF)
    check_units(tray, TRAY, 1)
    hand(tray, TRAY, device="reader", verb="put", epc=FOREIGN, rssi_dbm=-42)
    hand(tray, TRAY, device="scale", verb="put", mass_mg=80_000)
    try:
        assert tray.see(TRAY, "sensors")["contradiction"] == "foreign-item"
        assert tray.tap(TRAY, "buy") == {"answer": "refused"}
    finally:
        hand(tray, TRAY, device="scale", verb="take", mass_mg=80_000)
        hand(tray, TRAY, device="reader", verb="take", epc=FOREIGN)
    check_units(tray, TRAY, 1)


def test_what_is_shown_to_the_panel_is_on_the_bill_and_can_be_taken_off(panel: LiveShop) -> None:
    panel.do("scan", PANEL, SCARF)
    panel.do("scan", PANEL, JEANS)
    check_units(panel, PANEL, 2)
    assert panel.state(PANEL)["charge"]["total"]["amount_minor"] == 3450 + 8900
    assert panel.tap(PANEL, "cancel") == {"answer": "accepted"}
    panel.see(PANEL, "attract")


def test_an_unknown_code_is_a_notice_and_the_rest_is_sold(panel: LiveShop) -> None:
    panel.do("scan", PANEL, SCARF)
    check_units(panel, PANEL, 1)
    hand(panel, PANEL, device="scanner", verb="scan", text="4006381333931", symbology="]E0")
    until(lambda: "unknown" in notices(panel, PANEL), "the notice")
    assert panel.state(PANEL)["units"] == 1


def test_the_code_of_a_member_whom_nobody_knows_is_a_notice_and_stays_out_of_every_log(
    panel: LiveShop,
) -> None:
    until(lambda: not panel.state(PANEL)["offline"], "the hub")
    hand(panel, PANEL, device="scanner", verb="scan", text="opos:member:8471", symbology="]Q1")
    until(lambda: "member-unknown" in notices(panel, PANEL), "the notice")
    logs = (path.read_bytes() for path in panel.layout.logs.iterdir())
    assert not any(b"8471" in log for log in logs)
    assert b"8471" not in panel.layout.ledger(PANEL).with_name("telemetry.db").read_bytes()


def test_a_panel_whose_only_scanner_is_unplugged_says_so_and_keeps_what_was_scanned(panel: LiveShop) -> None:
    panel.do("scan", PANEL, SCARF)
    check_units(panel, PANEL, 1)
    hand(panel, PANEL, device="scanner", verb="unplug")
    try:
        panel.see(PANEL, "out-of-service")
    finally:
        hand(panel, PANEL, device="scanner", verb="plug")
    check_units(panel, PANEL, 1)


def test_a_panel_that_is_killed_shows_the_same_bill_and_nobody_scans_again(panel: LiveShop) -> None:
    panel.do("scan", PANEL, SCARF)
    panel.do("scan", PANEL, JEANS)
    check_units(panel, PANEL, 2)
    before = panel.state(PANEL)
    os.kill(panel.pid_of("object run", PANEL), signal.SIGKILL)
    until(lambda: panel.state(PANEL).get("number", 0) > before["number"] + 1_000, "another life's screen")
    check_units(panel, PANEL, 2)
    assert panel.state(PANEL)["charge"] == before["charge"]
    panel.do("scan", PANEL, SWEATER)
    check_units(panel, PANEL, 3)
    panel.do("put back", PANEL, SWEATER)


def test_two_of_a_kind_are_two(panel: LiveShop) -> None:
    panel.do("scan", PANEL, SCARF)
    panel.do("scan", PANEL, SCARF)
    check_units(panel, PANEL, 2)
    panel.do("put back", PANEL, SCARF)
