"""Samples of somebody of the shop at work on the glass: from the badge to the money that goes back."""

from typing import Any, Final

from msgspec.structs import replace

from edge.checkout.staffed import MoneyBack, Staffed, StaffLine
from edge.checkout.state import Stage, State
from retail.units import Money

ACTS: Final = ("return.receipt", "sale.void", "return.no-receipt")
SAID: Final = (
    *("wrong", "wait", "locked", "needs-staff", "journal", "not-a-receipt", "no-sale", "not-believed"),
    *("too-late", "changed", "not-whole", "no-clock", "no-price", "too-much", "nothing", "too-many"),
    *("other-item", "all-back", "not-captured"),
)
_AMOUNT: Final = Money(123_456, "EUR")
_LONG: Final = "Doppelseitiger Merino-Kaschmir-Rundhalspullover mit Raglanärmeln"
LINES: Final = (
    StaffLine("Merino Crew Sweater", 1, 2, Money(11_980, "EUR")),
    StaffLine(_LONG, 0, 12, Money(990, "EUR")),
    StaffLine("Lambswool Scarf", 0, 0, Money(3_500, "EUR")),
    StaffLine("Straight Jeans", 3, 3, Money(26_850, "EUR")),
)
MONEY: Final = (
    MoneyBack("way", "zvt", _AMOUNT),
    MoneyBack("desk", "desk", _AMOUNT, "7K2QWM"),
    MoneyBack("person", "zvt", _AMOUNT),
)


def staff_states(idle: State) -> dict[str, State]:
    """One state for each step, and for each thing that may be said on it."""

    def staffed(step: Any, **more: Any) -> State:
        return replace(idle, stage=Stage.STAFF, staffed=Staffed(step, **{"acts": ACTS, **more}))

    confirmed = {"number": "K7QM-0031", "amount": _AMOUNT, "lines": LINES}
    return {
        "staff": staffed("pin"),
        "staff, a whole PIN": staffed("pin", dots=12),
        **{f"staff, {said}": staffed("pin", said=said) for said in SAID},
        "staff, it takes a moment": staffed("pin", busy=True),
        "staff, menu": staffed("menu"),
        "staff, a menu of one": staffed("menu", acts=ACTS[:1]),
        "staff, receipt": staffed("receipt", number="K7QM", typed="1234567890"),
        "staff, lines": staffed("lines", number="K7QM-0031", lines=LINES),
        "staff, many lines": staffed("lines", number="K7QM-0031", lines=LINES, page=2, pages=3),
        "staff, a wrong item": staffed("lines", number="K7QM-0031", lines=LINES, said="too-many"),
        "staff, goods": staffed("goods", lines=LINES),
        "staff, confirm": staffed("confirm", deed=ACTS[0], **confirmed),
        "staff, confirm a void": staffed("confirm", deed=ACTS[1], **confirmed),
        "staff, confirm cash": staffed("confirm", deed=ACTS[2], amount=_AMOUNT, lines=LINES),
        "staff, done": staffed("done", amount=_AMOUNT, number="K7QM-R0001, K7QM-R0002", money=MONEY),
        "staff, cash": staffed(
            "done", amount=_AMOUNT, number="K7QM-R0001", money=(MoneyBack("cash", "desk", _AMOUNT),)
        ),
    }
