"""Samples of all that the glass can show: one state for each screen and each odd thing on it."""

from typing import Final, Literal, get_args

import msgspec
from msgspec.structs import replace

from edge.checkout.state import Notice, NoticeKind, Paper, Stage, State
from edge.display.sample_asides import aside_states
from edge.display.sample_goods import (
    ENDLESS,
    HOSTILE,
    HUILA,
    IDLE,
    JEANS,
    LONG_NOTICE,
    NOTICE,
    SCARF,
    SWEATER,
    YIRGACHEFFE,
    abroad,
    line,
    offered,
    offline,
    receipt,
    scanned,
    sold,
)
from edge.display.sample_payments import paying_states
from edge.display.sample_products import product_states
from edge.display.sample_staff import staff_states

TRAINED: Final = ("idle", "few", "many", "choosing", "done")
"""What is shown of a training, and with high contrast."""

LARGER: Final = ("idle", "few", "many", "endless", "choosing", "done", "staff, lines")
"""What is shown in larger letters: the fullest screens, and those that most shoppers see."""

_PAPERS: Final = tuple(paper for paper in get_args(Paper) if paper)


Moment = Literal["", "away", "languages", "more"]
"""What the page makes of a screen by itself: nothing; the object is away; a language is being chosen; more
ways to pay are in sight."""


class Sample(msgspec.Struct, frozen=True):
    """One thing that a glass can show: a state, what is special of the glass, and what the page adds."""

    state: State
    training: bool = False
    contrast: bool = False
    moment: Moment = ""


def samples(kind: str) -> dict[str, Sample]:
    """Each state of `states`, each notice, larger letters, and what is shown of a training."""
    table = states(kind)
    few = table["few"]
    larger = {f"larger, {name}": replace(table[name], larger=True) for name in LARGER}
    notices = {
        f"notice: {notice.value}": replace(few, notices=(Notice(notice, SWEATER.gtin, SWEATER.names),))
        for notice in NoticeKind
    }
    return {
        **{name: Sample(state) for name, state in (table | notices | larger).items()},
        **{f"training, {name}": Sample(table[name], training=True) for name in TRAINED},
        **{f"high contrast, {name}": Sample(table[name], contrast=True) for name in TRAINED},
        "idle, choosing a language": Sample(table["idle"], moment="languages"),
        "few, choosing a language": Sample(few, moment="languages"),
        "few, the object is away": Sample(few, moment="away"),
        **{f"{name}, the others": Sample(table[name], moment="more") for name in _turned(kind)},
    }


def _turned(kind: str) -> tuple[str, ...]:
    """What is chosen from on a second page: a shelf has the least room on its first."""
    real = ("choosing", "choosing between seven") if kind == "shelf" else ()
    return (*real, "choosing between nine", "choosing between nine, a part is paid")


def states(kind: str) -> dict[str, State]:
    """One state for each thing that the glass of such an object can show, the odd ones among them."""
    offer = YIRGACHEFFE if kind == "shelf" else None
    idle = replace(IDLE, offer=offer)
    few, many, eight, endless, lots = (
        replace(offered(*lines), offer=offer)
        for lines in (
            [line(YIRGACHEFFE, 2)] if kind == "shelf" else [line(SWEATER)],
            [line(YIRGACHEFFE, 2), line(HUILA)]
            if kind == "shelf"
            else [line(SWEATER), line(JEANS), line(SCARF, 2)],
            [line(goods) for goods in (HUILA, SCARF, YIRGACHEFFE, JEANS, SWEATER, HUILA, SCARF, JEANS)],
            [line(ENDLESS, 12 if kind == "shelf" else 1)],
            [line(goods, 3) for goods in (ENDLESS, SWEATER, JEANS, SCARF, YIRGACHEFFE, HUILA) * 2],
        )
    )
    return {
        "unpaired": replace(idle, stage=Stage.UNPAIRED),
        "idle": idle,
        "idle, offline": offline(idle),
        "nothing left": replace(idle, offer=None),
        "few": few,
        "few, offline": offline(few),
        "many": many,
        "eight lines": eight,
        "lots": lots,
        "endless": endless,
        "many, in francs": abroad(many, "CHF"),
        "endless, in dinars": abroad(endless, "KWD"),
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
        **staff_states(idle),
        **aside_states(idle, few, many),
        **product_states(kind),
        "few, somebody is called": replace(few, called=True),
        "idle, offline, somebody is called": replace(offline(idle), called=True),
        "recording": replace(few, stage=Stage.RECORDING),
        "recording many": replace(many, stage=Stage.RECORDING),
        "done": sold(few, receipt(1500)),
        "done, offline": offline(sold(many, receipt(1501))),
        "done, endless": sold(endless),
        **{f"done, paper {paper}": replace(sold(few, receipt(1500)), paper=paper) for paper in _PAPERS},
        "recording, the goods have left": replace(idle, stage=Stage.RECORDING),
        **_troubles(idle, few),
    }


def _troubles(idle: State, few: State) -> dict[str, State]:
    """What the glass shows while the sensors contradict each other, and while nothing can be bought."""
    closed = replace(idle, stage=Stage.OUT_OF_SERVICE, trouble="device.gone")
    return {
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
