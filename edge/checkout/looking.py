"""Looking: the sizes and colours of the one item in a shopper's hand, and which of them the glass speaks of.

To look at another size buys nothing: the bill stays with what is in the hand, and so does the button.
"""

from collections.abc import Iterable
from typing import Final

from edge.checkout.catalogue import Catalogue
from edge.checkout.state import BasketLine, Goods, Looked, Stage, Tap, Variant
from edge.checkout.window import Window
from retail.pricing.book import Product

# A row of fingers' width on every panel, whatever the book has; the first ones stay.
VARIANTS_SHOWN_MAX: Final = 6
# Two fit beside a price; a third is a shop window.
GOES_WITH_MAX: Final = 2

# Letters as they hang on a rail; numbers go by their size, and what is neither by its name.
_LETTERS: Final = ("XXS", "XS", "S", "M", "L", "XL", "XXL", "3XL", "4XL", "5XL")


class Looking:
    """What is looked at, for as long as the same item is in hand."""

    def __init__(self) -> None:
        self._held = ""
        self._gtin = ""
        self._family: tuple[Product, ...] = ()
        self._read: tuple[Catalogue, str] | None = None

    @property
    def is_at_hand(self) -> bool:
        """Whether the glass speaks of what is in hand, and not of another size."""
        return self._gtin == self._held

    def leave(self) -> None:
        """Whoever comes next looks at what they hold."""
        self._gtin = self._held

    def see(self, window: Window, lines: tuple[BasketLine, ...], stage: Stage) -> Looked | None:
        """What is looked at while `lines` are offered; None where they are more than one item.

        With the goods gone, it is forgotten.
        """
        if len(lines) != 1 or lines[0].units != 1:
            self._held = self._gtin = ""
            return None
        if stage is not Stage.OFFERED:
            return None
        held = lines[0].goods
        if held.gtin != self._held:
            self._held = self._gtin = held.gtin
        product = self._learn(window.catalogue)
        goods = held if self.is_at_hand else window.goods(self._gtin)
        said = window.catalogue.said
        size, colour = _of(product, "size"), _of(product, "colour")
        return Looked(
            goods=goods,
            is_held=self.is_at_hand,
            held_size=said(self._product(self._held, product), "size"),
            sizes=self._variants(window, "size", "colour", colour, size),
            colours=self._variants(window, "colour", "size", size, colour),
            goes_with=tuple(_companions(window, product)),
        )

    def tap(self, tap: Tap, value: str | None) -> bool:
        """Look at another size or colour, or back at what is in hand; False where there is no such one."""
        if tap is Tap.BACK and not self.is_at_hand:
            self._gtin = self._held
            return True
        if tap not in {Tap.SIZE, Tap.COLOUR} or not value:
            return False
        kept = "colour" if tap is Tap.SIZE else "size"
        product = next((each for each in self._family if each.gtin == self._gtin), None)
        found = [each for each in self._family if _of(each, tap.value) == value]
        if product is None or not found:
            return False
        # The same colour in that size where there is one, else the first that comes in it.
        self._gtin = min(found, key=lambda each: _of(each, kept) != _of(product, kept)).gtin
        return True

    def _learn(self, catalogue: Catalogue) -> Product:
        """What is looked at, with all that it comes in; read once, as long as the book stays."""
        product = catalogue.product(self._gtin) or catalogue.product(self._held)
        assert product is not None, "what is offered is in the book"
        if self._read != (catalogue, product.model or product.gtin) or product not in self._family:
            family = catalogue.of_model(product)
            # Of more than a book gives at once, the one in the hand is among them.
            self._family = family if product in family else (product, *family)
            self._read = catalogue, product.model or product.gtin
        self._gtin = product.gtin
        return product

    def _product(self, gtin: str, otherwise: Product) -> Product:
        return next((each for each in self._family if each.gtin == gtin), otherwise)

    def _variants(self, window: Window, by: str, kept: str, keeps: str, chosen: str) -> tuple[Variant, ...]:
        """The sizes that the colour in sight comes in, or the colours; nothing where that is no choice."""
        found: dict[str, Product] = {}
        for each in self._family:
            code = _of(each, by)
            if code and (code not in found or _of(each, kept) == keeps):
                found[code] = each
        if len(found) < 2:
            return ()
        return tuple(
            Variant(
                code, window.catalogue.said(found[code], by), _is_here(window, found[code]), code == chosen
            )
            for code in _shown(found, chosen)
        )


def _of(product: Product, attribute: str) -> str:
    return (product.attributes or {}).get(attribute, "")


def _is_here(window: Window, product: Product) -> bool | None:
    here = window.here(product.gtin)
    return None if here is None else here > 0


def _shown(codes: Iterable[str], chosen: str) -> list[str]:
    """As many as have room, in the order of a rail, the chosen one among them where it has a name."""
    ordered = sorted(codes, key=_rank)
    at = ordered.index(chosen) if chosen in ordered else 0
    first = max(0, min(at - VARIANTS_SHOWN_MAX // 2, len(ordered) - VARIANTS_SHOWN_MAX))
    return ordered[first : first + VARIANTS_SHOWN_MAX]


def _rank(code: str) -> tuple[int, tuple[int, ...], str]:
    numbers = tuple(int(part) for part in code.replace("/", " ").split() if part.isdecimal())
    letters = code.upper()
    return (0, (_LETTERS.index(letters),), "") if letters in _LETTERS else (1, numbers, code)


def _companions(window: Window, product: Product) -> Iterable[Goods]:
    """What goes with a product and may be sold."""
    of_no_use = window.wares.units.keys() | {pack.gtin for pack in window.wares.packs.values()}
    recalled = {recall.gtin14 for recall in window.catalogue.book.recalled}
    known = [
        gtin
        for gtin in product.goes_with or ()
        if gtin not in of_no_use | recalled and window.catalogue.product(gtin) is not None
    ]
    return (window.goods(gtin) for gtin in known[:GOES_WITH_MAX])
