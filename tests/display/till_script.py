"""A till that says what a test tells it to, and the goods that it says it of."""

from collections.abc import Callable

import msgspec

from edge.checkout.state import Answer, BasketLine, Goods, Sold, Stage, State, Tap, TaxShown
from retail.units import Money


def euros(cents: int) -> Money:
    return Money(cents, "EUR")


SWEATER = Goods(
    gtin="09520001000012",
    names={"en": "Merino Crew Sweater", "de": "Merinopullover mit Rundhals"},
    details={"en": ("Ink blue", "Size M", "100% wool"), "de": ("Tintenblau", "Größe M", "100 % Wolle")},
    price=euros(5990),
    unit_price=None,
    here=4,
)
JEANS = Goods(
    gtin="09520001000029",
    names={"en": "Straight Jeans", "de": "Gerade Jeans"},
    details={"en": ("Mid blue", "32/32"), "de": ("Mittelblau", "32/32")},
    price=euros(8950),
    unit_price=None,
    here=2,
)
SCARF = Goods(
    gtin="09520001000036",
    names={"en": "Lambswool Scarf", "de": "Schal aus Lammwolle"},
    details={"en": ("Oat",), "de": ("Hafer",)},
    price=euros(3500),
    unit_price=None,
    here=3,
)
YIRGACHEFFE = Goods(
    gtin="09520001000043",
    names={"en": "Ethiopia Yirgacheffe 250 g", "de": "Äthiopien Yirgacheffe 250 g"},
    details={"en": ("Whole bean", "Light roast", "Organic"), "de": ("Ganze Bohne", "Helle Röstung", "Bio")},
    price=euros(1150),
    unit_price=euros(4600),
    here=6,
)
HUILA = Goods(
    gtin="09520001000050",
    names={"en": "Colombia Huila 250 g", "de": "Kolumbien Huila 250 g"},
    details={"en": ("Whole bean", "Medium roast"), "de": ("Ganze Bohne", "Mittlere Röstung")},
    price=euros(990),
    unit_price=euros(3960),
    here=5,
)

IDLE = State(1, Stage.IDLE, online=True, language="en", languages=("en", "de"))


def line(goods: Goods, units: int = 1) -> BasketLine:
    return BasketLine(goods, units, goods.price.times(units))


def offered(*lines: BasketLine, number: int = 1, rate_bp: int = 1900) -> State:
    total = euros(sum(each.total.amount_minor for each in lines))
    tax = euros(total.amount_minor * rate_bp // (10_000 + rate_bp))
    return msgspec.structs.replace(
        IDLE, number=number, stage=Stage.OFFERED, lines=lines, total=total, taxes=(TaxShown(rate_bp, tax),)
    )


def sold(state: State, receipt: str = "") -> State:
    assert state.total is not None
    units = sum(each.units for each in state.lines)
    sale = Sold("s1", "K7QM-0031", state.total, units, receipt)
    return msgspec.structs.replace(state, number=state.number + 1, stage=Stage.DONE, sold=sale)


class ScriptedTill:
    """What the glass asks of a till, with every tap written down."""

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
        if tap is Tap.LANGUAGE:
            if value not in self.state.languages:
                return Answer.REFUSED
            self.become(msgspec.structs.replace(self.state, number=screen + 1, language=value))
        elif tap is Tap.BUY and self.state.stage is Stage.OFFERED:
            self.become(sold(self.state))
        elif tap is Tap.DONE and self.state.stage is Stage.DONE:
            self.become(msgspec.structs.replace(IDLE, number=screen + 1))
        else:
            return Answer.REFUSED
        return Answer.ACCEPTED


class TestClock:
    __test__ = False

    def wall_ms(self) -> int:
        return 1_772_976_720_000

    def quality(self) -> str:
        return "trusted"
