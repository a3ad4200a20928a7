"""Notices: what the glass says in passing about a code or an item, and for how long."""

from typing import Final

from edge.checkout.basket import Put
from edge.checkout.catalogue import Catalogue
from edge.checkout.payments.cashier import Result
from edge.checkout.state import Goods, Notice, NoticeKind
from edge.events import (
    CodeBlurred,
    CodeCleared,
    CodeShown,
    CodeUnclear,
    DeviceFound,
    DeviceMissed,
    Event,
    Fetched,
    Misplaced,
    Purpose,
)

# Two lines are read in four seconds; so long gives time to look up from the pack first.
_SHOWN_NS: Final = 12_000_000_000

# So many strange items on one shelf are a joke or a delivery, and the glass has room for one notice or two.
_MISPLACED_MAX: Final = 20

# As many as the glass has room for beside each other; more is not a choice.
CANDIDATES_MAX: Final = 3

OF_A_CODE: Final = {
    Purpose.MEMBER: NoticeKind.MEMBER,
    Purpose.WECHAT: NoticeKind.PAY_LATER,
    Purpose.ALIPAY: NoticeKind.PAY_LATER,
    Purpose.CARD: NoticeKind.PAY_LATER,
    Purpose.ASKS_FOR_MONEY: NoticeKind.ASKS_FOR_MONEY,
    Purpose.OTHER: NoticeKind.UNREADABLE,
    Purpose.BADGE: NoticeKind.BADGE,
    Purpose.RECEIPT: NoticeKind.RECEIPT,
    Purpose.GOODS: NoticeKind.UNKNOWN,
}

# By the source that is missed; every other one is a scanner, by whatever name. A finger reaches the glass by
# the browser too.
OF_A_DEVICE: Final = {"camera": NoticeKind.NO_CAMERA, "touch": None}

OF_A_SCAN: Final = {
    Put.ALREADY: NoticeKind.ALREADY,
    Put.PAID: NoticeKind.PAID,
    Put.FULL: NoticeKind.FULL,
}

OF_AN_END: Final = {
    Result.DECLINED: NoticeKind.NOT_CHARGED,
    Result.CANCELLED: NoticeKind.NOT_CHARGED,
    Result.UNAVAILABLE: NoticeKind.NOT_CHARGED,
    Result.GIVES_BACK: NoticeKind.GOES_BACK,
    Result.PART: NoticeKind.GOES_BACK,
}
"""What became of a payment of before the last start."""


class Notices:
    """What was last said in passing, what the camera is about, and what lies where it does not belong."""

    def __init__(self) -> None:
        self._passing: Notice | None = None
        self._until_ns = 0
        self._camera: NoticeKind | None = None
        self._candidates: tuple[str, ...] = ()
        self._misplaced: dict[str, None] = {}
        self._missed: dict[str, None] = {}
        """The devices that are gone and only help, by their sources."""

    def hear(self, event: Event, now_ns: int) -> None:
        """Codes without goods, what the camera cannot make out, items in the wrong place, devices missed."""
        match event:
            case CodeShown(purpose=purpose):
                self.say(Notice(OF_A_CODE[purpose]), now_ns)
            case CodeBlurred():
                self._camera, self._candidates = NoticeKind.HOLD_STILL, ()
            case CodeUnclear(gtins=gtins):
                self._camera, self._candidates = NoticeKind.SCAN_AGAIN, gtins
            case CodeCleared():
                self._camera, self._candidates = None, ()
            case Misplaced(epc=epc) if len(self._misplaced) < _MISPLACED_MAX:
                self._misplaced[epc] = None
            case Fetched(epc=epc):
                self._misplaced.pop(epc, None)
            case DeviceMissed(source=source):
                self._missed[source] = None
            case DeviceFound(source=source):
                self._missed.pop(source, None)
            case _:
                pass

    def say(self, notice: Notice, now_ns: int) -> None:
        """Show a notice for a while, in the place of the one before."""
        self._passing, self._until_ns = notice, now_ns + _SHOWN_NS

    def hush(self) -> None:
        """The shopper has gone on to something else."""
        self._passing = None

    def tick(self, now_ns: int) -> None:
        """Time has passed."""
        if now_ns >= self._until_ns:
            self._passing = None

    def candidates(self, catalogue: Catalogue) -> tuple[Goods, ...]:
        """What the camera may have seen, if the shopper can choose among it."""
        known = [gtin for gtin in self._candidates if catalogue.product(gtin) is not None]
        if not 0 < len(known) <= CANDIDATES_MAX:
            return ()
        return tuple(catalogue.goods(gtin, None) for gtin in known)

    def shown(self, catalogue: Catalogue, refused: tuple[Notice, ...]) -> tuple[Notice, ...]:
        """All notices, the answer to what was just done first; `refused` is what is not for sale."""
        gone = [OF_A_DEVICE.get(source, NoticeKind.NO_SCANNER) for source in self._missed]
        said = [self._passing, self._of_the_camera(catalogue), *refused, *self._strays(catalogue)]
        said += [Notice(kind) for kind in gone if kind is not None]
        return tuple(_once(said))

    def _of_the_camera(self, catalogue: Catalogue) -> Notice | None:
        if self._camera is None:
            return None
        return Notice(NoticeKind.CHOOSE if self.candidates(catalogue) else self._camera)

    def _strays(self, catalogue: Catalogue) -> list[Notice]:
        products = [catalogue.product_of_tag(epc) for epc in self._misplaced]
        return [Notice(NoticeKind.MISPLACED, each.gtin, catalogue.names(each)) for each in products if each]


def _once(said: list[Notice | None]) -> list[Notice]:
    once: list[Notice] = []
    for notice in said:
        if notice is not None and notice not in once:
            once.append(notice)
    return once
