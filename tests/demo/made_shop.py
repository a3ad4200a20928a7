"""Shops made for a test: as many garments as it needs, and one mirror to sell them."""

from pathlib import Path

from retail.identity.epc import encode, item_of

SHOP_TOML = """
tenant = "demo"
site = "long-rail"
name = "The shop with the long rail"
language = "en"
currency = "EUR"

[taxes]
standard = 1900

[[objects]]
id = "mirror-1"
kind = "mirror"
name = "Fitting room 1"
sells_from = "floor"
timezone = "Europe/Berlin"
tender = "house-account"
account = "x1Yz2wV3uT4s"
"""
MIRROR = "mirror-1"
NAME = "Cotton Sock"
PRICE_MINOR = 499
_GTIN = "09520001300103"
_COMPANY_DIGITS = 7


def make_long_rail(directory: Path, count: int) -> Path:
    """The files of a shop with `count` socks, each with a tag of its own."""
    directory.mkdir()
    tags = " ".join(encode(item_of(_GTIN, serial, _COMPANY_DIGITS)) for serial in range(1, count + 1))
    head = "gtin,price_minor,tax,pack_mg,pack_tolerance_mg,net_mg,name_en,details_en,name_de,details_de\n"
    (directory / "shop.toml").write_text(SHOP_TOML, encoding="utf-8")
    (directory / "products.csv").write_text(
        f"{head}{_GTIN},{PRICE_MINOR},standard,60000,3000,,{NAME},One size,Baumwollsocke,Eine Größe\n",
        encoding="utf-8",
    )
    (directory / "deliveries.csv").write_text(
        f"transfer,holder,gtin,epcs\nlong-rail-1,floor,{_GTIN},{tags}\n", encoding="utf-8"
    )
    return directory
