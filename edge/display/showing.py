"""From the till's state to a screen: which one the glass shows, and what of it fits on the panel."""

from collections.abc import Mapping
from functools import reduce
from operator import add
from typing import Final, TypedDict, TypeVar

from edge.checkout.state import (
    OPEN_STAGES,
    BasketLine,
    Goods,
    Notice,
    NoticeKind,
    Sold,
    Stage,
    State,
    Variant,
)
from edge.display.panels import LAYOUTS, Kind, room_of
from edge.display.screens import (
    LANGUAGES,
    Attract,
    Basket,
    Charge,
    Charged,
    Choice,
    Closed,
    Compare,
    Contradiction,
    Done,
    Glass,
    Line,
    Listing,
    Look,
    OfflineAccepted,
    OutOfService,
    Pick,
    PriceTag,
    Product,
    Recording,
    Rest,
    Said,
    Screen,
    Sensors,
    Training,
    Unknown,
    Unpaired,
)
from edge.display.showing_asides import beside
from edge.display.showing_payments import asked_of, choice_of, refusal_of
from retail.allergens import allergen

# A QR code of 1,500 bytes has 129 modules a side (ISO/IEC 18004, version 28-L): with its margin it still fits
# the smallest panel at 3 pixels a module.
RECEIPT_CHARACTERS_MAX: Final = 1500

# The till's codes of trouble that have words of their own.
_CLOSED: Final[Mapping[str | None, Closed]] = {
    "device.waiting": "starting",
    "journal": "checking",
    "payment": "payment",
}
_CONTRADICTIONS: Final[Mapping[str | None, Contradiction]] = {
    "foreign-item": "foreign-item",
    "untagged-item": "untagged-item",
    "too-many": "too-many",
}

# Where the shopper has a hand free for something besides; elsewhere one thing matters.
_WITH_NOTICES: Final = frozenset({Stage.IDLE, Stage.LISTING, Stage.OFFERED, Stage.CHOOSING, Stage.PAYING})

# Whoever scans the code of a rehearsed sale reads that it is none.
_NO_RECEIPT: Final = "TRAINING"

# Three rows fit beside every price; of more promotions the sum is said.
_SAVINGS_MAX: Final = 2

# Two lines of half a mirror, in large letters.
_NAME_IN_HALF: Final = 30

_Words = TypeVar("_Words")


def screen_of(state: State, glass: Glass) -> Screen:
    """What `glass` shows while the till is in `state`."""
    return _Maker(state, glass).screen()


class _Frame(TypedDict):
    number: int
    kind: Kind
    place: str
    offline: bool
    language: str
    languages: tuple[str, ...]
    identify: bool
    training: bool
    notices: tuple[Said, ...]
    choices: tuple[Choice, ...]
    cancels: bool
    called: bool
    signs_in: bool
    larger: bool
    speaks: bool
    listens: bool


class _Maker:
    """One state on its way to a screen."""

    def __init__(self, state: State, glass: Glass) -> None:
        self._state = state
        self._glass = glass
        self._layout = LAYOUTS[glass.kind]
        self._room = room_of(self._layout, larger=state.larger or glass.drawn.scale_permille > 1000)
        self._language = _language(state)
        self._frame = self._make_frame()
        self._lines = tuple(self._line(line) for line in state.lines)
        self._units = sum(line.units for line in state.lines)

    def screen(self) -> Screen:
        screen: Screen
        match self._state.stage:
            case Stage.UNPAIRED:
                screen = Unpaired(**self._frame)
            case Stage.IDLE:
                screen = self._idle()
            case Stage.LISTING:
                screen = Listing(**self._frame, offer=self._offer())
            case Stage.OFFERED:
                screen = self._offered()
            case Stage.CHOOSING:
                screen = choice_of(self._state, self._frame, self._offer(), self._room)
            case Stage.PAYING | Stage.RECORDING:
                screen = self._recording()
            case Stage.DECLINED | Stage.CANCELLED:
                screen = refusal_of(self._state, self._frame, self._offer())
            case Stage.UNKNOWN:
                screen = Unknown(**self._frame, offer=self._offer(), amount=self._state.total)
            case Stage.DONE:
                screen = self._done()
            case Stage.DISAGREE:
                screen = Sensors(**self._frame, contradiction=self._contradiction(), offer=self._offer())
            case Stage.OUT_OF_SERVICE:
                screen = self._out_of_service()
            case Stage.STAFF | Stage.AGE | Stage.SIGNIN | Stage.OFFLINE:
                screen = beside(self._state, self._frame, self._offer())
        return screen

    def _idle(self) -> Attract | Training:
        screen = Training if self._glass.training else Attract
        return screen(**self._frame, offer=self._offer())

    def _offered(self) -> Product | Compare | Basket:
        charge = self._charge()
        assert charge is not None, "the till offers goods, but there is no total"
        if self._glass.kind == "mirror" and self._units == 1:
            return self._product(charge)
        if self._glass.kind == "mirror" and [line.units for line in self._lines] == [1, 1] and self._fits():
            one, other = (line.tag for line in self._lines)
            return Compare(**self._frame, tags=(one, other), charge=charge)
        lines, rest = self._rows()
        tag, look = self._looked() if self._units == 1 else (None, None)
        return Basket(
            **self._frame, lines=lines, rest=rest, units=self._units, charge=charge, tag=tag, look=look
        )

    def _product(self, charge: Charge) -> Product:
        tag, look = self._looked()
        return Product(**self._frame, tag=tag, charge=charge, look=look)

    def _looked(self) -> tuple[PriceTag, Look | None]:
        """The single item or what is looked at in its place, and what else there is to choose."""
        looked = self._state.looked
        if looked is None or self._frame["choices"] or self._layout == "shelf":
            return self._lines[0].tag, None
        # What has to be said now, or tapped, has the room of what is nice to know.
        both_rows = bool(looked.sizes and looked.colours and self._layout == "wide")
        companions = () if self._frame["notices"] else looked.goes_with[: 0 if both_rows else None]
        look = Look(
            is_held=looked.is_held,
            held_size=self._spoken(looked.held_size, ""),
            sizes=tuple(map(self._pick, looked.sizes)),
            colours=tuple(map(self._pick, looked.colours)),
            goes_with=tuple(map(self._price_tag, companions)),
        )
        return self._price_tag(looked.goods), look

    def _pick(self, variant: Variant) -> Pick:
        name = self._spoken(variant.names, variant.code)
        return Pick(variant.code, name, variant.here, variant.chosen)

    def _fits(self) -> bool:
        """Whether two items side by side leave room for what else has to be said and tapped."""
        wordy = any(len(each.tag.name) > _NAME_IN_HALF or each.tag.allergens for each in self._lines)
        beside = self._frame["notices"] or self._frame["choices"] or self._frame["cancels"]
        return not beside and not (wordy and self._state.larger)

    def _recording(self) -> Recording:
        lines, rest = self._rows()
        asks = asked_of(self._state.paying) if self._state.stage is Stage.PAYING else None
        return Recording(
            **self._frame,
            lines=lines,
            rest=rest,
            units=self._units,
            charge=self._charge(),
            asks=asks,
            offer=self._offer() if asks else None,
        )

    def _rows(self) -> tuple[tuple[Line, ...], Rest | None]:
        """The lines that fit the panel, and what the others come to."""
        most = self._rows_max()
        if len(self._lines) <= most:
            return self._lines, None
        shown, others = self._lines[: most - 1], self._lines[most - 1 :]
        total = reduce(add, (line.total for line in others))
        return shown, Rest(sum(line.units for line in others), total)

    def _rows_max(self) -> int:
        buttons = self._frame["cancels"] or any(line.remove for line in self._lines)
        lines = self._room.tall if buttons else self._room.lines
        choice = self._room.choice if self._frame["choices"] else 0
        return max(lines - self._room.notice * len(self._frame["notices"]) - choice, 1)

    def _done(self) -> Done:
        assert self._state.sold is not None, "the till says done, but there is no sale"
        charged = self._charged(self._state.sold)
        screen = Done if charged.stored is None else OfflineAccepted
        return screen(**self._frame, charged=charged, offer=self._offer(), paper=self._state.paper)

    def _out_of_service(self) -> OutOfService:
        sold = self._state.sold
        return OutOfService(
            **self._frame,
            why=_CLOSED.get(self._state.trouble, "closed"),
            charged=None if sold is None else self._charged(sold),
            uncharged=self._state.total,
            offer=self._offer(),
        )

    def _contradiction(self) -> Contradiction:
        return _CONTRADICTIONS.get(self._state.trouble, "tag-and-weight")

    def _charge(self) -> Charge | None:
        if self._state.total is None:
            return None
        savings, ways = self._state.savings, self._state.ways
        shown = savings if len(savings) <= _SAVINGS_MAX else savings[: _SAVINGS_MAX - 1]
        return Charge(
            total=self._state.total,
            taxes=self._state.taxes,
            tender=ways[0].name if len(ways) == 1 else "",
            savings=shown,
            saved=reduce(add, (each.amount for each in savings)) if len(savings) > 1 else None,
        )

    def _charged(self, sold: Sold) -> Charged:
        fits = 0 < len(sold.receipt) <= RECEIPT_CHARACTERS_MAX and not self._glass.training
        number = f"{_NO_RECEIPT} {sold.number}" if self._glass.training else sold.number
        return Charged(
            number=sold.number,
            total=sold.total,
            units=sold.units,
            tender=sold.tender,
            qr=sold.receipt if fits else number,
            qr_is="receipt" if fits else "number",
            stored=sold.stored,
        )

    def _offer(self) -> PriceTag | None:
        """The price tag that a shelf never hides; elsewhere goods walk."""
        if self._glass.kind != "shelf":
            return None
        if self._state.offer is not None:
            return self._price_tag(self._state.offer)
        return self._lines[0].tag if self._lines else None

    def _line(self, line: BasketLine) -> Line:
        return Line(self._price_tag(line.goods), line.units, line.total, line.remove)

    def _make_frame(self) -> _Frame:
        open_ = self._state.stage in _WITH_NOTICES
        choices = self._choices() if open_ and self._state.stage in OPEN_STAGES else ()
        notices = [self._said(notice) for notice in self._state.notices] if open_ else []
        if open_ and (member := self._state.member) is not None:
            notices.append(Said(NoticeKind.WELCOME, member.name or None))
        spoken = [language for language in self._state.languages if language in LANGUAGES]
        return {
            "number": self._state.number,
            "kind": self._glass.kind,
            "place": self._glass.place,
            "offline": not (self._state.online or self._glass.training),
            "language": self._language,
            "languages": tuple(other for other in spoken if other != self._language),
            "identify": self._state.identify,
            "called": self._state.called,
            "signs_in": self._state.signs_in and not self._glass.training,
            "larger": self._state.larger,
            "speaks": self._language in self._glass.voices,
            "listens": self._state.listens and self._language in self._glass.voices,
            "training": self._glass.training,
            "notices": tuple(notices[: self._room.notices]),
            "choices": choices,
            "cancels": self._state.scanned and self._state.stage in OPEN_STAGES,
        }

    def _choices(self) -> tuple[Choice, ...]:
        if self._layout == "shelf":  # its panel has no room for them
            return ()
        return tuple(
            Choice(self._spoken(goods.names, goods.gtin), goods.gtin) for goods in self._state.candidates
        )

    def _said(self, notice: Notice) -> Said:
        kind = notice.kind
        if kind is NoticeKind.CHOOSE and self._layout == "shelf":
            kind = NoticeKind.SCAN_AGAIN
        return Said(kind, self._spoken(notice.names, notice.gtin) if notice.names else None)

    def _price_tag(self, goods: Goods) -> PriceTag:
        return PriceTag(
            name=self._spoken(goods.names, goods.gtin),
            details=self._spoken(goods.details, ()),
            price=goods.price,
            unit_price=goods.unit_price,
            here=goods.here,
            shop=goods.shop,
            elsewhere=goods.elsewhere,
            members=goods.member_price if self._state.member is None else None,
            allergens=tuple(allergen(code, self._language) for code in goods.allergens),
            min_age=goods.min_age,
            images=goods.images,
            hangs=self._spoken(goods.place, ""),
        )

    def _spoken(self, words: Mapping[str, _Words], silent: _Words) -> _Words:
        """The words in the shopper's language, else in the site's own, else in any."""
        for language in (self._language, *self._state.languages, *words):
            if language in words:
                return words[language]
        return silent


def _language(state: State) -> str:
    """The language of the screen: the chosen one, or the first that the glass speaks."""
    spoken = [language for language in state.languages if language in LANGUAGES]
    return state.language if state.language in LANGUAGES else (spoken or ["en"])[0]
