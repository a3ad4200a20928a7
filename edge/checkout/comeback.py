"""The comeback: what a till that was started anew still owes to whoever stood before it."""

from collections.abc import Callable
from typing import Final

import msgspec

from edge.checkout.front import Front, Rooms
from edge.checkout.notices import OF_AN_END
from edge.checkout.payments.cashier import Ended, Result
from edge.checkout.reckoning import SCANS_KEPT_NS
from edge.checkout.sale import SaleStage
from edge.checkout.state import HOUSE_ACCOUNT, Notice
from edge.events import Scanned
from edge.offline_queue.outcomes import Appended
from retail.units import Money

_SECOND_NS: Final = 1_000_000_000


class Kept(msgspec.Struct, frozen=True):
    """What a till would have to know of its shopper if it ended now; nothing of it says who they are.

    `at_s` is the monotonic second in which somebody last did something, and 0 where nothing is kept that
    grows old. `sales` is how many were in the books while the labels were only scanned.
    """

    at_s: int = 0
    sales: int = 0
    labels: tuple[Scanned, ...] = ()
    language: str | None = None
    larger: bool = False
    listens: bool = False
    put_away: str = ""
    """The sale whose receipt was put away last."""

    @property
    def grows_old(self) -> bool:
        """Whether anything of it is a shopper's, who may have gone."""
        return bool(self.labels or self.language or self.larger or self.listens)


class Comeback:
    """The comeback of one till; `stocked` is called when books or screen have changed."""

    def __init__(self, rooms: Rooms, front: Front, stocked: Callable[[], None]) -> None:
        self._rooms, self._front, self._stocked = rooms, front, stocked
        self._before: Kept | None = None
        """Of the till before this one, and not taken up yet."""
        self._labels: tuple[Scanned, ...] = ()
        self._sales = 0
        self._put_away = ""

    def keep(self) -> Kept:
        """What the next till would have to know, if it is asked after each change.

        Goods that are being paid for stay as they were before: whether they are sold, the books know.
        """
        if self._before is not None:
            return msgspec.structs.replace(self._before, put_away=self._put_away)
        labels = tuple(self._rooms.reckoning.basket.scans.values())
        if not labels or self._rooms.purchase.stage is SaleStage.OPEN:
            self._labels, self._sales = labels, self._rooms.books.sales
        front = self._front
        kept = Kept(
            sales=self._sales if self._labels else 0,
            labels=self._labels,
            language=front.language,
            larger=front.larger,
            listens=front.listens,
            put_away=self._put_away,
        )
        at_s = front.touched_ns // _SECOND_NS
        return msgspec.structs.replace(kept, at_s=at_s) if kept.grows_old else kept

    def resume(self, kept: Kept) -> None:
        """After a restart: go on where the till before this one ended; to be called before `show_again`."""
        self._put_away = kept.put_away
        if self._is_fresh(kept):
            self._before = kept
            front = self._front
            front.language, front.larger, front.listens = kept.language, kept.larger, kept.listens
            front.touch()

    def look(self) -> None:
        """Something has changed: what was scanned before is in the basket as soon as goods can be sold."""
        before, rooms = self._before, self._rooms
        if before is None:
            return
        over = rooms.books.sales != before.sales or rooms.purchase.stage is SaleStage.UNKNOWN
        if not before.labels or over or not self._is_fresh(before):
            self._before = None
        elif self._sells:
            self._before = None
            for label in before.labels:  # without a word that hushes what is said of their payment
                notice = rooms.reckoning.scan(label)
                if notice is not None:
                    rooms.notices.say(notice, rooms.clock.now_ns())
            self._front.touch()

    def show_again(self, receipt: str, tender: str = HOUSE_ACCOUNT, stored: Money | None = None) -> None:
        """After a restart: the last sale (`receipt`: its link) if its shopper may still stand there."""
        last = self._rooms.books.last_sale
        if last is None or last.sale == self._put_away:
            return
        if self._front.show_again(receipt, tender, stored):
            self._rooms.purchase.show_done()
            self._stocked()

    def recovered(self, ended: Ended) -> None:
        """A payment of before the start has come to its end: say so, unless somebody else is there."""
        purchase = self._rooms.purchase
        if purchase.stage is SaleStage.OPEN:
            match ended:
                case Ended(result=Result.PAID, recorded=Appended() as written):
                    self._front.show_sold(written)
                    purchase.show_done()
                case Ended(result=Result.PERSON):
                    purchase.show_unknown()
                    self._front.touch()
                case Ended(result=result):
                    self._rooms.notices.say(Notice(OF_AN_END[result]), self._rooms.clock.now_ns())
        self._stocked()

    def left(self) -> None:
        """The shopper has gone, or has put the receipt away that is shown."""
        if self._front.sold is not None:
            self._put_away = self._front.sold.sale

    @property
    def _sells(self) -> bool:
        rooms = self._rooms
        free = rooms.purchase.stage is SaleStage.OPEN and rooms.serving.staffed is None
        return free and rooms.reckoning.catalogue is not None and not rooms.obstacles.first

    def _is_fresh(self, kept: Kept) -> bool:
        """Whether it may still be the same shopper's; of nobody nothing is, however young the machine is."""
        age_ns = self._rooms.clock.now_ns() - kept.at_s * _SECOND_NS
        return kept.grows_old and 0 <= age_ns < SCANS_KEPT_NS
