"""Samples of a purchase on the glass, from the choice how to pay to its end."""

from typing import Any, Final, get_args

from msgspec.structs import replace

from edge.checkout.state import (
    Notice,
    NoticeKind,
    Outcome,
    Paying,
    Saving,
    Shows,
    Sold,
    Stage,
    State,
    Way,
)
from edge.display.sample_goods import ENDLESS, euros, sold
from edge.readings import TerminalNeeds
from retail.units import Money

# More than anything of the samples costs: a way without a limit of its own takes all that is left.
_ALL: Final = 100_000_000


def way(name: str, shows: Shows = "terminal", cents: int = _ALL) -> Way:
    """A way to pay, and what it takes at most."""
    return Way(name, shows, euros(cents))


def _of(left: Money | None, way: Way) -> Way:
    """`way` as it is offered while so much is left."""
    return way if left is None else replace(way, amount=min(way.amount, left, key=_minor))


def _minor(money: Money) -> int:
    return money.amount_minor


CARD, DESK, WALLET = way("zvt"), way("desk", "desk"), way("wechat", "scan")
ACCOUNT: Final = way("house-account", "account")
EVERY_WAY: Final = (CARD, DESK, ACCOUNT, WALLET, way("alipay", "scan"), way("wallet", "scan", 1200))
ALL_WAYS: Final = (*EVERY_WAY[:5], way("stripe"), EVERY_WAY[5])
"""As many as an object's file can name."""
STRANGE_WAYS: Final = (way("pix", "nothing"), way("blik", "nothing"))
"""The glass has no words for these."""
SAVINGS: Final = (
    Saving("Three for the price of two, all this week", euros(990)),
    Saving("Autumn", euros(500)),
)


def paying_states(idle: State, few: State, many: State, lots: State) -> dict[str, State]:
    """What the glass shows of a purchase, from the choice to its end."""

    def paying(stage: Stage, state: State = few, **told: Any) -> State:
        paying = Paying(**{"left": state.total, "ways": EVERY_WAY} | told)
        chosen = None if paying.way is None else _of(paying.left, paying.way)
        offered = tuple(_of(paying.left, each) for each in paying.ways)
        return replace(state, stage=stage, paying=replace(paying, ways=offered, way=chosen))

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
        "choosing between seven": paying(Stage.CHOOSING, ways=ALL_WAYS),
        "choosing between nine": paying(Stage.CHOOSING, ways=ALL_WAYS + STRANGE_WAYS),
        "choosing between nine, a part is paid": paying(
            Stage.CHOOSING, lots, **part, ways=ALL_WAYS + STRANGE_WAYS
        ),
        "choosing, a part is paid": paying(Stage.CHOOSING, lots, **part),
        "choosing, and nobody is there": paying(Stage.CHOOSING, warns=True),
        "choosing, something was put back": replace(paying(Stage.CHOOSING), notices=put_back),
        **{f"paying {name}": paying(Stage.PAYING, many, **told) for name, told in asked.items()},
        **{f"terminal: {each}": paying(Stage.PAYING, way=CARD, prompt=each) for each in TerminalNeeds},
        "terminal: the card is still in it": paying(
            Stage.PAYING, way=CARD, prompt=TerminalNeeds.REMOVE_CARD, asks=True
        ),
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


def paid_by(tender: str, state: State) -> Sold:
    """The sale of `state`, paid so."""
    assert state.sold is not None, "nothing was sold"
    return replace(state.sold, tender=tender)
