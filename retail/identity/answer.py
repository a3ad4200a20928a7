"""What an identity answers: the goods that a text names, or the reason why it names none."""

import msgspec

from retail.units import Gtin


class Resolved(msgspec.Struct, frozen=True):
    """The product that a text names, and the item where it names one.

    `scheme` is the kind of number that was read: `gtin-8`, `gtin-12`, `gtin-13`, `gtin-14` or `sgtin-96`.
    The URIs are those of the EPC Tag Data Standard; a plain GTIN has none.
    """

    gtin14: Gtin
    serial: str | None
    scheme: str
    tag_uri: str | None = None
    pure_identity_uri: str | None = None


class Refused(msgspec.Struct, frozen=True):
    """The text names no goods: `reason` says what was expected, and what came instead."""

    reason: str
