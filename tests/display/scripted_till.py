"""A till that becomes what a test says and writes every tap down, and what can be tapped on each sample."""

from collections.abc import Callable
from typing import Final, get_args

from msgspec.structs import replace

from edge.checkout.staffed import Staffed
from edge.checkout.state import Answer, Outcome, Stage, State, Tap, Way
from edge.display.sample_goods import IDLE, sold
from edge.display.sample_payments import ALL_WAYS, EVERY_WAY, STRANGE_WAYS
from edge.display.sample_staff import ACTS
from edge.readings import TerminalNeeds

_PAD: Final = (*(f"digit:{digit}" for digit in "1234567890"), "erase", "enter")

CONTROLS = {
    "done, paper offered": ["print", "done"],
    "done, paper failed": ["print", "done"],
    "choosing between two": ["method:zvt", "method:house-account", "back"],
    "choosing, and nobody is there": ["stay"],
    "paying at the terminal": ["cancel"],
    **{f"terminal: {each}": ["cancel"] for each in TerminalNeeds if each is not TerminalNeeds.REVERSAL},
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
    "age": ["back"],
    "age, nobody comes": ["back"],
    **{f"sign-in{each}": [*_PAD, "back"] for each in ("", ", typed", ", nobody has that number")},
    **{
        f"{each}, and nobody is there": ["stay"] for each in ("sign-in", "offline", "offline, a part is paid")
    },
    "offline: one way to pay, a part is paid": ["back"],
    "sign-in, it takes a moment": ["back"],
    "sign-in, by a code only": ["back"],
    **{f"offline: {each}": ["back"] for each in ("signing in", "paying", "one way to pay")},
    "accepted offline": ["done"],
    "accepted offline, a part of it": ["done"],
}
"""What can be tapped while it is being paid; where all ways are open, see `controls`."""


def controls(kind: str, moment: str) -> list[str]:
    """What can be tapped in a moment of a purchase; nothing where it is none."""
    if moment.startswith("choosing") and moment not in CONTROLS:
        ways: tuple[Way, ...] = ALL_WAYS if "seven" in moment else EVERY_WAY
        if "nine" in moment:
            ways = ALL_WAYS + STRANGE_WAYS
        turns = ["more", "fewer"] if len(ways) > (5 if kind == "shelf" else 7) else []
        stop = "cancel" if "a part" in moment else "back"
        return [*(f"method:{way.name}" for way in ways), *turns, stop]
    if moment.endswith("members can sign in"):  # on the shelf there is room for it while nobody buys
        buys = [] if moment.startswith("idle") else ["buy"]
        return [*buys, *(["signin"] if (kind == "shelf") != bool(buys) else [])]
    return CONTROLS.get(moment, [])


_STEPS: Final = {
    "pin": (*_PAD, "leave"),
    "age": ("enter", "deed:age.refuse", "leave"),
    "menu": (*(f"deed:{act}" for act in ACTS), "leave"),
    "receipt": (*_PAD, "back"),
    "lines": ("enter", "back"),
    "goods": ("enter", "back"),
    "confirm": ("enter", "back"),
    "done": ("enter", "leave"),
}


def staff_controls(work: Staffed) -> list[str]:
    """What can be tapped on a step."""
    if work.busy:
        return []
    if work.step == "menu":
        return [*(f"deed:{act}" for act in work.acts), "leave"]
    first = 4 * (work.page - 1)
    lines = range(len(work.lines)) if work.step in {"lines", "goods"} else ()
    page = ["page"] if work.pages > 1 else []
    return [*_STEPS[work.step], *(f"line:{first + at}" for at in lines), *page]


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
        state, after = self.state, None
        match tap, state.stage:
            case Tap.LANGUAGE, _ if value in state.languages:
                assert value is not None
                after = replace(state, language=value)  # the same goods at the same price: the same number
            case Tap.LARGER, _:
                after = replace(state, larger=not state.larger)
            case Tap.LISTEN, _:
                after = replace(state, listens=not state.listens)
            case Tap.STAY, _:
                after = state
            case Tap.BUY, Stage.OFFERED:
                after = sold(state)
            case Tap.DONE, Stage.DONE:
                after = replace(IDLE, number=state.number + 1)
            case _:
                pass
        return after


class WallClockAt:
    """A clock that stands at 14:32 in Berlin on 8 March 2026."""

    def __init__(self, quality: str = "trusted") -> None:
        self._quality = quality

    def wall_ms(self) -> int:
        return 1_772_976_720_000

    def quality(self) -> str:
        return self._quality
