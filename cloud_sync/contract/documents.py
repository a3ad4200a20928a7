"""Signed documents of a hub for its objects: versioned, refused when older, fetched in chunks by hash."""

import hashlib
from typing import Final

import msgspec

from cloud_sync.contract.encoding import Whole
from retail.pricing.book import Version

MANIFEST_TYPE: Final = "opos-manifest"
CHUNK_BYTES_MAX: Final = 96 * 1024

PRICES: Final = "prices"
"""The name of the price book: `retail.pricing.book.PriceBook` as JSON."""
PRICE_CHANGES: Final = "prices-changes"
"""The name of what has changed since the price book was issued whole: `retail.pricing.changes.PriceChanges`.

Both are counted together: whichever has the higher version is the price book of today.
"""
PROMOTIONS: Final = "promotions"
"""The name of the promotion bundle: `retail.pricing.promotions.Promotions` as JSON."""
DELIVERIES: Final = "deliveries"
"""The name of the deliveries: `Deliveries` as JSON."""

WANTED: Final = "wanted"
"""The file in which a runtime names the pictures that its agent is to fetch: a SHA-256 a line."""
PICTURES_WANTED_MAX: Final = 500
"""So many pictures of a chunk each are 48 MB, and more products than one shelf or fitting room has."""


class Manifest(msgspec.Struct, frozen=True):
    """What a document is made of: SHA-256 (hex) and size of the whole, SHA-256 of its chunks in order."""

    name: str
    site: str
    version: Version
    sha256: str
    size: Whole
    chunks: tuple[str, ...]


class Delivery(msgspec.Struct, frozen=True):
    """A transfer of the hub's: so many units of a GTIN for `holder`, the items by EPC if they are tagged."""

    transfer: str
    holder: str
    gtin: str
    units: Whole
    epcs: tuple[str, ...] = ()


class Deliveries(msgspec.Struct, frozen=True):
    """All transfers of a site that are still of interest to an object."""

    deliveries: tuple[Delivery, ...]


def split(data: bytes) -> list[bytes]:
    """A document's bytes in chunks that a broker or a proxy lets through."""
    return [data[at : at + CHUNK_BYTES_MAX] for at in range(0, len(data), CHUNK_BYTES_MAX)]


def manifest_of(name: str, site: str, version: Version, data: bytes) -> Manifest:
    """The manifest of `data`."""
    chunks = tuple(hashlib.sha256(chunk).hexdigest() for chunk in split(data))
    return Manifest(name, site, version, hashlib.sha256(data).hexdigest(), len(data), chunks)
