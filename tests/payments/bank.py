"""The far side of a payment: providers that keep books of their own, as plain data that can be copied.

They know nothing of the cashier. What is under way goes on by itself, whether anybody of ours lives or not.
"""

import copy
from collections import Counter
from typing import Final, Literal

import msgspec

SECOND: Final = 1_000_000_000

Kind = Literal["knows", "fenced", "holds", "stores"]
"""It knows our reference and is told when nothing more may come; it counts by itself (as ZVT does); it holds
the money until it is told to take it; it is used by an object that may take money while it is away."""

State = Literal["coming", "working", "held", "captured", "declined", "cancelled", "refunded"]


class Behaviour(msgspec.Struct, frozen=True):
    """How one payment goes; the times are seconds."""

    arrives_s: float | None = 0.0
    """How long our request is on its way; None is for ever."""
    takes_s: float = 2.0
    answer: Literal["told", "lost", "silence", "in-progress"] = "told"
    """What becomes of the answer to a start: told, an error, nothing at all, or that it will take a while."""
    declines: bool = False
    refuses: bool = False
    """It says no at once, and writes nothing down."""
    per_cent: int = 100
    pushes: tuple[tuple[float, str], ...] = ()
    """What is pushed after the result: so many seconds later, 'now' (as it stands) or another word."""
    blind_s: float = 0.0
    """So long after the result it is not found when it is looked up."""
    lies: bool = False
    """It says to have ended what it goes on with."""
    reverses: bool = False
    """What nobody acknowledged, it takes back by itself."""
    refunds: Literal["yes", "no", "lost", "other"] = "yes"
    """Whether money goes back when it is asked to; 'lost' loses each first answer, 'other' pays back another
    shopper's money."""
    captures: Literal["yes", "lost"] = "yes"
    """Whether it hears the first request to take what it holds."""
    dead: bool = False
    """From the start on it answers nobody, for ever."""
    currency: str = ""
    """Another currency than was asked for."""


BEHAVIOURS: Final = {
    "ok": Behaviour(),
    "lost request": Behaviour(arrives_s=None, answer="lost"),
    "lost reply": Behaviour(answer="lost", refunds="lost"),
    "late": Behaviour(takes_s=300, answer="silence", lies=True, refunds="lost"),
    "declined": Behaviour(declines=True),
    "declined, lost": Behaviour(declines=True, answer="lost"),
    "partial": Behaviour(per_cent=40, refunds="lost"),
    "refused": Behaviour(refuses=True),
    "delayed": Behaviour(arrives_s=150, answer="silence"),
    "duplicate push": Behaviour(answer="silence", pushes=((1, "now"), (1.5, "now"), (40, "now"))),
    "reordered push": Behaviour(answer="in-progress", pushes=((0.1, "now"), (0.2, "in-progress"))),
    "lookup says no, then yes": Behaviour(answer="lost", blind_s=60),
}


class Word(msgspec.Struct, frozen=True):
    """What a provider says: an outcome and, where money is spoken of, how much of it and its own number."""

    outcome: str
    amount_minor: int = 0
    currency: str = ""
    reference: str = ""
    reason: str = ""


class Transaction(msgspec.Struct):
    """One line of a provider's books; `attempt` is whose it truly is, which only a harness may know."""

    attempt: str
    asked_minor: int
    currency: str
    behaviour: Behaviour
    done_ns: int
    state: State = "coming"
    number: int = 0
    taken_minor: int = 0
    captures: int = 0
    acknowledged: bool = False
    refunds: dict[str, int] = msgspec.field(default_factory=dict)

    @property
    def net_minor(self) -> int:
        """What the provider still has for us."""
        return self.taken_minor - sum(self.refunds.values())

    def word(self) -> Word:
        """How it stands."""
        outcome = {"coming": "not-found", "working": "in-progress", "held": "authorised"}.get(
            self.state, self.state
        )
        share = self.asked_minor * self.behaviour.per_cent // 100
        amount_minor = share if outcome in {"authorised", "captured", "refunded"} else 0
        return Word(outcome, amount_minor, self.currency, str(self.number) if self.number else "")


class Deed(msgspec.Struct, frozen=True, order=True):
    """What happens by itself at a moment."""

    at_ns: int
    what: str
    attempt: str
    word: str = ""


class Bank:
    """One provider. `mail` is what it pushes, each with whom it is about; `starts` how often it was asked."""

    def __init__(self, name: str, kind: Kind, *behaviours: Behaviour) -> None:
        self.name = name
        self.kind = kind
        self.behaviours = [*behaviours]
        """One for each payment that is started; the last one repeats."""
        self.books: dict[str, Transaction] = {}
        self.deeds: list[Deed] = []
        self.mail: list[tuple[str, Word]] = []
        self.starts: Counter[str] = Counter()
        self.tombs: set[str] = set()
        self.number = 0
        self.dead = False
        self.lost_once: set[str] = set()

    def copied(self) -> "Bank":
        """What it is at this moment."""
        return copy.deepcopy(self)

    def behaviour(self, attempt: str) -> Behaviour:
        """How the payment of an attempt goes: by its turn."""
        turn = [*self.starts].index(attempt) if attempt in self.starts else 0
        return self.behaviours[min(turn, len(self.behaviours) - 1)]

    def advance(self, now_ns: int) -> bool:
        """Time goes on; whether anything happened meanwhile."""
        before = len(self.deeds)
        while self.deeds and min(self.deeds).at_ns <= now_ns:
            deed = min(self.deeds)
            self.deeds.remove(deed)
            self._do(deed)
        return len(self.deeds) != before

    @property
    def next_ns(self) -> int | None:
        """When something happens next."""
        return min(self.deeds).at_ns if self.deeds else None

    # What can be asked of it

    def start(self, now_ns: int, attempt: str, amount_minor: int, currency: str) -> Word | None:
        """A request to charge was sent: an answer if it is given at once."""
        self.starts[attempt] += 1
        behaviour = self.behaviour(attempt)
        self.dead = self.dead or behaviour.dead
        if behaviour.refuses:
            return Word("declined", reason="busy")
        if behaviour.arrives_s is None:
            return None
        key = attempt if self.kind != "fenced" else f"{attempt}#{self.starts[attempt]}"
        if key in self.books:
            return self.books[key].word()  # the same key again: what it knows
        arrives_ns = now_ns + round(behaviour.arrives_s * SECOND)
        done_ns = arrives_ns + round(behaviour.takes_s * SECOND)
        money = Transaction(attempt, amount_minor, behaviour.currency or currency, behaviour, done_ns)
        self.books[key] = money
        self.deeds += [Deed(arrives_ns, "arrive", key), Deed(done_ns, "end", key)]
        self.advance(now_ns)
        return money.word() if behaviour.answer == "in-progress" else None

    def fence(self) -> str:
        """How far it has counted."""
        return str(self.number) if self.kind == "fenced" else ""

    def query(self, now_ns: int, attempt: str, fence: str = "", until: str = "") -> Word:
        """How an attempt stands; one that counts by itself is asked by its numbers."""
        money = self._found(now_ns, attempt, fence, until)
        return money.word() if money is not None else Word("not-found")

    def cancel(self, now_ns: int, attempt: str, fence: str = "", until: str = "") -> Word:
        """Somebody wants it to end."""
        money = self._found(now_ns, attempt, fence, until)
        if money is None:
            if self.kind == "knows":
                self.tombs.add(attempt)
            return Word("not-found")
        if money.state == "working" and money.behaviour.lies:
            return Word("cancelled")
        if money.state in {"working", "held"}:
            money.state = "cancelled"
        return money.word()

    def capture(self, now_ns: int, attempt: str) -> Word | None:
        """Take what is held; None is a request that was lost."""
        money = self._found(now_ns, attempt, "", "")
        if money is None:
            return Word("not-found")
        if money.behaviour.captures == "lost" and attempt not in self.lost_once:
            self.lost_once.add(attempt)
            return None
        if money.state == "held":
            self._take(money)
        return money.word()

    def forward(self, now_ns: int, attempt: str, amount_minor: int, currency: str) -> Word:
        """What an object took while nobody could be asked comes in, and is looked at at once."""
        behaviour = self.behaviours[0]
        money = Transaction(attempt, amount_minor, behaviour.currency or currency, behaviour, now_ns)
        self.books[attempt] = money
        self._arrive(attempt)
        self._end(Deed(now_ns, "end", attempt))
        return money.word()

    def refund(
        self, now_ns: int, attempt: str, key: str, amount_minor: int, window: tuple[str, str]
    ) -> Word | None:
        """Give money back, once for each key; None is an answer that was lost."""
        money = self._found(now_ns, attempt, *window)
        if money is None and self.kind == "stores":  # what was never handed in is torn up, for good
            self.tombs.add(attempt)
            return Word("cancelled")
        if money is None:
            return Word("not-found")
        if money.state in {"coming", "working", "held", "declined", "cancelled"}:  # nothing was taken yet
            money.state = "declined" if money.state == "declined" else "cancelled"
            return Word("cancelled")
        if money.behaviour.refunds == "no":
            return Word("declined", reason="no-reversal")
        if money.behaviour.refunds == "other":
            return Word("refunded", amount_minor - 1, money.currency, str(money.number - 1))
        return self._paid_back(money, key, amount_minor)

    def _paid_back(self, money: Transaction, key: str, amount_minor: int) -> Word | None:
        if key not in money.refunds:
            if amount_minor > money.net_minor:
                return Word("declined", reason="too-much")
            money.refunds[key] = amount_minor
            if not money.net_minor:
                money.state = "refunded"
        if money.behaviour.refunds == "lost" and key not in self.lost_once:
            self.lost_once.add(key)
            return None
        return Word("refunded", amount_minor, money.currency, str(money.number))

    def acknowledge(self, attempt: str) -> None:
        """Its answer was heard."""
        for money in self.of(attempt):
            money.acknowledged = True

    def of(self, attempt: str) -> list[Transaction]:
        """All that it truly did for an attempt."""
        return [money for money in self.books.values() if money.attempt == attempt]

    def is_over(self, attempt: str) -> bool:
        """Whether, by all that it has ever said, nothing more can come of an attempt."""
        if attempt not in self.starts or attempt in self.tombs:
            return True
        behaviour = self.behaviour(attempt)
        said_so = behaviour.lies or behaviour.refuses or behaviour.blind_s > 0 or self.kind != "knows"
        return said_so or all(
            each.state in {"declined", "cancelled", "refunded"} for each in self.of(attempt)
        )

    @property
    def is_in_the_way(self) -> bool:
        """Whether something stands before whatever is asked now."""
        return self.kind == "fenced" and any(money.state == "coming" for money in self.books.values())

    @property
    def net_minor(self) -> int:
        """All that it has for us."""
        return sum(money.net_minor for money in self.books.values() if money.attempt)

    def _found(self, now_ns: int, attempt: str, fence: str, until: str) -> Transaction | None:
        if self.kind == "fenced":
            return self._between(int(fence or 0), int(until) if until else None, now_ns)
        money = self.books.get(attempt)
        if money is None or money.state == "coming" or self._is_blind(money, now_ns):
            return None
        return money

    def _between(self, fence: int, until: int | None, now_ns: int) -> Transaction | None:
        """The last that came after `fence`: a terminal does one thing at a time."""
        numbered = [
            money
            for money in self.books.values()
            if money.number > fence and (until is None or money.number <= until)
        ]
        found = max(numbered, key=lambda money: money.number, default=None)
        return None if found is None or self._is_blind(found, now_ns) else found

    def _is_blind(self, money: Transaction, now_ns: int) -> bool:
        return now_ns < money.done_ns + round(money.behaviour.blind_s * SECOND) and bool(
            money.behaviour.blind_s
        )

    def _do(self, deed: Deed) -> None:
        if deed.what == "arrive":
            self._arrive(deed.attempt)
        elif deed.what == "end":
            self._end(deed)
        elif deed.what == "reverse":
            money = self.books[deed.attempt]
            if money.state == "captured" and not money.acknowledged:
                money.state, money.refunds = "refunded", {"by itself": money.taken_minor}
        else:
            money = self.books[deed.attempt]
            word = money.word() if deed.word == "now" else Word(deed.word)
            self.mail.append((money.attempt, word))

    def _arrive(self, key: str) -> None:
        money = self.books[key]
        if key in self.tombs:
            money.state = "cancelled"
            return
        self.number += 1
        money.state, money.number = "working", self.number

    def _end(self, deed: Deed) -> None:
        money = self.books[deed.attempt]
        if money.state != "working":
            return
        if money.behaviour.declines:
            money.state = "declined"
        elif self.kind == "holds":
            money.state = "held"
        else:
            self._take(money)
        if self.kind != "fenced":
            self.deeds += [
                Deed(deed.at_ns + round(after_s * SECOND), "push", deed.attempt, word)
                for after_s, word in money.behaviour.pushes
            ]
        if money.behaviour.reverses:
            self.deeds.append(Deed(deed.at_ns + SECOND // 2, "reverse", deed.attempt))

    def _take(self, money: Transaction) -> None:
        money.state = "captured"
        money.captures += 1
        money.taken_minor += money.asked_minor * money.behaviour.per_cent // 100
