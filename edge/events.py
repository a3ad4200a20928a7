"""What the readings mean: what the shopper did, said without a word of money."""

from enum import Enum
from typing import Final

import msgspec

WAITING: Final = "device.waiting"
"""The code of a device that has not answered since the object started: not yet a fault."""


class Presented(msgspec.Struct, frozen=True, tag=True):
    """An item is in front of the object."""

    epc: str


class Left(msgspec.Struct, frozen=True, tag=True):
    """An item that was in front of the object is gone."""

    epc: str


class Took(msgspec.Struct, frozen=True, tag=True):
    """An item that belongs on the shelf is in somebody's hand; weight and tags agree on it."""

    epc: str


class PutBack(msgspec.Struct, frozen=True, tag=True):
    """An item that was taken is back on the shelf; weight and tags agree on it."""

    epc: str


class TookUnits(msgspec.Struct, frozen=True, tag=True):
    """Units of a product without tags are in somebody's hand: their weight has no other explanation."""

    gtin: str
    units: int


class PutBackUnits(msgspec.Struct, frozen=True, tag=True):
    """Units of a product without tags, taken before, are back on the shelf."""

    gtin: str
    units: int


class Misplaced(msgspec.Struct, frozen=True, tag=True):
    """An item of the shop lies on a shelf where it does not belong; weight and tag agree on it."""

    epc: str


class Fetched(msgspec.Struct, frozen=True, tag=True):
    """A misplaced item has been taken away again; it is in nobody's bill here."""

    epc: str


class Listed(msgspec.Struct, frozen=True, tag=True):
    """All that lies in a tray has been told (`Presented`), and nothing moves: these items may be priced."""

    epcs: tuple[str, ...]


class Ambiguous(msgspec.Struct, frozen=True, tag=True):
    """The sensors disagree: nothing may be charged until they agree again (`Agreed`).

    `candidates` are the ways in which it could be explained, each by the EPCs, or by the GTINs, that would
    have moved: for a person to choose from, never for a till.
    """

    reason: str
    candidates: tuple[tuple[str, ...], ...] = ()


class Agreed(msgspec.Struct, frozen=True, tag=True):
    """The sensors agree again."""


class OutOfService(msgspec.Struct, frozen=True, tag=True):
    """A device that the object needs is gone: `source` names it, `code` is that of its DeviceFault."""

    source: str
    code: str


class BackInService(msgspec.Struct, frozen=True, tag=True):
    """Every device that the object needs answers."""


class DeviceMissed(msgspec.Struct, frozen=True, tag=True):
    """A device that helps is gone, and goods can be sold without it: `source` and `code` as above."""

    source: str
    code: str


class DeviceFound(msgspec.Struct, frozen=True, tag=True):
    """A device that was missed answers again."""

    source: str


class Tapped(msgspec.Struct, frozen=True, tag=True):
    """Somebody has tapped the picture, once and with one finger; where, in millionths of width and height."""

    x_ppm: int
    y_ppm: int


class LongPressed(msgspec.Struct, frozen=True, tag=True):
    """Somebody has held one finger still on the picture, and lifted it; where, in millionths."""

    x_ppm: int
    y_ppm: int


class Purpose(Enum):
    """What a code is shown for; only GOODS may go into a basket."""

    GOODS = "goods"
    MEMBER = "member"
    WECHAT = "wechat"
    ALIPAY = "alipay"
    WALLET = "wallet"  # a wallet or gift card of the shop's own
    CARD = "card"  # a card or a wallet as a code of EMV
    ASKS_FOR_MONEY = "asks-for-money"  # a code that a shopper pays by, shown to us by mistake
    BADGE = "badge"  # somebody of the shop
    RECEIPT = "receipt"  # what a shop printed or showed when goods were sold
    OTHER = "other"


class Scanned(msgspec.Struct, frozen=True, tag=True):
    """A label of goods was shown, once however often it was read: what it says.

    `gtin14` is the number as read, `lookup` the GTIN-14 that a price book knows the product by: the same,
    without the weight or price that a number of the shop's own has inside. The rest is as in
    `retail.identity.gs1.label.Label`; a date is YYMMDD.
    """

    gtin14: str
    lookup: str
    serial: str | None = None
    lot: str | None = None
    expiry: str | None = None
    weight_mg: int | None = None
    price_minor: int | None = None
    currency: str | None = None
    count: int | None = None
    circulation: str | None = None


class CodeShown(msgspec.Struct, frozen=True, tag=True):
    """A code that names no goods was shown.

    What it holds may be a person's own, such as a member's number, so it is not in here: events are told to
    others. Who has a use for it asks the sense that read it, by `ticket`.
    """

    purpose: Purpose
    ticket: int


class CodeBlurred(msgspec.Struct, frozen=True, tag=True):
    """The camera sees a code, not clearly enough yet: it should be held still."""


class CodeUnclear(msgspec.Struct, frozen=True, tag=True):
    """The camera will not tell: it may be one of these products (GTIN-14), for the shopper to say."""

    gtins: tuple[str, ...] = ()


class CodeCleared(msgspec.Struct, frozen=True, tag=True):
    """Of what the camera sees nothing is unclear any more."""


class Act(Enum):
    """What a shopper did with a product, as far as a retailer may learn of it."""

    PICKED_UP = "picked-up"
    LOOKED_AT = "looked-at"  # held, or held up, for longer than a grip
    COMPARED = "compared"  # held together with another product
    BOUGHT = "bought"
    ABANDONED = "abandoned"  # put back, or carried away, without being bought


class Interest(msgspec.Struct, frozen=True, tag=True):
    """What somebody did with a product, and for how long: nobody's name, and no item's number either."""

    act: Act
    gtin: str
    lasted_ms: int = 0
    other_gtin: str = ""


class StaffCalled(msgspec.Struct, frozen=True, tag=True):
    """A shopper asks for somebody of the shop."""


class StaffCame(msgspec.Struct, frozen=True, tag=True):
    """A call for staff is over: somebody came, it was taken back, or nobody came for too long."""

    how: str
    waited_s: int


Event = (
    Presented
    | Left
    | Took
    | PutBack
    | TookUnits
    | PutBackUnits
    | Misplaced
    | Fetched
    | Listed
    | Ambiguous
    | Agreed
    | OutOfService
    | BackInService
    | DeviceMissed
    | DeviceFound
    | Tapped
    | LongPressed
    | Scanned
    | CodeShown
    | CodeBlurred
    | CodeUnclear
    | CodeCleared
    | Interest
    | StaffCalled
    | StaffCame
)

OF_NOBODY: Final = (Agreed, Ambiguous, OutOfService, BackInService, DeviceMissed, DeviceFound)
"""What a device, or the sensors among themselves, have to say: no sign that anybody is there."""
