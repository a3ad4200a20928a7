"""What the till is doing right now, as one frozen noun: all that the glass needs to know."""

from enum import Enum
from typing import Final, Literal

import msgspec

from edge.checkout.asked import Aside
from edge.checkout.staffed import Staffed
from edge.readings import TerminalNeeds
from retail.units import Money


class Stage(Enum):
    """Where the shopper stands with this object."""

    UNPAIRED = "unpaired"  # no signed price book yet: nothing may be sold
    IDLE = "idle"  # nothing is in front of the object, or in a hand
    LISTING = "listing"  # goods lie in a tray, and not all of them have been told yet
    OFFERED = "offered"  # goods are there, priced, and can be bought
    CHOOSING = "choosing"  # "Buy now" was tapped: the shopper chooses how to pay
    PAYING = "paying"  # it is being paid, or the shopper looks for the code to pay by
    DECLINED = "declined"  # the attempt brought nothing: it can be paid in another way
    UNKNOWN = "unknown"  # nobody knows whether it was paid: a person looks
    CANCELLED = "cancelled"  # it is not bought, and what was paid of it goes back
    RECORDING = "recording"  # the sale is on its way to the disk
    DONE = "done"  # the sale is durable: the goods are the shopper's
    DISAGREE = "disagree"  # the sensors contradict each other: nothing can be charged
    OUT_OF_SERVICE = "out-of-service"  # a device or the disk that selling needs is gone
    AGE = "age"  # somebody of the shop has to see how old the shopper is, before it can be bought
    SIGNIN = "signin"  # a member shows who they are
    OFFLINE = "offline"  # what the shopper asked for needs the network: all else goes on
    STAFF = "staff"  # somebody of the shop works here: what is a shopper's is hidden, and stays as it is


OPEN_STAGES: Final = frozenset({Stage.IDLE, Stage.LISTING, Stage.OFFERED, Stage.DISAGREE})
"""Where the basket is open: what was scanned can still be taken off."""


HOUSE_ACCOUNT: Final = "house-account"
"""The way to pay that asks nobody: the shop bills the account."""

Shows = Literal["account", "terminal", "scan", "code", "desk", "nothing"]
"""What the shopper does: nothing; look at the terminal; show a code; scan ours; go to the desk; wait."""


class Way(msgspec.Struct, frozen=True):
    """One way to pay, by its name, and how much of what is left it would take.

    After `patience_s` it is no longer the shopper whom everybody waits for.
    """

    name: str
    shows: Shows
    amount: Money
    patience_s: int = 120


Outcome = Literal[
    "declined", "cancelled", "too-late", "unreachable", "busy", "code", "too-little", "goes-back"
]
"""Why an attempt brought nothing: the bank's no, the shopper's own, nobody's answer in time; never begun: no
line, at work for others, a code that cannot be used, nothing left on it. Or other money was taken, and goes
back."""


class Paying(msgspec.Struct, frozen=True):
    """A sale on its way to be paid: what is left of it, and what is asked of the shopper."""

    ways: tuple[Way, ...] = ()
    """Those that can be chosen now."""
    way: Way | None = None
    """The one that was chosen."""
    left: Money | None = None
    paid: Money | None = None
    """What of it is paid already by other ways."""
    wants_code: bool = False
    """Nothing has begun: the shopper's own code has to be shown first."""
    code: str = ""
    """What the shopper says at the desk."""
    prompt: TerminalNeeds = TerminalNeeds.NOTHING
    """What the card terminal waits for, as far as it has told."""
    asks: bool = False
    """The shopper can do nothing more: the provider is asked how it stands."""
    outcome: Outcome | None = None
    warns: bool = False
    """Nobody has touched anything for a while: soon it is over."""


NOT_PAYING: Final = Paying()


class Greeted(msgspec.Struct, frozen=True):
    """A member who buys: the level whose prices they pay, and the first name to greet by, or ''."""

    level: str
    name: str = ""


class Saving(msgspec.Struct, frozen=True):
    """What a promotion takes off, in its words."""

    words: str
    amount: Money


class Goods(msgspec.Struct, frozen=True):
    """A product as the glass may show it: words in every language that the book has, price and unit price."""

    gtin: str
    names: dict[str, str]
    """Language -> name."""
    details: dict[str, tuple[str, ...]]
    """Language -> what else a shopper wants to know, in order."""
    price: Money
    unit_price: Money | None
    """Price of a kilogram, where the law wants it beside the price."""
    here: int | None
    """Units that can be had here; None when the object cannot vouch for a number."""
    shop: int | None = None
    """Units in other places of this shop; None when nobody can vouch for a number."""
    elsewhere: int | None = None
    """Units in other shops; None when nobody can vouch for a number."""
    member_price: Money | None = None
    """The price of one unit for every member, where that is lower."""
    allergens: tuple[str, ...] = ()
    """By the codes of GS1 (`AllergenTypeCode`)."""
    min_age: int = 0
    """Years that a shopper must have; 0 where nobody asks."""
    images: tuple[str, ...] = ()
    """SHA-256 of each picture in hexadecimal, the first one first."""
    place: dict[str, str] = {}
    """Language -> where it hangs or lies; empty where the book does not say."""


class Variant(msgspec.Struct, frozen=True):
    """One size or colour that can be looked at: `code` is what a tap says, `names` language -> its name."""

    code: str
    names: dict[str, str]
    here: bool | None
    """Whether it is here; None when the object cannot vouch for it."""
    chosen: bool


class Looked(msgspec.Struct, frozen=True):
    """The one product in a shopper's hand, or another size or colour of it that they look at."""

    goods: Goods
    """What is looked at."""
    is_held: bool
    """It is the very one in their hand, which can be bought."""
    held_size: dict[str, str] = {}
    """Language -> the size in their hand."""
    sizes: tuple[Variant, ...] = ()
    colours: tuple[Variant, ...] = ()
    goes_with: tuple[Goods, ...] = ()


class BasketLine(msgspec.Struct, frozen=True):
    """So many units of one product, and what they cost together.

    `remove` is what a tap says to take one of it off; empty where it has to be put back by hand.
    """

    goods: Goods
    units: int
    total: Money
    remove: str = ""


class NoticeKind(Enum):
    """What a shopper should know besides, and can do something about."""

    RECALLED = "recalled"  # called back by its maker: not for sale
    EXPIRED = "expired"  # its use-by day has passed: not for sale
    ELSEWHERE = "elsewhere"  # a number of another shop: it names nothing here
    UNKNOWN = "unknown"  # the price book has no such product
    NO_PRICE = "no-price"  # sold by the weight or price on its label, and there is none that can be used
    ALREADY = "already"  # this very item is on the bill
    PAID = "paid"  # this very item was paid for here
    AGE = "age"  # not sold without a proof of age
    FULL = "full"  # no more can be bought at once
    MISPLACED = "misplaced"  # it lies where it does not belong
    MEMBER = "member"  # a member's code was shown
    MEMBER_UNKNOWN = "member-unknown"  # nobody of this shop's shows that code
    MEMBER_AWAY = "member-away"  # the hub does not answer: nobody can say whose code it is
    WELCOME = "welcome"  # a member buys at their own prices
    PAY_LATER = "pay-later"  # a code that pays was shown before there was anything to pay
    ASKS_FOR_MONEY = "asks-for-money"  # a code that asks for money was shown, instead of one that pays
    UNREADABLE = "unreadable"  # a code of no use here
    HOLD_STILL = "hold-still"  # the camera sees a code, and not clearly
    CHOOSE = "choose"  # the camera sees a code, and cannot tell which of the candidates it is
    SCAN_AGAIN = "scan-again"  # the camera sees a code, and cannot tell which
    NO_CAMERA = "no-camera"  # the camera is gone; the rest works
    NO_SCANNER = "no-scanner"  # a scanner is gone; the rest works
    PUT_BACK = "put-back"  # put back while it is being paid: it stays on the bill
    BADGE = "badge"  # a badge of staff was shown where it opens nothing, or while somebody pays
    RECEIPT = "receipt"  # a receipt was shown to a glass at which nobody of the shop is
    NO_WAY = "no-way"  # none of the ways to pay works at the moment
    NOT_CHARGED = "not-charged"  # the payment that was under way came to nothing
    GOES_BACK = "goes-back"  # the payment that was under way goes back
    STILL_THERE = "still-there"  # nobody has touched anything for a while: the bill is forgotten soon


class Notice(msgspec.Struct, frozen=True):
    """One notice, and the product that it is about where there is one (language -> name)."""

    kind: NoticeKind
    gtin: str = ""
    names: dict[str, str] = {}


class TaxShown(msgspec.Struct, frozen=True):
    """One row of the tax table: the rate in basis points, and the tax at that rate in the total."""

    rate_bp: int
    tax: Money


class Sold(msgspec.Struct, frozen=True):
    """A sale that is in the journal: receipt number, what was charged, and the link of the receipt or ''."""

    sale: str
    number: str
    total: Money
    units: int
    receipt: str
    tender: str = HOUSE_ACCOUNT
    """How it was paid, or the last part of it."""
    stored: Money | None = None
    """What of it was accepted while nobody could be asked, and is not charged yet."""


Paper = Literal["", "offered", "printing", "printed", "failed"]
"""The receipt on paper: there is no printer; it can be had; is under way; is there; could not be printed."""


class State(msgspec.Struct, frozen=True):
    """The till at one moment.

    `number` grows with every change: a tap names the number that it was painted on, and the till ignores a
    tap on anything older.
    """

    number: int
    stage: Stage
    online: bool
    language: str
    """The language that the shopper chose, or the site's own."""
    languages: tuple[str, ...]
    lines: tuple[BasketLine, ...] = ()
    total: Money | None = None
    taxes: tuple[TaxShown, ...] = ()
    savings: tuple[Saving, ...] = ()
    """What promotions take off, the most first."""
    ways: tuple[Way, ...] = ()
    """How the goods that are offered could be paid."""
    paying: Paying = NOT_PAYING
    offer: Goods | None = None
    """What a shelf holds for sale while nobody has taken any: shown while idle."""
    sold: Sold | None = None
    notices: tuple[Notice, ...] = ()
    """What the shopper should know besides, the most pressing first; none of it stops the rest."""
    candidates: tuple[Goods, ...] = ()
    """Which products the camera may have seen: the shopper says which."""
    scanned: bool = False
    """Something in the basket was scanned, and can be cancelled on the glass."""
    trouble: str | None = None
    """Why it is out of service or disagrees: a stable code for the glass to find words for."""
    identify: bool = False
    """Somebody in the shop looks for this object."""
    paper: Paper = ""
    """The receipt of `sold` on paper."""
    member: Greeted | None = None
    """Who buys, where they have shown that they are a member."""
    larger: bool = False
    """The shopper wants larger letters."""
    listens: bool = False
    """The shopper wants to hear what the glass says."""
    aside: Aside | None = None
    """What has to be asked or told before the purchase goes on."""
    signs_in: bool = False
    """A member can say here who they are, and nobody has."""
    called: bool = False
    """A shopper has asked for somebody of the shop, who has not come yet."""
    staffed: Staffed | None = None
    """What somebody of the shop does here, while they do."""
    looked: Looked | None = None
    """What is looked at while one single item is offered."""


class Tap(Enum):
    """What a shopper can ask for."""

    BUY = "buy"
    DONE = "done"
    LANGUAGE = "language"
    REMOVE = "remove"  # one of a line off the bill; the value is the line's
    CANCEL = "cancel"  # all that was scanned off the bill; or end the payment
    CHOOSE = "choose"  # the value is the GTIN of a candidate
    PAY = "pay"  # choose how to pay
    METHOD = "method"  # pay so; the value is the name of a way
    RETRY = "retry"  # pay so once more
    DESK = "desk"  # pay at the desk instead
    BACK = "back"  # one step back, nothing has begun
    STAY = "stay"  # somebody is still there
    PRINT = "print"  # the receipt on paper
    SIGNIN = "signin"  # say who they are, as a member
    STAFF = "staff"  # ask for somebody of the shop, or take that back
    DIGIT = "digit"  # the value is one digit
    ERASE = "erase"  # the last digit
    ENTER = "enter"  # that is it: go on, or do it
    DEED = "deed"  # the value is what staff wants to do
    LINE = "line"  # one more of a line came back; the value is the line's number from 0
    PAGE = "page"  # the next lines
    LEAVE = "leave"  # staff is done
    SIZE = "size"  # look at another size; the value is its code
    COLOUR = "colour"  # look at another colour; the value is its code
    LARGER = "larger"  # larger letters, or those of before
    LISTEN = "listen"  # read aloud what the glass says, or be quiet again


class Answer(Enum):
    """What became of a tap."""

    ACCEPTED = "accepted"
    STALE = "stale"  # it was painted on an older screen: nothing was done
    REFUSED = "refused"  # this screen has no such control


def meaning(state: State) -> tuple[object, ...]:
    """What a tap depends on: the stage, goods and price, the choices, how it is paid, what was sold."""
    goods = tuple((line.goods.gtin, line.units, line.total, line.remove) for line in state.lines)
    choices = tuple(goods.gtin for goods in state.candidates)
    paying = state.paying
    ways = tuple(way.name for way in paying.ways), paying.way, paying.left, paying.wants_code, paying.outcome
    sold = state.sold.sale if state.sold else None
    staff = state.called, _deed(state.staffed)
    looked = state.looked.goods.gtin if state.looked else None
    return state.stage, goods, state.total, choices, ways, sold, staff, looked


def _deed(staffed: Staffed | None) -> Staffed | None:
    """What a tap of staff depends on: not on how many digits there are, so that a fast hand loses none."""
    return None if staffed is None else msgspec.structs.replace(staffed, dots=0, typed="", said="")
