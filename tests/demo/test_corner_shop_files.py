"""The files of the corner shop: every tag and number is a right one, and every product can be sold."""

import csv
from collections import Counter

from retail.identity.answer import Resolved
from retail.identity.resolver import resolve
from simulators.demo.shop_files import CORNER, read_shop

SHOP = read_shop(CORNER)


def _rows(name: str) -> list[dict[str, str]]:
    with (CORNER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_tag_names_the_product_that_its_delivery_names() -> None:
    for delivery in SHOP.deliveries:
        for epc in delivery.epcs:
            found = resolve(epc, "epc")
            assert isinstance(found, Resolved)
            assert found.gtin14 == delivery.gtin


def test_every_gtin_is_printable_and_of_the_demonstration_range() -> None:
    for product in SHOP.products:
        assert isinstance(resolve(product.gtin, "ean"), Resolved)
        assert product.gtin.startswith("0952")


def test_no_tag_is_on_two_items() -> None:
    tags = Counter(epc for delivery in SHOP.deliveries for epc in delivery.epcs)
    assert max(tags.values()) == 1


def test_only_the_shelf_keeps_its_own_goods_and_all_others_sell_from_the_floor() -> None:
    kinds = {plan.kind: plan.sells_from == plan.id for plan in SHOP.objects}
    assert kinds == {"mirror": False, "shelf": True, "tray": False, "panel": False}


def test_every_product_has_words_in_both_languages_and_a_delivery() -> None:
    delivered = {delivery.gtin for delivery in SHOP.deliveries}
    for row in _rows("products.csv"):
        assert row["name_en"]
        assert row["name_de"]
        assert len(row["details_en"].split(" | ")) == len(row["details_de"].split(" | "))
        assert row["gtin"] in delivered


def test_coffee_has_a_net_content_for_its_unit_price_and_garments_have_none() -> None:
    for row in _rows("products.csv"):
        assert bool(row["net_mg"]) == (row["tax"] == "reduced")
