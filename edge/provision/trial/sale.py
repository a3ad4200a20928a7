"""The trial of a whole sale: the object trains, goods are shown, paid and receipted; then it sells again.

Training is what makes it void: an own ledger, an own key, money that is rehearsed (`edge.training`). So the
sensors, the prices, the screens and the receipt are the real ones, and no book of the shop knows of it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import Final, Protocol, TypeVar

import msgspec

from edge.clock import Clock
from edge.provision.trial.glass import Counted, Shown

# A runtime looks for the word every half second, ends, and starts anew within another one or two; a loaded
# board takes five times as long.
_CHANGES_S: Final = 30.0
# A rehearsed payment takes three seconds, and the receipt is on the disk in the same moment.
_PAYS_S: Final = 30.0
_LOOK_S: Final = 0.1


_T = TypeVar("_T")


class Deed(StrEnum):
    """What happens, in this order."""

    TRAIN = "train"
    SHOW = "show"
    BUY = "buy"
    PAY = "pay"
    DONE = "done"
    SELL = "sell"


class TrialFailedError(Exception):
    """The object does not sell: at which step, and what to do."""


class Tried(msgspec.Struct, frozen=True):
    """A trial that ended well: the way that it was paid by ('' where nobody is asked), and the real sales."""

    way: str
    sales_before: int
    sales_after: int


class Eyes(Protocol):
    """All that a trial asks of a glass."""

    def shown(self) -> Shown | None:
        """What it shows; None while nobody answers."""
        ...

    def counted(self) -> Counted | None:
        """What it counts; None while nobody answers."""
        ...

    def tap(self, action: str, number: int) -> bool:
        """Tap on the screen of this number; whether that did anything."""
        ...


class Word(Protocol):
    """All that a trial asks of the word that an object trains by."""

    @property
    def wanted(self) -> bytes:
        """The word; nothing where nobody has said it."""
        ...

    def say(self) -> None:
        """Have it train."""
        ...

    def take_back(self) -> None:
        """Have it sell again."""
        ...


_WRONG: Final[Mapping[str, str]] = {
    "unpaired": "it has no prices yet: `opos sync status` says what it waits for",
    "out-of-service": "it is out of service: `opos doctor` says why",
    "declined": "the rehearsed payment was declined",
    "unknown": "nobody knows whether the rehearsed payment went through",
    "age": "these goods need somebody who looks at the shopper's age: take others",
    "staff": "somebody of the shop works at it: let them finish first",
}
"""Screens that end a trial, and what they mean."""

_OFFERS: Final = frozenset({"product", "compare", "basket"})
_ENDS: Final = frozenset({"done", "offline-accepted"})


class Trial:
    """One trial at one object; `told` hears each deed as it begins, `pause` waits for so many seconds."""

    def __init__(
        self,
        glass: Eyes,
        word: Word,
        clock: Clock,
        pause: Callable[[float], object],
        told: Callable[[Deed], object],
    ) -> None:
        self._glass, self._word, self._clock, self._pause, self._told = glass, word, clock, pause, told

    def run(self, way: str | None, goods_s: float, meanwhile: Callable[[], object] = lambda: None) -> Tried:
        """Sell one basket by `way`, or by the first that is offered; goods are waited for that long.

        `meanwhile` is called while the object holds no card terminal. Raises TrialFailedError, OSError.
        """
        before = self._counted()
        if before.training != "off":
            raise TrialFailedError("it trains already: `opos object training off` ends that")
        try:
            with self._training():
                meanwhile()
                paid_by = self._sell(way, goods_s)
        except TrialFailedError:
            self._told(Deed.SELL)  # whoever tries once more finds it selling
            with suppress(TrialFailedError):
                self._until(lambda: self._mode("off"), _CHANGES_S, "it did not go back to selling")
            raise
        self._told(Deed.SELL)
        after = self._until(lambda: self._mode("off"), _CHANGES_S, "it did not go back to selling")
        if after.sales != before.sales:
            raise TrialFailedError(
                f"it counts {after.sales} sales and {before.sales} before: a shopper bought in between, or"
                " something is wrong; `opos ledger show` lists them"
            )
        return Tried(paid_by, before.sales, after.sales)

    @contextmanager
    def _training(self) -> Iterator[None]:
        """However it ends: the object sells again."""
        self._told(Deed.TRAIN)
        self._word.say()
        try:
            self._until(lambda: self._mode("on"), _CHANGES_S, "somebody stands in front of it, or pays")
            yield
        finally:
            self._word.take_back()

    def _counted(self) -> Counted:
        counted = self._glass.counted()
        if counted is None:
            raise TrialFailedError("it does not run: `sudo systemctl start opos-edge`, then try again")
        return counted

    def _mode(self, mode: str) -> Counted | None:
        counted = self._glass.counted()
        if counted is not None and counted.training.startswith("refused"):
            raise TrialFailedError(f"it does not train: {counted.training}")
        return counted if counted is not None and counted.training == mode else None

    def _sell(self, way: str | None, goods_s: float) -> str:
        self._until(self._is_up, _CHANGES_S, _WRONG["out-of-service"])
        self._until(self._is_free, _CHANGES_S, "its glass shows the sale before, which does not go away")
        self._told(Deed.SHOW)
        self._until(self._buys, goods_s, f"it saw no goods within {goods_s:.0f} s: show or scan one item")
        self._told(Deed.BUY)
        paid_by = self._until(lambda: self._chosen(way), _PAYS_S, "it asks for no way to pay")
        self._until(lambda: self._shows(_ENDS), _PAYS_S, "the rehearsed payment does not end")
        self._told(Deed.DONE)
        self._until(self._is_free, _CHANGES_S, "its glass shows the receipt, which does not go away")
        return paid_by.name

    def _is_up(self) -> Shown | None:
        """It has just started anew: until each device has answered once it is out of service."""
        shown = self._glass.shown()
        return shown if shown is not None and shown.screen != "out-of-service" else None

    def _is_free(self) -> Shown | None:
        """Nothing that was sold is in sight: it is tapped away."""
        shown = self._look()
        if shown is not None and shown.screen in _ENDS:
            self._glass.tap("done", shown.number)
            return None
        return shown

    def _buys(self) -> Shown | None:
        shown = self._shows(_OFFERS)
        return shown if shown is not None and self._glass.tap("buy", shown.number) else None

    def _chosen(self, way: str | None) -> "_PaidBy | None":
        """The way, once it was chosen or nobody asks for one."""
        shown = self._look()
        if shown is None or shown.screen != "pay":
            return _PaidBy("") if shown is not None and shown.screen in {"wait", *_ENDS} else None
        names = [each.name for each in shown.ways]
        if not names:
            return None
        if way is not None and way not in names:
            raise TrialFailedError(f"it offers {', '.join(names)}, not {way}")
        self._told(Deed.PAY)
        return (
            _PaidBy(way or names[0]) if self._glass.tap(f"method:{way or names[0]}", shown.number) else None
        )

    def _shows(self, screens: frozenset[str]) -> Shown | None:
        shown = self._look()
        return shown if shown is not None and shown.screen in screens else None

    def _look(self) -> Shown | None:
        shown = self._glass.shown()
        if shown is not None and shown.screen in _WRONG:
            raise TrialFailedError(_WRONG[shown.screen])
        return shown

    def _until(self, look: Callable[[], _T | None], patience_s: float, sentence: str) -> _T:
        end_ns = self._clock.now_ns() + round(patience_s * 1e9)
        while (seen := look()) is None:
            if self._clock.now_ns() >= end_ns:
                raise TrialFailedError(sentence)
            self._pause(_LOOK_S)
        return seen


class _PaidBy(msgspec.Struct, frozen=True):
    name: str
