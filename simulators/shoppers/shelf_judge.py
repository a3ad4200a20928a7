"""The judge of a shelf: what was billed there, held against what hands really did."""

from collections.abc import Iterable, Mapping
from typing import Final

from simulators.shoppers.session import Asks, Outcome, Said, Verdict
from simulators.shoppers.shelf import Shelf

# A hand is seen two or three seconds after it has moved; what is said of a thing is held against all that
# happened to it in this time before.
HINDSIGHT_MS: Final = 5_000

_BILLS: Final = {"Took": True, "PutBack": False}
# After these it is known what is strange here; a question without an answer is known to be one.
_NAMES: Final = frozenset({"Misplaced"})


class Bill:
    """What a till would charge at each moment, read from the events alone."""

    def __init__(self, said: Iterable[Said]) -> None:
        self.charged: dict[str, bool] = {}
        self.took: list[Said] = []
        self.asks = self.named = 0
        self.is_asking = False
        for each in said:
            if (charges := _BILLS.get(each.kind)) is not None:
                self.charged[each.event["epc"]] = charges
                self.took += [each] if charges else []
            elif each.kind == "Ambiguous":
                self.is_asking, self.asks = True, self.asks + 1
            elif each.kind == "Agreed":
                self.is_asking = False
            self.named += each.kind in _NAMES

    @property
    def things(self) -> frozenset[str]:
        """The EPCs on the bill."""
        return frozenset(epc for epc, is_charged in self.charged.items() if is_charged)


def judge(shelf: Shelf, asks: Asks, said: list[Said]) -> Verdict:
    """Compare the end of a play, and every charge on the way there, with the truth."""
    bill = Bill(said)
    things = tuple(sorted((_done(shelf, epc), _said(bill, epc)) for epc in shelf.away.keys() | bill.charged))
    return Verdict(_outcome(shelf, asks, bill), things, tuple(_delays(shelf, bill)))


def _outcome(shelf: Shelf, asks: Asks, bill: Bill) -> Outcome:
    if any(
        not shelf.was_away(each.event["epc"], each.at_ms - HINDSIGHT_MS, each.at_ms) for each in bill.took
    ):
        return Outcome.WRONG
    if bill.is_asking:  # nothing can be paid before somebody has looked
        return Outcome.ASKED_RIGHTLY if asks in {Asks.ALWAYS_ALLOWED, Asks.MUST} else Outcome.ASKED
    if bill.things - shelf.held:
        return Outcome.WRONG
    if shelf.held - bill.things:
        return Outcome.MISSED
    if asks is Asks.MUST:
        return Outcome.EXACT if bill.named else Outcome.UNTOLD
    return Outcome.ASKED_IN_PASSING if bill.asks and asks is Asks.NEVER else Outcome.EXACT


def _done(shelf: Shelf, epc: str) -> str:
    if epc not in shelf.away:
        return "strange"
    if epc in shelf.held:
        return "taken"
    return "put back" if shelf.away[epc] else "untouched"


def _said(bill: Bill, epc: str) -> str:
    charged: Mapping[bool | None, str] = {True: "charged", False: "charged and taken off", None: "nothing"}
    return charged[bill.charged.get(epc)] + (", asked" if bill.is_asking else "")


def _delays(shelf: Shelf, bill: Bill) -> Iterable[int]:
    """How long after the last time that it was lifted each thing was charged."""
    for each in bill.took:
        lifted = [t.since_ms for t in shelf.away.get(each.event["epc"], ()) if t.since_ms <= each.at_ms]
        if lifted:
            yield round(each.at_ms - lifted[-1])
