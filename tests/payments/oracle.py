"""What must hold at the end of every bad day, said without any word of the cashier's own.

It reads the bytes of the journal and the providers' books, and knows nothing of how they came about.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from edge.checkout.books import Books
from edge.checkout.payments.book import PaymentBook
from tests.payments.bank import Bank, Transaction
from tests.payments.life import Life
from tests.payments.scene import CURRENCY, TOTAL_MINOR, Scene

INVARIANTS: Final = (
    "no capture without a durable sale and attempt",
    "a provider is asked to charge once an attempt",
    "at most one capture an attempt",
    "a capture pays for one attempt",
    "every capture ends paid, refund-due or refunded",
    "net captured is what the sale cost, or nothing",
    "released implies paid, or stored as permitted",
    "who was told that nothing was paid has paid nothing",
    "what was closed without money can bring none",
    "refunds are not more than was captured",
    "settlement is what the provider has for us",
    "nothing is due that no person knows of",
    "no sale hangs between two parts",
    "no attempt is unknown for ever",
    "no money is held that nobody will take",
    "receipt numbers have no gap and no double",
    "the book in memory is the book on the disk",
)


class BrokenPromiseError(AssertionError):
    """One of INVARIANTS does not hold."""


class Ledger:
    """The journal as plain data: its facts in order, and the sums of its accounts."""

    def __init__(self, bodies: list[bytes]) -> None:
        self.facts: list[dict[str, Any]] = [msgspec.json.decode(body)["fact"] for body in bodies]
        self.intents = {fact["attempt"]: fact for fact in self._of("payment.intent")}
        self.sales = {fact["sale"]: fact for fact in self._of("sale")}
        self.paid = {
            paid["attempt"]: paid for sale in self.sales.values() for paid in sale.get("payments", ())
        }
        self.ends: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for fact in self._of("payment.closed"):
            self.ends[fact["attempt"]].append(fact)
        self.accounts: Counter[str] = Counter()
        for fact in self.facts:
            for posting in fact.get("postings", ()):
                self.accounts[posting["account"]] += posting["amount_minor"]

    def _of(self, kind: str) -> list[dict[str, Any]]:
        return [fact for fact in self.facts if fact["kind"] == kind]

    def in_hands(self, attempt: str) -> bool:
        """Whether a person of the shop has to look into it, by the last word that was written."""
        return bool(self.ends[attempt]) and self.ends[attempt][-1]["outcome"] == "person"

    def owner(self, bank: Bank, money: Transaction) -> str:
        """Which attempt the money of a transaction is held to be; by its number, where we have no other."""
        if bank.kind != "fenced":
            return money.attempt
        claims = [*self.paid.values(), *(end for ends in self.ends.values() for end in ends)]
        claimed = {claim["reference"]: claim["attempt"] for claim in claims if claim["provider"] == bank.name}
        return str(claimed.get(str(money.number), money.attempt))

    @property
    def persons(self) -> list[dict[str, Any]]:
        """All that was left to people."""
        return [ends[-1] for attempt, ends in self.ends.items() if self.in_hands(attempt)]


def check(scene: Scene, life: Life) -> Ledger:
    """Raise BrokenPromiseError unless everything holds; the ledger as it was read."""
    rows: list[Any] = life.pen._db.execute("SELECT body FROM entry ORDER BY seq").fetchall()
    ledger = Ledger([body for (body,) in rows])
    broken = [*_broken(scene, ledger), *_memory(life)]
    if broken:
        raise BrokenPromiseError("\n".join([*broken, "", *scene.story, "", *map(str, scene.told)]))
    return ledger


def _broken(scene: Scene, ledger: Ledger) -> Iterator[str]:
    yield from _captures(scene, ledger)
    yield from _sales(scene, ledger)
    yield from _sums(scene, ledger)
    yield from _ends(scene, ledger)


def _captures(scene: Scene, ledger: Ledger) -> Iterator[str]:
    claims = Counter(
        (paid["provider"], paid["reference"]) for paid in ledger.paid.values() if paid["reference"]
    )
    for (provider, reference), times in claims.items():
        if times > 1:
            yield f"a capture pays for one attempt: {provider}'s number {reference} pays for {times}"
    for bank in scene.banks.values():
        for attempt, times in bank.starts.items():
            if times > 1:
                yield f"a provider is asked to charge once an attempt: {attempt} {times} times"
            if attempt not in ledger.intents:
                yield f"no capture without a durable sale and attempt: {attempt} was started"
        for money in bank.books.values():
            if money.attempt:
                yield from _money(bank, money, ledger)


def _money(bank: Bank, money: Transaction, ledger: Ledger) -> Iterator[str]:
    """One transaction of a provider's books against ours."""
    if money.captures and money.attempt not in ledger.intents:
        yield f"no capture without a durable sale and attempt: {money.attempt}"
    if sum(each.captures for each in bank.of(money.attempt)) > 1:
        yield f"at most one capture an attempt: {money.attempt}"
    if money.net_minor < 0:
        yield f"refunds are not more than was captured: {money.attempt}"
    if money.state == "held" and not ledger.in_hands(money.attempt):
        yield f"no money is held that nobody will take: {money.attempt}"
    owner = ledger.owner(bank, money)
    if money.net_minor > 0 and owner not in ledger.paid and not ledger.in_hands(owner):
        yield f"every capture ends paid, refund-due or refunded: {money.attempt}"


def _sales(scene: Scene, ledger: Ledger) -> Iterator[str]:
    for sale in {*ledger.sales, *(fact["sale"] for fact in ledger.intents.values())}:
        attempts = [each for each, fact in ledger.intents.items() if fact["sale"] == sale]
        net_minor = sum(
            money.net_minor
            for bank in scene.banks.values()
            for money in bank.books.values()
            if money.attempt and ledger.owner(bank, money) in attempts
        )
        if any(ledger.in_hands(each) for each in attempts):
            continue  # what a person has to look into, nobody has counted
        due_minor = TOTAL_MINOR if sale in ledger.sales else 0
        if net_minor != due_minor:
            yield f"net captured is what the sale cost, or nothing: {sale} {net_minor}, not {due_minor}"
    for sale, fact in ledger.sales.items():
        brought = sum(paid["amount_minor"] for paid in fact["payments"])
        if brought != fact["total_minor"]:
            yield f"net captured is what the sale cost, or nothing: {sale} says {brought}"
    for sale in (scene.released - {*ledger.sales}) | {*scene.early}:
        yield f"released implies paid, or stored as permitted: {sale}"
    last = {told.sale: told for told in scene.told}
    for sale, told in last.items():
        if told.result in {"declined", "cancelled", "unavailable"} and sale in ledger.sales:
            yield f"who was told that nothing was paid has paid nothing: {told}"
    numbers = [int(fact["number"].rpartition("-")[2]) for fact in ledger.sales.values()]
    if numbers != [*range(1, len(numbers) + 1)]:
        yield f"receipt numbers have no gap and no double: {numbers}"


def _sums(scene: Scene, ledger: Ledger) -> Iterator[str]:
    known = {money.attempt for bank in scene.banks.values() for money in bank.books.values()}
    for name, bank in scene.banks.items():
        # What a person has to look into is posted when it is known, and not before.
        unposted = sum(
            money.net_minor
            for money in bank.books.values()
            if ledger.in_hands(money.attempt) and not _is_posted(ledger, money.attempt)
        )
        if ledger.accounts[f"settlement/{name}"] != bank.net_minor - unposted:
            yield (
                f"settlement is what the provider has for us: {name} has {bank.net_minor},"
                f" {ledger.accounts[f'settlement/{name}']} was posted, {unposted} is looked into"
            )
        stored = sum(
            paid["amount_minor"]
            for paid in ledger.paid.values()
            if paid["provider"] == name
            and paid.get("stored")
            and (paid["attempt"] not in known or ledger.in_hands(paid["attempt"]))
        )
        if ledger.accounts[f"stored/{name}"] != stored:
            yield f"settlement is what the provider has for us: stored {ledger.accounts[f'stored/{name}']}"
    due_minor = sum(
        fact["amount_minor"] for fact in ledger.persons if _is_posted(ledger, fact["attempt"], "refund-due")
    )
    if ledger.accounts["refund-due"] != -due_minor:
        yield f"nothing is due that no person knows of: {ledger.accounts['refund-due']}"
    if ledger.accounts["tendered"]:
        yield f"no sale hangs between two parts: {ledger.accounts['tendered']}"


def _is_posted(ledger: Ledger, attempt: str, account: str = "settlement/") -> bool:
    """Whether the money of an attempt stands in an account of that name."""
    facts = [
        *ledger.ends[attempt],
        *(fact for fact in ledger.sales.values() if attempt in {p["attempt"] for p in fact["payments"]}),
    ]
    return any(
        posting["account"].startswith(account) for fact in facts for posting in fact.get("postings", ())
    )


def _ends(scene: Scene, ledger: Ledger) -> Iterator[str]:
    for attempt, fact in ledger.intents.items():
        if attempt not in ledger.paid and not ledger.ends[attempt]:
            yield f"no attempt is unknown for ever: {attempt} of {fact['sale']}"
    for attempt in scene.hasty:
        yield f"what was closed without money can bring none: {attempt}"
    assert {fact["currency"] for fact in ledger.intents.values()} <= {CURRENCY}


def _memory(life: Life) -> Iterator[str]:
    while life.pen.fold():
        pass
    rows = life.pen._db.execute
    book, books = PaymentBook.load(rows), Books.load(rows, life.pen.epoch)
    if (book._lines, book._dues) != (life.book._lines, life.book._dues):
        yield f"the book in memory is the book on the disk: {life.book._lines} {book._lines}"
    if (books.sales, books.stock) != (life.books.sales, life.books.stock):
        yield "the book in memory is the book on the disk: sales or stock"
