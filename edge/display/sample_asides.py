"""Samples of what is asked or told before a purchase goes on: age, sign-in, no network, accepted money."""

from typing import Final

from msgspec.structs import replace

from edge.checkout.asked import AgeAsked, Aside, Away, SigningIn
from edge.checkout.staff import AGE
from edge.checkout.staffed import Staffed
from edge.checkout.state import Paying, Stage, State
from edge.display.sample_goods import offline, receipt, sold
from edge.display.sample_payments import ACCOUNT, CARD, DESK, WALLET
from retail.units import Money

ADULTS: Final = AgeAsked(18, "2008-11-22")


def aside_states(idle: State, few: State, many: State) -> dict[str, State]:
    """One state for each aside and each thing that it may say."""

    def at(stage: Stage, aside: Aside, state: State = few) -> State:
        return replace(state, stage=stage, aside=aside)

    away = offline(few)
    way_lost = replace(offline(many), paying=Paying(ways=(CARD, DESK, ACCOUNT), way=WALLET, left=many.total))
    part_lost = replace(way_lost, paying=replace(way_lost.paying, paid=Money(1200, "EUR")))
    return {
        "age": replace(at(Stage.AGE, ADULTS, many), called=True),
        "age, nobody comes": at(Stage.AGE, replace(ADULTS, comes=False)),
        "sign-in": at(Stage.SIGNIN, SigningIn()),
        "sign-in, typed": at(Stage.SIGNIN, SigningIn("1234567890123")),
        "sign-in, nobody has that number": at(Stage.SIGNIN, SigningIn(said="unknown")),
        "sign-in, it takes a moment": at(Stage.SIGNIN, SigningIn("4711", busy=True)),
        "sign-in, by a code only": at(Stage.SIGNIN, SigningIn(said="unknown", pad=False)),
        "sign-in, and nobody is there": at(Stage.SIGNIN, SigningIn("47", warns=True)),
        "offline: signing in": at(Stage.OFFLINE, Away("signin"), away),
        "offline: paying": at(Stage.OFFLINE, Away("pay"), away),
        "offline: one way to pay": at(Stage.OFFLINE, Away("way", WALLET.name), way_lost),
        "offline, and nobody is there": at(Stage.OFFLINE, Away("pay", warns=True), away),
        "offline: one way to pay, a part is paid": at(Stage.OFFLINE, Away("way", WALLET.name), part_lost),
        "offline, a part is paid, and nobody is there": at(
            Stage.OFFLINE, Away("way", WALLET.name, warns=True), part_lost
        ),
        "idle, members can sign in": replace(idle, signs_in=True),
        "few, members can sign in": replace(few, signs_in=True),
        "many, members can sign in": replace(many, signs_in=True),
        "accepted offline": _stored(offline(sold(few, receipt(1500))), "zvt"),
        "accepted offline, a part of it": _stored(offline(sold(many)), "wallet", 1200),
        "staff, an age": replace(idle, stage=Stage.STAFF, staffed=Staffed("age", deed=AGE, age=ADULTS)),
        "staff, an age and no clock": replace(
            idle, stage=Stage.STAFF, staffed=Staffed("age", deed=AGE, age=replace(ADULTS, born=""))
        ),
        "staff, not theirs to see": replace(
            idle, stage=Stage.STAFF, staffed=Staffed("age", deed=AGE, age=ADULTS, said="not-this")
        ),
    }


def _stored(state: State, tender: str, cents: int | None = None) -> State:
    assert state.sold is not None
    stored = state.sold.total if cents is None else Money(cents, "EUR")
    return replace(state, sold=replace(state.sold, tender=tender, stored=stored))
