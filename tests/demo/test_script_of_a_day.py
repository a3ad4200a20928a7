"""The script of a day: hub, objects and shoppers agree to the cent and the unit, whatever is killed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import simulators
from simulators.demo.shop_files import CORNER, read_shop
from tests.long_form import LONG

SCRIPT = Path(simulators.__file__).with_name("demo.yaml")
PATIENCE_S = 200

# What the script of the demo says, added up by hand.
SALES = {"mirror-4": 6, "shelf-b12": 4, "tray-2": 2, "panel-7": 2}
MONEY = {"EUR": 6 * 7990 + 3 * 8900 + 3 * 3450 + 4 * 1150 + 2 * 990}


def _play(*options: object) -> tuple[int, Any, str]:
    command = [sys.executable, "-m", "opos", "demo", "--json", *(str(option) for option in options)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def test_a_day_of_kills_ends_equal_and_the_next_one_goes_on_with_the_same_books(tmp_path: Path) -> None:
    code, first, said = _play("--script", SCRIPT, "--chaos", 3, "--dir", tmp_path / "shop")
    assert (code, first["equal"]) == (0, True), said
    assert len(first["killed"]) > 5
    assert first["sales"] == first["hub"]["sales"] == first["shopper"]["sales"] == SALES
    assert first["money"] == first["hub"]["money"] == first["shopper"]["money"] == MONEY
    assert first["stock"] == first["hub"]["stock"]
    delivered = read_shop(CORNER).units_delivered()
    assert {gtin: units["before"] for gtin, units in first["stock"].items()} == delivered
    assert sum(units["before"] - units["after"] for units in first["stock"].values()) == 18
    assert first["entries_acked"] == first["hub"]["entries_acked"] > sum(SALES.values())

    short = tmp_path / "short.yaml"
    short.write_text("- hold: {object: mirror-4, item: Lambswool Scarf}\n- buy: mirror-4\n", encoding="utf-8")
    code, second, said = _play("--script", short, "--dir", tmp_path / "shop")
    sold = {**dict.fromkeys(SALES, 0), "mirror-4": 1}
    assert (code, second["sales"], second["money"]) == (0, sold, {"EUR": 3450}), said
    assert {gtin: units["before"] for gtin, units in second["stock"].items()} == {
        gtin: units["after"] for gtin, units in first["stock"].items()
    }


@pytest.mark.skipif(not LONG, reason="a day of kills is such a day too: this one is in the long form")
def test_a_day_without_kills_ends_equal() -> None:
    code, day, said = _play("--script", SCRIPT)
    assert (code, day["equal"], day["killed"]) == (0, True, []), said
    assert day["sales"] == SALES
    assert day["money"] == MONEY
