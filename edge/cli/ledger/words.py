"""An entry in the shop's words: what it says to the people there, in one line."""

from collections.abc import Iterable
from typing import Final

from cloud_sync.contract.entry import Body
from cloud_sync.contract.facts import (
    Arrived,
    Boot,
    Checkpoint,
    Closing,
    DayClosed,
    DocumentApplied,
    Fact,
    Fork,
    ForkReason,
    Genesis,
    Handed,
    KeyRotated,
    Operator,
    PaymentClosed,
    PaymentIntent,
    Refund,
    Sale,
    SaleLine,
)
from edge.cli.plain import plain
from edge.offline_queue.export import moment
from retail.custody import Move
from retail.locale import amount
from retail.receipt import TIMES
from retail.units import Money

_WHY_FORKED: Final[dict[ForkReason, str]] = {
    "behind-the-hub": "its file had lost what the hub has",
    "behind-the-witness": "its file had lost what a witness has seen",
    "another-history": "its file told another history than the hub's",
    "damaged": "its file was damaged",
}


_CLOSED: Final[dict[Closing, str]] = {
    "captured": "paid, as a part of the sale",
    "declined": "declined, nothing was paid",
    "cancelled": "cancelled, nothing was paid",
    "refund-due": "due to the shopper",
    "refunded": "gone back to the shopper",
    "person": "nobody knows, a person must look",
}


def words(fact: Fact) -> str:
    """What `fact` says."""
    return plain(_words(fact))


def written(body: Body) -> str:
    """When an entry was written, in UTC, to the second; a `?` says that nobody had set the clock."""
    doubt = "" if body.clock == "trusted" else "?"
    return f"{moment(body.wall_ms)[:19].replace('T', ' ')}{doubt}"


def _words(fact: Fact) -> str:  # noqa: PLR0911, PLR0912 (one for each kind of fact)
    match fact:
        case Sale():
            return _sale(fact)
        case Arrived(transfer=transfer, moves=moves):
            return f"delivery {transfer}: {_moved(moves)}"
        case DocumentApplied(name=name, version=version):
            return f"{name} {version.generation}.{version.n} is in force"
        case PaymentIntent(provider=provider, amount_minor=amount_minor, currency=currency):
            return f"{amount(Money(amount_minor, currency), 'en')} are about to be asked from {provider}"
        case PaymentClosed():
            money = amount(Money(fact.amount_minor, fact.currency), "en")
            return f"{money} at {fact.provider}: {_CLOSED[fact.outcome]}{_because(fact.reason)}"
        case Refund():
            money = amount(Money(fact.total_minor, fact.currency), "en")
            return f"{money} go back on {fact.number}: {_goods(fact.lines)}{_because(fact.reason)}"
        case DayClosed():
            return _day(fact)
        case Operator(staff=staff, act=act):
            return f"{staff} of the shop: {act}"
        case Boot(version=version):
            return f"OPOS {version} starts"
        case Genesis(key=key, tier=tier):
            return f"the journal begins, signed with key {key.kid} ({tier})"
        case KeyRotated(key=key, tier=tier):
            return f"the next entry is signed with key {key.kid} ({tier})"
        case Checkpoint(states=states):
            return f"summed up to here: {', '.join(f'{state.name} {state.version}' for state in states)}"
        case Fork(epoch=epoch, was=was, hub=hub, reason=reason):
            why = _WHY_FORKED[reason]
            return f"follows epoch {epoch}, which ended at {was.seq} and at the hub at {hub.seq}: {why}"


def _day(day: DayClosed) -> str:
    own = f"{day.own.count} payments, {amount(Money(day.own.amount_minor, day.currency), 'en')}"
    if day.outcome == "open":
        return f"the day at {day.provider} could not be closed yet{_because(day.reason)}: {own} by our books"
    if not isinstance(day.told, Handed):
        return f"the day at {day.provider} is closed, and it said no sum: {own} by our books"
    told = f"{day.told.count} payments, {amount(Money(day.told.amount_minor, day.currency), 'en')}"
    agrees = "our books say the same" if not day.differs else f"our books say {own}"
    return f"the day at {day.provider} is closed: {told}, {agrees}{_because(day.reason)}"


def _sale(sale: Sale) -> str:
    return f"{amount(Money(sale.total_minor, sale.currency), 'en')} on {sale.number}: {_goods(sale.lines)}"


def _goods(lines: Iterable[SaleLine]) -> str:
    return ", ".join(f"{_times(line.units)}{line.name}" for line in lines)


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _moved(moves: Iterable[Move]) -> str:
    return ", ".join(f"{_times(move.units)}{move.gtin} from {move.giver} to {move.taker}" for move in moves)


def _times(units: int) -> str:
    return "" if units == 1 else f"{units} {TIMES} "
