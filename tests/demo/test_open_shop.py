"""An open shop: a hand moves goods, the glass follows, and whatever dies comes back and has lost nothing."""

import contextlib
import json
import os
import signal
import sqlite3

import httpx
import pytest

from tests.demo.live_shop import OBJECTS, LiveShop, until

MIRROR, SHELF = "mirror-4", "shelf-b12"


def test_a_garment_that_is_held_up_is_offered_and_then_put_away(live_shop: LiveShop) -> None:
    live_shop.leave(MIRROR)
    assert live_shop.do("hold", MIRROR, "Straight Jeans 32/32").status_code == 204
    shown = live_shop.see(MIRROR, "product")
    assert shown["tag"]["name"] == "Straight Jeans 32/32"
    assert shown["charge"]["total"] == {"amount_minor": 8900, "currency": "EUR"}
    live_shop.do("away", MIRROR, "Straight Jeans 32/32")
    live_shop.see(MIRROR, "attract")


def test_a_pack_that_is_bought_on_the_glass_itself_is_in_the_shoppers_books_and_carried_out(
    live_shop: LiveShop,
) -> None:
    live_shop.leave(SHELF)
    sold = live_shop.status(SHELF)["sales"]
    live_shop.do("take", SHELF, "Ethiopia Yirgacheffe 250 g")
    assert live_shop.see(SHELF, "basket")["charge"]["total"]["amount_minor"] == 1150
    assert live_shop.tap(SHELF, "buy") == {"answer": "accepted"}
    live_shop.see(SHELF, "done")
    assert live_shop.status(SHELF)["sales"] == sold + 1
    until(lambda: live_shop.figures()["sales"].get(SHELF) == sold + 1, "the sale at the hub")
    until(
        lambda: live_shop.do("carry out", SHELF, "Ethiopia Yirgacheffe 250 g").status_code == 204,
        "the pack carried out",
    )
    live_shop.leave(SHELF)
    until(lambda: {"picked-up", "bought"} <= _interest(live_shop), "what interested the shopper, at the hub")


def _interest(live_shop: LiveShop) -> set[str]:
    """What people did with products, as the hub has heard of it."""
    with contextlib.closing(sqlite3.connect(live_shop.layout.hub / "hub.db")) as database:
        bodies = database.execute("SELECT body FROM telemetry WHERE kind = 'Interest'").fetchall()
    return {json.loads(body)["act"] for (body,) in bodies}


def test_two_packs_are_a_basket_and_one_put_back_is_not_paid(live_shop: LiveShop) -> None:
    live_shop.leave(SHELF)
    sold = live_shop.status(SHELF)["sales"]
    for _ in range(2):
        live_shop.do("take", SHELF, "Colombia Huila 250 g")
    until(lambda: live_shop.state(SHELF).get("units") == 2, "two packs")
    live_shop.do("put back", SHELF, "Colombia Huila 250 g")
    until(lambda: live_shop.state(SHELF).get("units") == 1, "one pack")
    live_shop.do("put back", SHELF, "Colombia Huila 250 g")
    live_shop.see(SHELF, "attract")
    assert live_shop.status(SHELF)["sales"] == sold


def test_a_peripheral_that_dies_is_said_on_the_glass_and_recovers(live_shop: LiveShop) -> None:
    live_shop.leave(MIRROR)
    bench = live_shop.pid_of("sim up", MIRROR)
    os.kill(bench, signal.SIGSTOP)  # as a reader that hangs: its port is there, and nothing comes
    try:
        live_shop.see(MIRROR, "out-of-service")
    finally:
        os.kill(bench, signal.SIGKILL)  # and then it is unplugged altogether; the supervisor brings another
    live_shop.see(MIRROR, "attract")
    assert live_shop.pid_of("sim up", MIRROR) != bench


def test_a_pulled_cable_is_shown_and_plugged_in_again(live_shop: LiveShop) -> None:
    head = live_shop.status(MIRROR)["head"]
    live_shop.do("cut", MIRROR)
    until(lambda: live_shop.status(MIRROR).get("online") is False, "the mirror notices")
    live_shop.do("plug", MIRROR)
    until(lambda: live_shop.status(MIRROR).get("online") is True, "the mirror is back")
    assert live_shop.status(MIRROR)["head"] >= head


PROCESSES = [("mosquitto",), ("hub", "run"), ("sim up", SHELF), ("object run", SHELF), ("sync run", SHELF)]


@pytest.mark.parametrize("words", PROCESSES, ids=" ".join)
def test_a_process_that_is_killed_is_started_again(words: tuple[str, ...], live_shop: LiveShop) -> None:
    head = live_shop.status(SHELF).get("head", 0)
    pid = live_shop.pid_of(*words)
    os.kill(pid, signal.SIGKILL)
    until(
        lambda: any(
            all(word in command for word in words) and other != pid
            for command, other in live_shop.pids().items()
        ),
        "another one in its place",
    )
    live_shop.leave(SHELF)
    until(lambda: live_shop.status(SHELF).get("online") is True, "the shelf is online")
    until(lambda: live_shop.figures().get("acked", {}).get(SHELF, 0) >= head, "the hub knows all of it")
    assert live_shop.status(SHELF)["head"] >= head


def test_the_control_page_lets_only_its_own_script_and_the_glasses_in(live_shop: LiveShop) -> None:
    answer = httpx.get(live_shop.control)
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert f"frame-src {' '.join(map(live_shop.glass, OBJECTS))};" in policy
    assert "frame-ancestors 'none'" in policy


ODD = [
    ({"verb": "hold", "name": MIRROR, "item": "Bowler Hat"}, 409, "Bowler Hat"),
    ({"verb": "carry out", "name": SHELF, "item": "Colombia Huila 250 g"}, 409, "Colombia"),
    ({"verb": "hold", "name": "mirror-9", "item": "x"}, 409, "mirror-9"),
    ({"verb": "kill", "name": "init"}, 409, "init"),
    ({"verb": "burn", "name": MIRROR}, 400, "burn"),
    ({"verb": "hold"}, 400, "name"),
    ({"verb": "hold", "name": "x" * 4000}, 400, ""),
]


@pytest.mark.parametrize(("order", "status", "words"), ODD)
def test_the_control_page_answers_an_odd_hand_with_a_sentence(
    order: dict[str, str], status: int, words: str, live_shop: LiveShop
) -> None:
    answer = httpx.post(live_shop.control + "/do", json=order)
    assert answer.status_code == status
    assert words in answer.json()["error"]


def test_the_control_page_obeys_no_form_of_another_page_and_no_name_but_its_own(live_shop: LiveShop) -> None:
    form = httpx.post(live_shop.control + "/do", content=b'{"verb":"kill","name":"hub"}')
    assert form.status_code == 400
    other = httpx.get(live_shop.control, headers={"Host": "shop.example"})
    assert other.status_code == 400
