"""A shop directory: `shop.toml`, `products.csv`, `deliveries.csv`, and `promotions.json` if it has any."""

from pathlib import Path

import msgspec

from cloud_sync.contract.documents import Delivery
from cloud_sync.hub.documents.deliveries import DELIVERIES, read_deliveries
from cloud_sync.hub.documents.offers import PROMOTIONS, read_promotions
from cloud_sync.hub.documents.products import PICTURES, PRODUCTS, pictures_of, read_book
from cloud_sync.hub.documents.shop_file import SHOP, ShopFile, read_shop_file
from retail.pricing.book import PriceBook
from retail.pricing.promotions import Promotions


class Shop(msgspec.Struct, frozen=True):
    """A shop that was read and found right; `lines` has the line of each transfer in its file."""

    file: ShopFile
    book: PriceBook
    deliveries: tuple[Delivery, ...]
    lines: dict[str, int]
    promotions: Promotions | None = None
    pictures: dict[str, Path] = {}
    """SHA-256 of each picture of a product -> its file."""


def read_shop(directory: Path) -> Shop:
    """The shop in `directory`; raises ImportRefusedError with everything that is wrong with a file of it."""
    file = read_shop_file(directory / SHOP)
    book = read_book(file, directory / PRODUCTS)
    sold = {product.gtin for product in book.products}
    deliveries = read_deliveries(file, sold, directory / DELIVERIES)
    lines = {each.transfer: line for each, line in deliveries.items()}
    promotions = read_promotions(file, directory / PROMOTIONS)
    return Shop(file, book, tuple(deliveries), lines, promotions, pictures_of(book, directory / PICTURES))
