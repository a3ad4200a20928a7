"""What an identity answers: the goods that a text names, or the reason why it names none."""

import msgspec

from retail.units import Gtin


class Resolved(msgspec.Struct, frozen=True):
    """The product that a text names, and the item where it names one.

    `scheme` is the kind of number that was read: `gtin-8`, `gtin-12`, `gtin-13`, `gtin-14`, or the coding of
    the tag, such as `sgtin-96`. The URIs are those of the EPC Tag Data Standard; a plain GTIN has none.
    `lookup_code` is what a catalogue knows the product by, where a number of the shop's own has a weight or a
    price inside; what else the code carries stands in the other fields. Dates are YYMMDD.
    """

    gtin14: Gtin
    serial: str | None
    scheme: str
    tag_uri: str | None = None
    pure_identity_uri: str | None = None
    lookup_code: str | None = None
    lot: str | None = None
    expiry: str | None = None
    weight_mg: int | None = None
    price_minor: int | None = None
    currency: str | None = None
    count: int | None = None


class Refused(msgspec.Struct, frozen=True):
    """The text names no goods: `reason` says what was expected, and what came instead.

    `ai` is the application identifier that is to blame, where one is; `position` is the place in the text of
    the first character that is wrong, counted from 0, where one is.
    """

    reason: str
    ai: str | None = None
    position: int | None = None

    @property
    def sentence(self) -> str:
        """The reason and the place, for a person who looks at the text."""
        return self.reason if self.position is None else f"{self.reason}, at position {self.position}"
