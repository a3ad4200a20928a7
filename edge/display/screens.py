"""What the glass can show: a closed union of screens, each with all that stands on it."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from edge.checkout.asked import SigningIn
from edge.checkout.staffed import Staffed
from edge.checkout.state import NoticeKind, Outcome, Paper, Saving, Shows, TaxShown
from edge.display.geometry import Geometry
from edge.display.panels import Kind
from edge.readings import TerminalNeeds
from retail.units import Money

LANGUAGES: Final[Mapping[str, str]] = {
    "en": "English",
    "zh-Hans": "中文",
    "de": "Deutsch",
    "es": "Español",
    "ar": "العربية",
}
"""The languages that the glass speaks, each by its own name."""

Contradiction = Literal["tag-and-weight", "foreign-item", "untagged-item", "too-many"]

Closed = Literal["starting", "checking", "payment", "closed"]
"""Why nothing can be bought: the devices have not answered yet; the journal must still say whether a sale was
written, or a provider what became of a payment; or something that selling needs is gone."""


class Glass(msgspec.Struct, frozen=True):
    """Whose glass it is: the kind of object, its place by name, the site's time."""

    kind: Kind
    place: str
    timezone: str = "UTC"
    training: bool = False
    """All that is sold here is rehearsed."""
    drawn: Geometry = Geometry()
    """How it is drawn on this very panel."""
    contrast: bool = False
    """Whoever comes, letters are as clear as they can be."""
    voices: tuple[str, ...] = ()
    """The languages in which it can be heard."""


class PriceTag(msgspec.Struct, frozen=True):
    """One product in the language of the screen; `here` None says that no number can be vouched for."""

    name: str
    details: tuple[str, ...]
    price: Money
    unit_price: Money | None
    here: int | None
    shop: int | None = None
    """Units in other places of this shop."""
    elsewhere: int | None = None
    """Units in other shops."""
    members: Money | None = None
    """What members pay, where that is less, and the shopper has not said that they are one."""
    allergens: tuple[str, ...] = ()
    min_age: int = 0
    images: tuple[str, ...] = ()
    hangs: str = ""
    """Where in the shop it is."""


class Pick(msgspec.Struct, frozen=True):
    """A size or colour that can be looked at: what a tap says, its name, and whether it is here."""

    code: str
    name: str
    here: bool | None
    chosen: bool


class Look(msgspec.Struct, frozen=True):
    """What else one product comes in, and what goes with it; without `is_held` it is not what is in hand."""

    is_held: bool
    held_size: str = ""
    sizes: tuple[Pick, ...] = ()
    colours: tuple[Pick, ...] = ()
    goes_with: tuple[PriceTag, ...] = ()


class Line(msgspec.Struct, frozen=True):
    """So many units of one product, and what they cost together.

    `remove` is what a tap says to take one off; empty where it is put back by hand.
    """

    tag: PriceTag
    units: int
    total: Money
    remove: str = ""


class Said(msgspec.Struct, frozen=True):
    """A notice: what it is about, and the name of the product where there is one."""

    kind: NoticeKind
    name: str | None


class Choice(msgspec.Struct, frozen=True):
    """A product that the camera may have seen, and what a tap says to choose it."""

    name: str
    gtin: str


class Method(msgspec.Struct, frozen=True):
    """A way to pay that can be chosen, and what it takes where that is not all."""

    name: str
    takes: Money | None = None


class Rest(msgspec.Struct, frozen=True):
    """What a basket holds beyond the lines that are shown."""

    units: int
    total: Money


class Charge(msgspec.Struct, frozen=True):
    """What the shopper pays, the tax in it, and what it will be paid by; `tender` is '' where that is chosen.

    `savings` are the promotions that took most off, `saved` what all of them did.
    """

    total: Money
    taxes: tuple[TaxShown, ...]
    tender: str
    savings: tuple[Saving, ...] = ()
    saved: Money | None = None


class Charged(msgspec.Struct, frozen=True):
    """A sale that is in the journal; `qr` is the link of the receipt, or its number where it has none."""

    number: str
    total: Money
    units: int
    tender: str
    qr: str
    qr_is: Literal["receipt", "number"]
    stored: Money | None = None
    """What of it was accepted, and is not charged yet."""


class _Shown(msgspec.Struct, frozen=True, kw_only=True, tag_field="screen"):
    """What every screen carries. A tap names `number`; `languages` are the others that can be chosen.

    In `training` it says so, whatever else it shows: nothing is sold, and there is no hub to be away from.
    With `identify` it says in large letters which object this is. `notices` and `choices` stand beside what
    the screen is about, and `cancels` says that what was scanned can be taken back.
    """

    number: int
    kind: Kind
    place: str
    offline: bool
    language: str
    languages: tuple[str, ...]
    identify: bool = False
    training: bool = False
    notices: tuple[Said, ...] = ()
    choices: tuple[Choice, ...] = ()
    cancels: bool = False
    signs_in: bool = False
    called: bool = False
    """A shopper has asked for somebody of the shop."""
    larger: bool = False
    speaks: bool = False
    """What it says can be heard in this language; with `listens` it is."""
    listens: bool = False


class Unpaired(_Shown, frozen=True, kw_only=True, tag="unpaired"):
    """There is no signed price book yet: nothing can be bought."""


class Attract(_Shown, frozen=True, kw_only=True, tag="attract"):
    """Nobody is here; a shelf shows what it holds for sale."""

    offer: PriceTag | None


class Training(_Shown, frozen=True, kw_only=True, tag="training"):
    """Nobody is here, and whoever comes sells nothing; a shelf shows what it holds."""

    offer: PriceTag | None


class Listing(_Shown, frozen=True, kw_only=True, tag="listing"):
    """Goods lie in the tray, and not all of them have been told yet; `offer` stays in sight."""

    offer: PriceTag | None


class Product(_Shown, frozen=True, kw_only=True, tag="product"):
    """One item, what it costs, and the button that buys it; or another size of it, and the way back."""

    tag: PriceTag
    charge: Charge
    look: Look | None = None


class Compare(_Shown, frozen=True, kw_only=True, tag="compare"):
    """Two items held side by side, and the button that buys both."""

    tags: tuple[PriceTag, PriceTag]
    charge: Charge


class Basket(_Shown, frozen=True, kw_only=True, tag="basket"):
    """Several items, or what was taken from a shelf, and the button that buys them all."""

    lines: tuple[Line, ...]
    rest: Rest | None
    units: int
    charge: Charge
    tag: PriceTag | None = None
    """Of a single item, what is looked at: itself, or another size of it."""
    look: Look | None = None


class Pay(_Shown, frozen=True, kw_only=True, tag="pay"):
    """The shopper chooses how to pay `left`; `paid` of it is paid already; `offer` stays in sight.

    So many of `ways` stand there `at_once`; what leads to the others has the last place.
    """

    offer: PriceTag | None
    ways: tuple[Method, ...]
    at_once: int
    left: Money
    paid: Money | None
    warns: bool = False


class Asks(msgspec.Struct, frozen=True):
    """What a shopper who is paying has to do, by which way, for how much.

    `code` is what they say at the desk. With `wants_code` nothing has begun; with `finds_out` they can do
    nothing more, and the provider is asked. `prompt` is what a card terminal waits for.
    """

    way: str
    shows: Shows
    amount: Money
    code: str = ""
    wants_code: bool = False
    finds_out: bool = False
    warns: bool = False
    prompt: TerminalNeeds = TerminalNeeds.NOTHING


class Recording(_Shown, frozen=True, kw_only=True, tag="wait"):
    """The purchase is being paid, or on its way to the disk: the same goods and the same price.

    Without `asks` it is paid, and there is nothing to press; with them `offer` stays in sight. `charge` is
    None, and no lines are there, when the goods have already left.
    """

    lines: tuple[Line, ...]
    rest: Rest | None
    units: int
    charge: Charge | None
    asks: Asks | None = None
    offer: PriceTag | None = None


class Declined(_Shown, frozen=True, kw_only=True, tag="declined"):
    """An attempt brought nothing: what became of the money, then what can be done.

    `again` is the way to try once more; `desk` says that the desk takes it. With `over` the purchase is over,
    and `paid` goes back.
    """

    offer: PriceTag | None
    outcome: Outcome
    paid: Money | None
    again: str = ""
    others: bool = False
    desk: bool = False
    over: bool = False
    warns: bool = False


class Unknown(_Shown, frozen=True, kw_only=True, tag="unknown"):
    """Nobody knows whether it was paid: not to be paid again, and a person comes."""

    offer: PriceTag | None
    amount: Money | None


class Done(_Shown, frozen=True, kw_only=True, tag="done"):
    """The sale is durable: what was charged, and the receipt to take along; `offer` stays in sight.

    `paper` is what became of the receipt on paper.
    """

    charged: Charged
    offer: PriceTag | None
    paper: Paper = ""


class OfflineAccepted(Done, frozen=True, kw_only=True, tag="offline-accepted"):
    """The sale is durable, and its money accepted while nobody could be asked: it is charged later."""


class Sensors(_Shown, frozen=True, kw_only=True, tag="sensors"):
    """The sensors contradict each other, and what the shopper can do about it; `offer` stays in sight."""

    contradiction: Contradiction
    offer: PriceTag | None


class AgeCheck(_Shown, frozen=True, kw_only=True, tag="age"):
    """Somebody of the shop has to see that the shopper is `years` old; where nobody `comes`, elsewhere."""

    years: int
    comes: bool
    offer: PriceTag | None


class SignIn(_Shown, frozen=True, kw_only=True, tag="signin"):
    """A member shows their code, or types their number; `offer` stays in sight."""

    signing: SigningIn
    offer: PriceTag | None


class Offline(_Shown, frozen=True, kw_only=True, tag="offline"):
    """What the shopper asked for needs the network; by the ways of `works` it can be paid without it."""

    what: Literal["signin", "pay", "way"]
    way: str
    works: tuple[str, ...]
    offer: PriceTag | None
    paid: Money | None = None
    warns: bool = False


class Staff(_Shown, frozen=True, kw_only=True, tag="staff"):
    """Somebody of the shop works here; `offer` stays in sight."""

    work: Staffed
    offer: PriceTag | None


class OutOfService(_Shown, frozen=True, kw_only=True, tag="out-of-service"):
    """Nothing can be bought here: what became of the money, and what still works.

    `uncharged` is what had been about to be paid.
    """

    why: Closed
    charged: Charged | None
    uncharged: Money | None
    offer: PriceTag | None


Screen = (
    Unpaired
    | Attract
    | Training
    | Listing
    | Product
    | Compare
    | Basket
    | Pay
    | Recording
    | Declined
    | Unknown
    | Done
    | Sensors
    | OutOfService
    | Staff
    | AgeCheck
    | SignIn
    | Offline
    | OfflineAccepted
)


def name_of(screen: Screen) -> str:
    """The name of a screen, as the page carries it in `data-screen`."""
    tag = type(screen).__struct_config__.tag
    assert isinstance(tag, str)
    return tag
