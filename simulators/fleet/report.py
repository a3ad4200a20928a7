"""What came of a fleet's day: its own books, held against what the hub has counted."""

from collections.abc import Sequence

import msgspec

from simulators.fleet.crowd import Crowd
from simulators.fleet.place import HubFigures
from simulators.fleet.sales import CURRENCY


class Report(msgspec.Struct, frozen=True):
    """What came of a day. Times of receipts are from the sale, or from when there was a line for it."""

    objects: int
    sales: int
    entries: int
    receipts: int
    """Sales that have one."""
    receipt_p50_ms: float | None
    receipt_p99_ms: float | None
    receipt_max_ms: float | None
    broker_p99_ms: float | None
    """What the broker alone took to acknowledge a message."""
    linked_s: float
    """From the first connection that was begun to the last line that held."""
    confirmed_s: float
    """From the same moment until every object had a receipt for all that it brought along."""
    complete_s: float
    """Until the hub had counted all: since the last sale, or since the lines opened if that was later."""
    rejected: int
    """Connections, messages and frames that broker or hub did not take, or set aside."""
    lost: int
    """Sales that the hub has not counted."""
    doubled: int
    """Sales that the hub has counted once too often."""
    money: dict[str, int]
    hub_money: dict[str, int]
    money_equal: bool
    sent_again: int
    """Frames that began with entries which had been out before."""
    lines_lost: int
    false_receipts: int
    cpu_s: dict[str, float]
    """CPU time of each process, from the opening of the lines to the end."""

    @property
    def is_well(self) -> bool:
        """Whether nothing was refused, lost or counted twice."""
        is_whole = self.money_equal and self.receipts == self.sales
        return is_whole and not (self.rejected or self.lost or self.doubled or self.false_receipts)


class Took(msgspec.Struct, frozen=True):
    """Times since the lines were opened, and CPU time of each process."""

    linked_s: float
    confirmed_s: float
    complete_s: float
    cpu_s: dict[str, float]


def report_of(crowd: Crowd, counted: HubFigures, refused: int, took: Took) -> Report:
    """The books of the crowd, held against what the hub has counted of it."""
    traders = [member.trader for member in crowd.members]
    missing = {each.book.dev: each.sales - counted.sales.get(each.book.dev, 0) for each in traders}
    waits_ns = sorted(wait_ns for each in traders for wait_ns in each.waits_ns)
    return Report(
        objects=len(traders),
        sales=sum(each.sales for each in traders),
        entries=sum(each.book.head for each in traders),
        receipts=len(waits_ns),
        receipt_p50_ms=_percentile_ms(waits_ns, 50),
        receipt_p99_ms=_percentile_ms(waits_ns, 99),
        receipt_max_ms=_percentile_ms(waits_ns, 100),
        broker_p99_ms=_percentile_ms(sorted(crowd.tally.taken_ns), 99),
        linked_s=round(took.linked_s, 3),
        confirmed_s=round(took.confirmed_s, 3),
        complete_s=round(took.complete_s, 3),
        rejected=refused,
        lost=sum(max(sales, 0) for sales in missing.values()),
        doubled=sum(max(-sales, 0) for sales in missing.values()),
        money={CURRENCY: crowd.total_minor},
        hub_money=counted.money,
        money_equal=counted.money == {CURRENCY: crowd.total_minor},
        sent_again=sum(each.sent_again for each in traders),
        lines_lost=crowd.tally.lost_lines,
        false_receipts=crowd.tally.false_receipts,
        cpu_s=took.cpu_s,
    )


def _percentile_ms(waits_ns: Sequence[int], percent: int) -> float | None:
    """The wait that so many of a hundred do not exceed (nearest rank); None of none."""
    if not waits_ns:
        return None
    rank = -(-len(waits_ns) * percent // 100)
    return round(waits_ns[rank - 1] / 1e6, 2)
