"""A shop directory: `shop.toml`, `products.csv` and `deliveries.csv`, read whole and checked whole."""

from pathlib import Path

import msgspec

from cloud_sync.contract.documents import Delivery
from cloud_sync.hub.documents.deliveries import DELIVERIES, read_deliveries
from cloud_sync.hub.documents.products import PRODUCTS, read_book
from cloud_sync.hub.documents.shop_file import SHOP, ShopFile, read_shop_file
from retail.pricing.book import PriceBook


class Shop(msgspec.Struct, frozen=True):
    """A shop that was read and found right; `lines` has the line of each transfer in its file."""

    file: ShopFile
    book: PriceBook
    deliveries: tuple[Delivery, ...]
    lines: dict[str, int]


def read_shop(directory: Path) -> Shop:
    """The shop in `directory`; raises ImportRefusedError with everything that is wrong with a file of it."""
    file = read_shop_file(directory / SHOP)
    book = read_book(file, directory / PRODUCTS)
    sold = {product.gtin for product in book.products}
    deliveries = read_deliveries(file, sold, directory / DELIVERIES)
    return Shop(file, book, tuple(deliveries), {each.transfer: line for each, line in deliveries.items()})
