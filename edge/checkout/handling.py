"""The handling of one person of the shop: what lies on the counter so far, and how the glass shows it."""

from typing import Final

import msgspec

from cloud_sync.contract.facts import Refund
from edge.checkout.asked import AgeAsked
from edge.checkout.credit import ReturnedUnits, sold_lines, units_left
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.desk import code_of
from edge.checkout.payments.house import DESK
from edge.checkout.receiving import Goods, Pick
from edge.checkout.returns import TakenBack
from edge.checkout.sold import Past, Shown, Sold
from edge.checkout.staff import RETURN, UNPROVEN, VOID, Admitted
from edge.checkout.staffed import PAGE_LINES, MoneyBack, Staffed, StaffLine, StaffStep
from edge.checkout.state import HOUSE_ACCOUNT
from edge.events import Scanned
from retail.units import Money

MENU: Final = (RETURN, VOID, UNPROVEN)
"""What can be done here, in the order of the menu."""


class Work(msgspec.Struct):
    """One person's work, from badge to leaving."""

    badge: str
    touched_ns: int
    step: StaffStep = "pin"
    who: Admitted | None = None
    deed: str = ""
    typed: str = ""
    said: str = ""
    busy: bool = False
    page: int = 0
    past: Past | None = None
    shown: Shown | None = None
    """The receipt of another object's sale."""
    picked: dict[int, Pick] = msgspec.field(default_factory=dict)
    goods: Goods | None = None
    amount: Money | None = None
    age: AgeAsked | None = None
    """What a shopper who waits has to be old enough for."""
    done: TakenBack | None = None

    def __repr__(self) -> str:
        """No digits: what stands in an error report was told to others."""
        return f"Work({self.step})"

    def begin(self, step: StaffStep, deed: str) -> None:
        """Another deed, or another try at one: nothing of what was before."""
        self.step, self.deed, self.typed, self.said, self.page = step, deed, "", "", 0
        self.past = self.shown = self.goods = self.amount = self.age = self.done = None
        self.picked = {}

    @property
    def returned(self) -> list[ReturnedUnits]:
        """What of the sale came back."""
        picks = sorted(self.picked.items())
        return [ReturnedUnits(at, each.units, each.epcs) for at, each in picks if each.units]

    def tap_line(self, past: Past, at: int) -> bool:
        """One more of a line; past the last one it begins again, so that one button is enough."""
        left = units_left(past.sale, past.refunds)
        if not 0 <= at < len(left):
            return False
        picked = self.picked.get(at, Pick())
        self.picked[at] = Pick() if picked.units >= left[at] else Pick(picked.units + 1, picked.epcs)
        return True

    def pick(self, past: Past, label: Scanned) -> str:
        """A label was scanned: one more of its product; a code of what is wrong with it, or ''."""
        left, lines = units_left(past.sale, past.refunds), sold_lines(past.sale)
        found = [at for at, line in enumerate(lines) if line.gtin in (label.gtin14, label.lookup)]
        if not found:
            return "other-item"
        for at in found:
            picked = self.picked.get(at, Pick())
            if picked.units < left[at]:
                self.picked[at] = Pick(picked.units + 1, picked.epcs)
                return ""
        return "too-many"

    def pick_item(self, past: Past, epc: str) -> bool:
        """An item with a tag is held up: it counts once, by its number; whether it is one of the sale."""
        gone = {each for refund in past.refunds for line in refund.lines for each in line.epcs}
        left = units_left(past.sale, past.refunds)
        for at, line in enumerate(sold_lines(past.sale)):
            picked = self.picked.get(at, Pick())
            # Somebody may have tapped it already: then only its number is new.
            untold = picked.units > len(picked.epcs)
            if epc not in line.epcs or epc in gone or epc in picked.epcs:
                continue
            if untold or picked.units < left[at]:
                self.picked[at] = Pick(picked.units + (not untold), (*picked.epcs, epc))
                return True
        return False


def acts_of(work: Work) -> tuple[str, ...]:
    """What the menu offers."""
    return () if work.who is None else tuple(act for act in MENU if work.who.may(act) is not None)


def pages_of(work: Work) -> int:
    """So many pages have its lines."""
    return max(-(-len(_lines(work)) // PAGE_LINES), 1)


def staffed_of(work: Work, sold: Sold, payments: PaymentBook) -> Staffed:
    """The work as the glass shows it: of a PIN only how many digits it has."""
    first = work.page * PAGE_LINES
    refunds = () if work.done is None else work.done.refunds
    return Staffed(
        work.step,
        deed=work.deed,
        acts=acts_of(work),
        dots=len(work.typed) if work.step == "pin" else 0,
        typed=work.typed if work.step == "receipt" else "",
        number=_number(work, sold),
        lines=_lines(work)[first : first + PAGE_LINES],
        page=work.page + 1,
        pages=pages_of(work),
        amount=work.amount,
        money=tuple(_back_by(refund, sold, payments) for refund in refunds),
        said=work.said,
        busy=work.busy,
        age=work.age,
    )


def _lines(work: Work) -> tuple[StaffLine, ...]:
    if work.done is not None:
        return ()
    if work.goods is not None:
        return work.goods.lines()
    if work.past is None:
        return ()
    sale = work.past.sale
    left = units_left(sale, work.past.refunds)
    return tuple(
        StaffLine(
            line.name, work.picked.get(at, Pick()).units, left[at], Money(line.total_minor, sale.currency)
        )
        for at, line in enumerate(sold_lines(sale))
    )


def _number(work: Work, sold: Sold) -> str:
    if work.done is not None:
        return ", ".join(refund.number for refund in work.done.refunds)
    if work.step == "receipt":
        return sold.prefix
    return "" if work.past is None else work.past.sale.number


def _back_by(refund: Refund, sold: Sold, payments: PaymentBook) -> MoneyBack:
    """How the money of one note goes back: `Returns` itself ends what nobody has to be asked for."""
    amount = Money(refund.total_minor, refund.currency)
    if refund.provider == DESK and refund.attempt == refund.sale:
        return MoneyBack("cash", DESK, amount)
    if refund.provider == HOUSE_ACCOUNT and sold.by_sale(refund.sale) is not None:
        return MoneyBack("way", HOUSE_ACCOUNT, amount)
    due = payments.due(refund.refund)
    if payments.line(refund.attempt) is None or (due is not None and due.standing == "person"):
        return MoneyBack("person", refund.provider, amount)
    if refund.provider == DESK:
        return MoneyBack("desk", DESK, amount, code_of(refund.refund))
    return MoneyBack("way", refund.provider, amount)
