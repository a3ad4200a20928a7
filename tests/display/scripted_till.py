"""A till that becomes what a test says and writes every tap down, and the goods that it speaks of."""

import random
import string
from collections.abc import Callable
from typing import Any, get_args

from msgspec.structs import replace

from edge.checkout.state import (
    Answer,
    BasketLine,
    Goods,
    Notice,
    NoticeKind,
    Outcome,
    Paying,
    Saving,
    Shows,
    Sold,
    Stage,
    State,
    Tap,
    TaxShown,
    Way,
)
from retail.units import Money


def euros(cents: int) -> Money:
    return Money(cents, "EUR")


SWEATER = Goods(
    gtin="09520001000015",
    names={"en": "Merino Crew Sweater", "de": "Merinopullover mit Rundhals"},
    details={"en": ("Ink blue", "Size M", "100% wool"), "de": ("Tintenblau", "Größe M", "100 % Wolle")},
    price=euros(5990),
    unit_price=None,
    here=4,
)
JEANS = Goods(
    gtin="09520001000022",
    names={"en": "Straight Jeans", "de": "Gerade Jeans"},
    details={"en": ("Mid blue", "32/32"), "de": ("Mittelblau", "32/32")},
    price=euros(8950),
    unit_price=None,
    here=2,
)
SCARF = Goods(
    gtin="09520001000039",
    names={"en": "Lambswool Scarf", "de": "Schal aus Lammwolle"},
    details={"en": ("Oat",), "de": ("Hafer",)},
    price=euros(3500),
    unit_price=None,
    here=3,
)
YIRGACHEFFE = Goods(
    gtin="09520001000046",
    names={"en": "Ethiopia Yirgacheffe 250 g", "de": "Äthiopien Yirgacheffe 250 g"},
    details={"en": ("Whole bean", "Light roast", "Organic"), "de": ("Ganze Bohne", "Helle Röstung", "Bio")},
    price=euros(1150),
    unit_price=euros(4600),
    here=6,
)
HUILA = Goods(
    gtin="09520001000053",
    names={"en": "Colombia Huila 250 g", "de": "Kolumbien Huila 250 g"},
    details={"en": ("Whole bean", "Medium roast"), "de": ("Ganze Bohne", "Mittlere Röstung")},
    price=euros(990),
    unit_price=euros(3960),
    here=5,
)
ENDLESS = replace(
    SWEATER,
    names={
        "en": "Double-faced Merino Cashmere Crew Neck Sweater with Raglan Sleeves",
        "de": "Doppelseitiger Merino-Kaschmir-Rundhalspullover mit Raglanärmeln",
    },
    price=euros(1_234_567),
    unit_price=euros(98_765),
    here=1200,
)
ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>%(price)s{{ 7*7 }}"
HOSTILE = replace(
    SWEATER,
    names={"en": ATTACK, "de": ATTACK},
    details={"en": ("</main><b>bold</b>", "a & b"), "de": ("</main><b>fett</b>", "a & b")},
)

# A notice that is as long as they come, and one of the short ones.
LONG_NOTICE = Notice(NoticeKind.NO_PRICE, ENDLESS.gtin, ENDLESS.names)
NOTICE = Notice(NoticeKind.UNKNOWN)

IDLE = State(1, Stage.IDLE, online=True, language="en", languages=("en", "de"))


def receipt(characters: int) -> str:
    """Letters and digits as a compact JWS has them."""
    luck = random.Random(characters)
    return "".join(luck.choices(string.ascii_letters + string.digits + "-_", k=characters))


def line(goods: Goods, units: int = 1) -> BasketLine:
    return BasketLine(goods, units, goods.price.times(units))


def offered(*lines: BasketLine, number: int = 1) -> State:
    total = euros(sum(each.total.amount_minor for each in lines))
    taxes = (TaxShown(1900, euros(total.amount_minor * 19 // 119)),)
    return replace(IDLE, number=number, stage=Stage.OFFERED, lines=lines, total=total, taxes=taxes)


def sold(state: State, jws: str = "") -> State:
    assert state.total is not None
    sale = Sold("s1", "K7QM-0031", state.total, sum(each.units for each in state.lines), jws)
    return replace(
        state, number=state.number + 1, stage=Stage.DONE, sold=sale, lines=(), total=None, taxes=()
    )


def scanned(state: State, *notices: Notice) -> State:
    """The same, if all of it was scanned."""
    lines = tuple(replace(each, remove=each.goods.gtin) for each in state.lines)
    return replace(state, lines=lines, scanned=True, notices=notices)


def offline(state: State) -> State:
    """The hub is out of reach: nobody can vouch for how many there are."""
    lines = tuple(replace(each, goods=replace(each.goods, here=None)) for each in state.lines)
    offer = None if state.offer is None else replace(state.offer, here=None)
    return replace(state, online=False, lines=lines, offer=offer)


def states(kind: str) -> dict[str, State]:
    """One state for each thing that the glass of such an object can show, the odd ones among them."""
    offer = YIRGACHEFFE if kind == "shelf" else None
    idle = replace(IDLE, offer=offer)
    few, many, endless, lots = (
        replace(offered(*lines), offer=offer)
        for lines in (
            [line(YIRGACHEFFE, 2)] if kind == "shelf" else [line(SWEATER)],
            [line(YIRGACHEFFE, 2), line(HUILA)]
            if kind == "shelf"
            else [line(SWEATER), line(JEANS), line(SCARF, 2)],
            [line(ENDLESS, 12 if kind == "shelf" else 1)],
            [line(goods, 3) for goods in (ENDLESS, SWEATER, JEANS, SCARF, YIRGACHEFFE, HUILA) * 2],
        )
    )
    closed = replace(idle, stage=Stage.OUT_OF_SERVICE, trouble="device.gone")
    return {
        "unpaired": replace(idle, stage=Stage.UNPAIRED),
        "idle": idle,
        "idle, offline": offline(idle),
        "nothing left": replace(idle, offer=None),
        "few": few,
        "few, offline": offline(few),
        "many": many,
        "lots": lots,
        "endless": endless,
        "hostile": offered(line(HOSTILE)),
        "scanned": scanned(many),
        "scanned lots": scanned(lots),
        "scanned, with notices": scanned(lots, LONG_NOTICE, LONG_NOTICE),
        "idle, with a notice": replace(idle, notices=(LONG_NOTICE, NOTICE)),
        "idle, with what cannot be sold any more": replace(scanned(idle, LONG_NOTICE), scanned=True),
        "few, with a choice": replace(
            few, notices=(Notice(NoticeKind.CHOOSE),), candidates=(ENDLESS, HUILA, SCARF)
        ),
        "idle, with a choice": replace(idle, notices=(Notice(NoticeKind.CHOOSE),), candidates=(HUILA, SCARF)),
        "listing": replace(idle, stage=Stage.LISTING),
        "listing, something was scanned": replace(scanned(idle, NOTICE), stage=Stage.LISTING),
        **paying_states(idle, few, many, lots),
        "recording": replace(few, stage=Stage.RECORDING),
        "recording many": replace(many, stage=Stage.RECORDING),
        "done": sold(few, receipt(1500)),
        "done, offline": offline(sold(many, receipt(1501))),
        "done, endless": sold(endless),
        "recording, the goods have left": replace(idle, stage=Stage.RECORDING),
        "disagree": replace(few, stage=Stage.DISAGREE, trouble="tag-and-weight"),
        "foreign item": replace(idle, stage=Stage.DISAGREE, trouble="foreign-item"),
        "untagged item": replace(idle, stage=Stage.DISAGREE, trouble="untagged-item"),
        "too many": replace(few, stage=Stage.DISAGREE, trouble="too-many"),
        "too many, scanned": replace(scanned(few), stage=Stage.DISAGREE, trouble="too-many"),
        "closed": closed,
        "closed with a basket": replace(few, stage=Stage.OUT_OF_SERVICE, trouble="device.gone"),
        "closed after a sale": replace(sold(few), stage=Stage.OUT_OF_SERVICE, trouble="device.gone"),
        "starting": replace(closed, trouble="device.waiting"),
        "checking": replace(few, stage=Stage.OUT_OF_SERVICE, trouble="journal"),
    }


def way(name: str, shows: Shows = "terminal", cents: int = 5990) -> Way:
    return Way(name, shows, euros(cents))


CARD, DESK, WALLET = way("zvt"), way("desk", "desk"), way("wechat", "scan")
ACCOUNT = way("house-account", "account")
EVERY_WAY = (CARD, DESK, ACCOUNT, WALLET, way("alipay", "scan"), way("wallet", "scan", 1200))
SAVINGS = (Saving("Three for the price of two, all this week", euros(990)), Saving("Autumn", euros(500)))


def paying_states(idle: State, few: State, many: State, lots: State) -> dict[str, State]:
    """What the glass shows of a purchase, from the choice to its end."""

    def paying(stage: Stage, state: State = few, **paying: Any) -> State:
        return replace(state, stage=stage, paying=Paying(**{"left": state.total, "ways": EVERY_WAY} | paying))

    part: dict[str, Any] = {"left": euros(4790), "paid": euros(1200)}
    put_back = (Notice(NoticeKind.PUT_BACK, ENDLESS.gtin, ENDLESS.names),)
    asked: dict[str, dict[str, Any]] = {
        "at the terminal": {"way": CARD},
        "at the desk": {"way": DESK, "code": "7K2QWM"},
        "with a code": {"way": WALLET, "wants_code": True},
        "with a code that was shown": {"way": WALLET},
        "in a way unknown to the glass": {"way": way("pix", "nothing")},
        "and it takes long": {"way": CARD, "asks": True},
        "and nobody is there": {"way": WALLET, "wants_code": True, "warns": True},
    }
    outcomes = get_args(Outcome)
    return {
        "few, reduced": replace(few, savings=SAVINGS[:1]),
        "many, reduced": replace(many, savings=(*SAVINGS, *SAVINGS)),
        "few, one way to pay": replace(few, ways=(ACCOUNT,)),
        "choosing": paying(Stage.CHOOSING),
        "choosing between two": paying(Stage.CHOOSING, ways=(CARD, ACCOUNT)),
        "choosing, a part is paid": paying(Stage.CHOOSING, lots, **part),
        "choosing, and nobody is there": paying(Stage.CHOOSING, warns=True),
        "choosing, something was put back": replace(paying(Stage.CHOOSING), notices=put_back),
        **{f"paying {name}": paying(Stage.PAYING, many, **told) for name, told in asked.items()},
        "paying, something was put back": replace(
            paying(Stage.PAYING, way=DESK, code="7K2QWM"), notices=put_back
        ),
        **{f"declined: {each}": paying(Stage.DECLINED, way=CARD, outcome=each) for each in outcomes},
        "declined, a part is paid": paying(Stage.DECLINED, way=CARD, outcome="declined", **part),
        "declined, one way to pay": paying(Stage.DECLINED, way=CARD, ways=(CARD,), outcome="too-late"),
        "declined, no way to pay": paying(Stage.DECLINED, way=CARD, ways=(), outcome="unreachable"),
        "declined, and nobody is there": paying(Stage.DECLINED, way=CARD, warns=True, **part),
        "cancelled": paying(Stage.CANCELLED, **part),
        "unknown": paying(Stage.UNKNOWN, way=CARD),
        "unknown, after a restart": replace(idle, stage=Stage.UNKNOWN),
        "done, paid by card": replace(sold(few), sold=paid_by("zvt", sold(few))),
        "checking the last payment": replace(idle, stage=Stage.OUT_OF_SERVICE, trouble="payment"),
    }


CONTROLS = {
    "choosing between two": ["method:zvt", "method:house-account", "back"],
    "choosing, and nobody is there": ["stay"],
    "paying at the terminal": ["cancel"],
    "paying at the desk": ["cancel"],
    "paying with a code": ["back"],
    "paying with a code that was shown": ["cancel"],
    "paying in a way unknown to the glass": ["cancel"],
    "paying and it takes long": [],
    "paying and nobody is there": ["stay"],
    "paying, something was put back": ["cancel"],
    **{f"declined: {each}": ["retry", "pay", "desk", "back"] for each in get_args(Outcome)},
    "declined, a part is paid": ["retry", "pay", "desk", "cancel"],
    "declined, one way to pay": ["retry", "back"],
    "declined, no way to pay": ["back"],
    "declined, and nobody is there": ["stay"],
    "cancelled": ["done"],
}
"""What can be tapped while it is being paid; where all ways are open, see `controls`."""


def controls(kind: str, moment: str) -> list[str]:
    """What can be tapped in a moment of a purchase; nothing where it is none."""
    if moment.startswith("choosing") and moment not in CONTROLS:
        ways = EVERY_WAY[:3] if kind == "shelf" else EVERY_WAY
        stop = "cancel" if "a part" in moment else "back"
        return [*(f"method:{way.name}" for way in ways), stop]
    return CONTROLS.get(moment, [])


def paid_by(tender: str, state: State) -> Sold:
    assert state.sold is not None
    return replace(state.sold, tender=tender)


class ScriptedTill:
    """What the glass asks of a till."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.taps: list[tuple[Tap, int, str | None]] = []
        self.bells: list[Callable[[], None]] = []

    def subscribe(self, ring: Callable[[], None]) -> Callable[[], None]:
        self.bells.append(ring)
        return lambda: self.bells.remove(ring)

    def become(self, state: State) -> None:
        self.state = state
        for ring in list(self.bells):
            ring()

    async def tap(self, tap: Tap, screen: int, value: str | None) -> Answer:
        self.taps.append((tap, screen, value))
        if screen != self.state.number:
            return Answer.STALE
        after = self._after(tap, value)
        if after is None:
            return Answer.REFUSED
        self.become(after)
        return Answer.ACCEPTED

    def _after(self, tap: Tap, value: str | None) -> State | None:
        match tap, self.state.stage:
            case Tap.LANGUAGE, _ if value in self.state.languages:
                assert value is not None
                return replace(
                    self.state, language=value
                )  # the same goods at the same price: the same number
            case Tap.BUY, Stage.OFFERED:
                return sold(self.state)
            case Tap.DONE, Stage.DONE:
                return replace(IDLE, number=self.state.number + 1)
            case _:
                return None


class WallClockAt:
    """A clock that stands at 14:32 in Berlin on 8 March 2026."""

    def __init__(self, quality: str = "trusted") -> None:
        self._quality = quality

    def wall_ms(self) -> int:
        return 1_772_976_720_000

    def quality(self) -> str:
        return self._quality
