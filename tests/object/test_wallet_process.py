"""A gift card at a real object: paid by online, out of its slice offline, and nothing lost by a kill -9."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.object.real_hub import eventually
from tests.object.wallet_shop import PRICE_MINOR, WalletShop

PUT_MINOR = 10_000


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[WalletShop]:
    running = WalletShop(tmp_path)
    try:
        yield running
    finally:
        running.close()


def test_a_card_pays_online_and_offline_over_a_kill_and_all_its_money_is_found(shop: WalletShop) -> None:
    shop.until_online(online=True)
    made = shop.wallet("new", "--amount-minor", str(PUT_MINOR))
    code, name = made["text"], made["wallet"]["wallet"]
    shop.sell(code)
    spare_minor = (PUT_MINOR - PRICE_MINOR) // 4
    shop.until_synced()
    check(shop, name, spent_minor=PRICE_MINOR, out_minor=spare_minor)

    # The line goes, and the process; the slice is on the disk.
    shop.broker.kill()
    shop.until_online(online=False)
    shop.kill_runtime()
    shop.shows("attract")
    shop.sell(made["code"].lower())
    shop.basket()
    declined = shop.pay(code)
    assert (declined["screen"], declined["outcome"]) == ("declined", "unreachable")
    shop.comes_back()
    shop.tap("cancel")
    assert len(shop.sales()) == 2

    # It comes back, and what is missing is lent.
    shop.broker.start()
    shop.until_online(online=True)
    shop.until_synced()
    check(shop, name, spent_minor=2 * PRICE_MINOR, out_minor=spare_minor - PRICE_MINOR)
    shop.sell(code)
    shop.until_synced()
    assert [[paid.provider for paid in sale.payments or ()] for sale in shop.sales()] == [["wallet"]] * 3
    eventually(lambda: shop.wallet("look", name)["wallet"]["spent_minor"] == 3 * PRICE_MINOR, "it is counted")
    (lent,) = shop.wallet("look", name)["slices"]
    assert lent["spent_minor"] == 3 * PRICE_MINOR

    letters = made["code"].replace("-", "").encode()
    for path, data in shop.written().items():
        assert made["code"].encode() not in data, f"{path} knows the code"
        assert letters not in data, f"{path} knows the code"
        assert made["code"].lower().encode() not in data, f"{path} knows the code"


def check(shop: WalletShop, name: str, *, spent_minor: int, out_minor: int) -> None:
    """Everything that was put on the card is on it, out with its slice, or spent."""
    eventually(lambda: shop.wallet("look", name)["wallet"]["spent_minor"] == spent_minor, "it is counted")
    look = shop.wallet("look", name)["wallet"]
    assert look["out_minor"] == out_minor
    assert look["put_minor"] == PUT_MINOR == look["balance_minor"] + look["out_minor"] + look["spent_minor"]
