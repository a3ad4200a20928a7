"""What has changed in a price book: the document that spares an object the whole book for a few prices."""

from collections.abc import Mapping

import msgspec

from retail.pricing.book import PriceBook, Product


class PriceChanges(msgspec.Struct, frozen=True):
    """All that makes the book of today out of one that was issued whole.

    Changes add up from the whole on, and not from the changes before: who missed a week needs the newest
    ones only. `base` is the SHA-256 (hex) of the whole book's bytes, which stays the same when it is signed
    again; who has another book asks for the whole.
    """

    base: str
    terms: PriceBook
    """All but the products, which stay empty: taxes, recalls, languages, as they are from now on."""
    gone: tuple[str, ...]
    """The GTINs of what is not sold any more, in order."""
    products: tuple[Product, ...]
    """What is new, or has changed, in the order of their GTINs."""


def changes_between(base: PriceBook, sha256: str, book: PriceBook) -> PriceChanges:
    """What makes `book` out of `base`, whose bytes have that hash."""
    before, now = base.by_gtin, book.by_gtin
    return PriceChanges(
        base=sha256,
        terms=terms_of(book),
        gone=tuple(sorted(before.keys() - now.keys())),
        products=tuple(now[gtin] for gtin in sorted(now) if before.get(gtin) != now[gtin]),
    )


def changed(base: PriceBook, changes: PriceChanges) -> PriceBook:
    """The book of today, its products in the order of their GTINs; `base` is the one that was changed."""
    products: Mapping[str, Product] = base.by_gtin | {each.gtin: each for each in changes.products}
    kept = sorted(products.keys() - set(changes.gone))
    return msgspec.structs.replace(changes.terms, products=tuple(products[gtin] for gtin in kept))


def terms_of(book: PriceBook) -> PriceBook:
    """The book without its products."""
    return msgspec.structs.replace(book, products=())
