"""The commands that need no card: reversal, end of day, repeated receipt, questions about the terminal."""

from simulators.terminals.zvt.books import Entry
from simulators.terminals.zvt.conversation import Script, say
from simulators.terminals.zvt.desk import ADMIN_RECEIPTS, Desk, ask_host, end, print_out, tell
from simulators.terminals.zvt.hand import Mischief
from simulators.terminals.zvt.paper import day_end
from simulators.terminals.zvt.paying import DONE, print_receipts
from simulators.terminals.zvt.sayings import (
    ALREADY_REVERSED,
    ASKING_HOST,
    IMPOSSIBLE,
    NO_HOST,
    NOT_REVERSIBLE,
    condition,
    status,
    totals,
)


def reverse(desk: Desk, receipt: int) -> Script:
    """Take a payment of today back, as a whole."""
    wrong = desk.takes(Mischief.WRONG_REVERSAL)
    found = desk.books.last_payment() if wrong else desk.books.find(receipt)
    yield from tell(desk, ASKING_HOST)
    reachable = yield from ask_host(desk)
    if found is None or found.kind != "payment":
        yield from end(desk, NOT_REVERSIBLE)
    elif found.state == "reversed":
        yield from end(desk, ALREADY_REVERSED)
    elif not reachable:
        yield from end(desk, NO_HOST)
    else:
        # Nobody takes a reversal back: it stands even if the till never hears of it.
        yield from _tell_of(desk, desk.books.reverse(found, desk.at(), auto=False))


def close_day(desk: Desk) -> Script:
    """Hand in the day; without a host it stays open, and nothing is paid until it is closed."""
    yield from tell(desk, ASKING_HOST)
    reachable = yield from ask_host(desk)
    if not reachable:
        desk.books.day_end_open = True
        yield from end(desk, NO_HOST)
        return
    counted = totals(desk.books)
    lines = day_end(desk.books, desk.setup.merchant, desk.setup.terminal_id, desk.at())
    desk.books.close_day()
    yield from say(counted)
    yield from print_out(desk, ADMIN_RECEIPTS, "day end", lines)
    yield from say(DONE)


def repeat(desk: Desk) -> Script:
    """Tell of the last transaction once more."""
    entries = desk.books.entries
    stale = desk.takes(Mischief.STALE_REPEAT)
    told = entries[:-1] if stale else entries
    if told:
        yield from _tell_of(desk, told[-1])
    else:
        yield from end(desk, IMPOSSIBLE)


def say_condition(desk: Desk) -> Script:
    """Tell who it is and what is due."""
    yield from say(condition(desk.persona))


def say_done(_desk: Desk) -> Script:
    """Diagnosis and initialisation find nothing to do."""
    yield from say(DONE)


def say_no(desk: Desk, error: int, currency: int | None = None) -> Script:
    """End a command that was accepted and cannot be done."""
    yield from end(desk, error, currency)


def _tell_of(desk: Desk, entry: Entry) -> Script:
    yield from say(status(desk.persona, entry))
    yield from print_receipts(desk, entry)
    yield from say(DONE)
