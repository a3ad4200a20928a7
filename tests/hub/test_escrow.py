"""Wallets at the hub: what was put on them is on them, out with a slice, or spent, whatever happens."""

import asyncio
import itertools
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from cloud_sync.contract.entry import Body, Genesis, Paid, PaymentClosed, Sale, encode_body
from cloud_sync.contract.escrow import GIVEN_BACK, SLICE_TYPE, Slice, SliceAsked, SliceGiven, SliceRefused
from cloud_sync.contract.signing import SoftwareKey, Verifier, unseal
from cloud_sync.contract.topics import Address
from cloud_sync.hub.members import counting, wallets
from cloud_sync.hub.members.counting import count
from cloud_sync.hub.members.escrow import DEFAULT, Escrow, Terms, reclaim_by_hand
from cloud_sync.hub.members.wallets import NoMoneyError, Wallet
from cloud_sync.hub.projections.meaning import Told
from cloud_sync.hub.store import schema
from edge.checkout.payments.house import HouseBook, Use
from edge.checkout.payments.provider import Attempt, Said
from edge.checkout.payments.wallet import Wallet as PaidByWallet
from edge.offline_queue.outcomes import JournalClosedError
from proofs.loop import SimulatedLoop
from tests.checkout.purses import BEGAN_MS, Cut, Disk, Life, PaperHub, Time, draft
from tests.hub.hub_world import SITE, TENANT, HubWorld, PaperJournal

CODES = ("GIFT-2K7Q-9XWM", "MEMBER-88120")
PUT_MINOR = 5_000
NOW_MS = BEGAN_MS


class Counter:
    """A hub whose wallets are looked at, and objects that it knows."""

    def __init__(self, place: Path | str, keys: list[SoftwareKey], terms: Terms = DEFAULT) -> None:
        self.world = HubWorld(place)
        self.key = self.world.receipt_key
        self.escrow = Escrow(self.key, terms)
        self.journals = [
            self.world.admit(PaperJournal(name, key))
            for name, key in zip(("mirror-4", "shelf-1"), keys, strict=False)
        ]
        with self.world.store.writing() as connection:
            self.names = [wallets.open_wallet(connection, TENANT, code, "EUR", NOW_MS) for code in CODES]
            for name in self.names:
                wallets.put(connection, name, "sold", PUT_MINOR, NOW_MS)

    def look(self, which: int = 0) -> Wallet:
        with self.world.store.reading() as connection:
            return wallets.look(connection, self.names[which])

    def lend(self, dev: str, ask: SliceAsked, now_ms: int = NOW_MS) -> Slice | str:
        """The slice, or why not."""
        with self.world.store.writing() as connection:
            answer = self.escrow.lend(connection, dev, ask, now_ms)
        if isinstance(answer, SliceRefused):
            return answer.reason
        keys = {self.key.public.kid: Verifier(self.key.public)}
        return unseal(answer.slice, SLICE_TYPE, keys, Slice)

    def count(self, dev: str, *bodies: Body) -> None:
        with self.world.store.writing() as connection:
            count(connection, [(told(dev, body), body) for body in bodies])

    def alarms(self) -> list[str]:
        return [row[3] for row in self.world.rows("alarm") if row[1] == "wallet"]


def told(dev: str, body: Body) -> Told:
    number = (1 if dev == "mirror-4" else 2) * 1_000_000 + body.seq
    return Told(number, Address(TENANT, SITE, dev), body.epoch, body.seq, b"", encode_body(body), NOW_MS)


def ask(need_minor: int, serial: str = "", out_minor: int = 0, **changes: Any) -> SliceAsked:
    asked = SliceAsked(wallets.shown_by(CODES[0]), "e1", "EUR", need_minor, serial, out_minor)
    return msgspec.structs.replace(asked, **changes)


def spends(serial: str, amount_minor: int, seq: int = 1, **changes: Any) -> Body:
    attempt = f"attempt-of-sale-{seq:04d}"
    sale = msgspec.structs.replace(
        draft(f"sale-number-{seq:04d}", amount_minor),
        payments=(Paid(attempt, "wallet", amount_minor, serial),),
    )
    honest = Body("mirror-4", "e1", seq, f"sale/{seq}", "b1", 0, NOW_MS, "trusted", sale)
    return msgspec.structs.replace(honest, **changes)


def closes(attempt: str, outcome: Any, amount_minor: int, seq: int, **changes: Any) -> Body:
    fact = PaymentClosed("s", attempt, "wallet", outcome, amount_minor, "EUR", **changes)
    return Body("mirror-4", "e1", seq, f"end/{seq}", "b1", 0, NOW_MS, "trusted", fact)


@pytest.fixture
def counter(place: Path | str, keys: list[SoftwareKey]) -> Iterator[Counter]:
    made = Counter(place, keys)
    with closing(made.world):
        yield made


def test_a_slice_leaves_the_balance_before_it_is_spent_and_its_rest_comes_back(counter: Counter) -> None:
    lent = counter.lend("mirror-4", ask(2_000))
    assert isinstance(lent, Slice)
    assert (lent.amount_minor, lent.dev, lent.epoch, lent.wallet) == (
        2_000,
        "mirror-4",
        "e1",
        counter.names[0],
    )
    look = counter.look()
    assert (look.balance_minor, look.out_minor, look.spent_minor) == (3_000, 2_000, 0)

    counter.count("mirror-4", spends(lent.serial, 700))
    look = counter.look()
    assert (look.balance_minor, look.out_minor, look.spent_minor) == (3_000, 1_300, 700)

    counter.count("mirror-4", closes(lent.serial, "cancelled", 1_300, 2, reason=GIVEN_BACK))
    look = counter.look()
    assert (look.balance_minor, look.out_minor, look.spent_minor) == (4_300, 0, 700)

    counter.count("mirror-4", closes("attempt-of-sale-0001", "refunded", 500, 3, refund="refund-number-01"))
    assert counter.look().balance_minor == 4_800
    assert counter.alarms() == []


def test_a_question_that_comes_again_asks_for_nothing_more(counter: Counter) -> None:
    lent = counter.lend("mirror-4", ask(2_000))
    assert isinstance(lent, Slice)
    for again in (ask(2_000), ask(100), ask(2_000, lent.serial)):
        assert counter.lend("mirror-4", again) == lent
    more = counter.lend("mirror-4", ask(500, lent.serial, 2_000))
    assert isinstance(more, Slice)
    assert (more.serial, more.amount_minor) == (lent.serial, 2_500)
    assert counter.lend("mirror-4", ask(500, lent.serial, 2_000)) == more
    assert counter.look().out_minor == 2_500


def test_two_objects_cannot_have_the_same_money(counter: Counter) -> None:
    first, second = counter.lend("mirror-4", ask(4_000)), counter.lend("shelf-1", ask(4_000))
    assert isinstance(first, Slice)
    assert isinstance(second, Slice)
    assert (first.amount_minor, second.amount_minor) == (4_000, 1_000)
    assert counter.look().balance_minor == 0
    with pytest.raises(NoMoneyError), counter.world.store.writing() as connection:
        wallets.put(connection, counter.names[0], "paid-out", -1, NOW_MS)


REFUSALS = [
    ({"shown": wallets.shown_by("GIFT-0000-0000")}, "wallet.unknown"),
    ({"currency": "CHF"}, "wallet.currency"),
    ({"need_minor": 0}, "wallet.empty"),
    ({"epoch": "e1"}, "wallet.epoch"),
]


@pytest.mark.parametrize(("changes", "reason"), REFUSALS)
def test_who_may_not_have_a_slice_hears_why(counter: Counter, changes: dict[str, Any], reason: str) -> None:
    if "epoch" in changes:  # the hub has heard of a journal after this one
        for epoch in ("e1", "e2"):
            journal = PaperJournal("mirror-4", counter.journals[0].key, epoch=epoch)
            journal.write(Genesis(journal.key.public, "file"))
            counter.world.send(journal, 1)
    assert counter.lend("mirror-4", msgspec.structs.replace(ask(100), **changes)) == reason
    assert counter.look().out_minor == 0


def test_the_shop_says_how_much_may_be_out(place: Path | str, keys: list[SoftwareKey]) -> None:
    counter = Counter(place, keys, Terms(out_minor_max=1_500))
    with closing(counter.world):
        lent = counter.lend("mirror-4", ask(4_000))
        assert isinstance(lent, Slice)
        assert lent.amount_minor == 1_500
        counter.count("mirror-4", spends(lent.serial, 1_000))
        more = counter.lend("mirror-4", ask(2_000, lent.serial, 1_000))
        assert isinstance(more, Slice)
        assert more.amount_minor == 2_500


def test_money_is_put_on_a_wallet_once(counter: Counter) -> None:
    with counter.world.store.writing() as connection:
        assert wallets.open_wallet(connection, TENANT, CODES[0], "EUR", 9) == counter.names[0]
        assert wallets.put(connection, counter.names[0], "top-up/1", 100, 9)
        assert not wallets.put(connection, counter.names[0], "top-up/1", 100, 9)
    assert counter.look().put_minor == PUT_MINOR + 100


def test_a_code_stands_nowhere_at_the_hub(counter: Counter) -> None:
    counter.lend("mirror-4", ask(100))
    for table in schema.metadata.sorted_tables:
        assert not any(code in repr(counter.world.rows(table.name)) for code in CODES)


WRONGS = [
    ("another's slice", "shelf-1", spends("{serial}", 100), "was not lent", 0),
    ("of another journal", "mirror-4", spends("{serial}", 100, epoch="e9"), "was not lent", 0),
    ("no slice at all", "mirror-4", spends("BBBBBBBBBBBBBBBB", 100), "was not lent", 0),
    ("more than it has", "mirror-4", spends("{serial}", 2_001), "more was spent than 2000", 2_000),
    ("another's end", "shelf-1", closes("{serial}", "cancelled", 1, 1, reason=GIVEN_BACK), "was not lent", 0),
]


@pytest.mark.parametrize(
    ("dev", "body", "sentence", "spent"), [w[1:] for w in WRONGS], ids=[w[0] for w in WRONGS]
)
def test_what_no_honest_object_says_costs_no_wallet_anything_more(
    counter: Counter, dev: str, body: Body, sentence: str, spent: int
) -> None:
    lent = counter.lend("mirror-4", ask(2_000))
    assert isinstance(lent, Slice)
    said = msgspec.json.decode(
        msgspec.json.encode(body).replace(b"{serial}", lent.serial.encode()), type=Body
    )
    for _ in range(2):
        counter.count(dev, said)
    assert len(counter.alarms()) == 1
    assert sentence in counter.alarms()[0]
    assert (counter.look().spent_minor, counter.look().balance_minor) == (spent, 3_000)


def test_a_slice_that_nobody_gives_back_comes_back_when_both_clocks_are_past_it(counter: Counter) -> None:
    lent = counter.lend("mirror-4", ask(2_000))
    assert isinstance(lent, Slice)
    late_ms = lent.expires_ms + Terms().grace_ms + 1
    journal = counter.journals[0]

    def reclaimed(now_ms: int) -> list[str]:
        with counter.world.store.writing() as connection:
            return counter.escrow.reclaim(connection, now_ms)

    assert reclaimed(late_ms) == []  # its journal has not come so far
    journal.write(Genesis(journal.key.public, "file"), wall_ms=late_ms + 1)
    counter.world.send(journal, 1)
    counter.world.project()
    assert reclaimed(late_ms - 2) == []
    assert reclaimed(late_ms) == [lent.serial]
    assert counter.look().balance_minor == PUT_MINOR
    assert reclaimed(late_ms) == []
    again = counter.lend("mirror-4", ask(100, lent.serial), late_ms)
    assert isinstance(again, Slice)
    assert again.serial != lent.serial


def test_what_a_lost_object_turns_out_to_have_spent_is_counted_and_told(counter: Counter) -> None:
    lent = counter.lend("mirror-4", ask(2_000))
    assert isinstance(lent, Slice)
    with counter.world.store.writing() as connection:
        reclaim_by_hand(connection, lent.serial, NOW_MS)
    counter.count("mirror-4", spends(lent.serial, 700))
    assert (counter.look().balance_minor, counter.look().spent_minor) == (PUT_MINOR - 700, 700)
    assert "after it came back" in counter.alarms()[0]


# Both ends at once


class Shop:
    """Two objects, a hub, and everything between them that can be lost, doubled and late."""

    def __init__(self, counter: Counter, luck: random.Random) -> None:
        self.counter, self.luck = counter, luck
        self.time = Time()
        self.hub = PaperHub(counter.key, self._lend)
        self.disks = [Disk(journal.address.object) for journal in counter.journals]
        self.counted = [0, 0]
        self.most: dict[str, int] = {}
        """Serial -> the most that was ever signed."""

    def _lend(self, dev: str, asked: SliceAsked) -> SliceGiven | SliceRefused:
        with suppress(ArithmeticError), self.counter.world.store.writing() as connection:
            answer = self.counter.escrow.lend(connection, dev, asked, self.time.wall_ms())
            if self.luck.random() < 0.1:
                raise ArithmeticError("the hub's power goes before its commit")
            if isinstance(answer, SliceGiven):
                given = unseal(answer.slice, SLICE_TYPE, self.hub.keys, Slice)
                self.most[given.serial] = max(self.most.get(given.serial, 0), given.amount_minor)
            return answer
        raise ConnectionError("the hub is away")

    def ship(self, which: int) -> None:
        """Some of what the hub has not counted comes, after some that it has; or its power goes meanwhile."""
        disk, counted = self.disks[which], self.counted[which]
        upto = self.luck.randint(counted, len(disk.bodies))
        bodies = disk.bodies[max(0, counted - self.luck.randint(0, 5)) : upto]
        with suppress(ArithmeticError), self.counter.world.store.writing() as connection:
            count(connection, [(told(disk.dev, body), body) for body in bodies])
            if self.luck.random() < 0.2:
                raise ArithmeticError("the hub's power goes before its commit")
            self.counted[which] = upto

    def begin_again(self) -> None:
        """The hub makes its projections again."""
        with self.counter.world.store.writing() as connection:
            for table in (schema.slice_use, schema.slice_end):
                connection.execute(delete(table))
            for disk, upto in zip(self.disks, self.counted, strict=True):
                count(connection, [(told(disk.dev, body), body) for body in disk.bodies[:upto]])

    def echo(self, lives: list[Life]) -> None:
        """An old question, or an old answer, comes once more."""
        if self.hub.questions and self.luck.random() < 0.5:
            dev, asked = self.luck.choice(self.hub.questions)
            with suppress(ConnectionError):
                self._lend(dev, asked)
        elif self.hub.answers:
            dev, jws = self.luck.choice(self.hub.answers)
            for life in lives:
                if life.disk.dev == dev:
                    life.wallet._learn(jws, self.time.now_ns())

    def check(self) -> None:
        """No money is there twice, and what the hub says is safe to lend is nowhere else."""
        out: dict[str, int] = {}
        over: set[str] = set()
        for disk in self.disks:
            _spent(disk, out, over)
        for serial, minor in out.items():
            assert 0 <= minor <= self.most.get(serial, 0)
        with self.counter.world.store.reading() as connection:
            owners = {row.serial: row.wallet for row in connection.execute(select(schema.slice_))}
        for which, name in enumerate(self.counter.names):
            mine = [serial for serial in self.most if owners.get(serial) == name]
            # What objects have spent, and what they still could, beside what the hub would lend or pay out.
            at_objects = sum(out.get(each, 0) if each in over else self.most[each] for each in mine)
            look = self.counter.look(which)
            assert look.balance_minor >= 0
            assert at_objects + look.balance_minor <= look.put_minor
            assert look.balance_minor + look.out_minor + look.spent_minor == look.put_minor


def _spent(disk: Disk, out: dict[str, int], over: set[str]) -> None:
    """What of each slice is spent, and which are over, as a reader of the entries finds it."""
    slice_of: dict[str, str] = {}
    for body in disk.bodies:
        fact = body.fact
        if isinstance(fact, Sale):
            for paid in fact.payments or ():
                if paid.attempt not in slice_of:
                    slice_of[paid.attempt] = paid.reference
                    out[paid.reference] = out.get(paid.reference, 0) + paid.amount_minor
        elif isinstance(fact, PaymentClosed) and fact.reason == GIVEN_BACK:
            over.add(fact.attempt)
        elif isinstance(fact, PaymentClosed) and fact.outcome == "captured":
            slice_of[fact.attempt] = fact.reference
            out[fact.reference] = out.get(fact.reference, 0) + fact.amount_minor
        elif isinstance(fact, PaymentClosed) and fact.outcome == "refunded" and fact.attempt in slice_of:
            out[slice_of[fact.attempt]] -= fact.amount_minor


@pytest.mark.parametrize("seed", range(30))
def test_money_is_conserved_over_crashes_duplicates_and_reorders_on_both_ends(
    seed: int, empty_hub: Path, tmp_path: Path, keys: list[SoftwareKey]
) -> None:
    _a_day(seed, Path(shutil.copy(empty_hub, tmp_path / "hub.db")), keys)


def _a_day(seed: int, place: Path, keys: list[SoftwareKey]) -> None:
    """One bad day from one seed; AssertionError if money is made or lost in it."""
    counter = Counter(place, keys)
    shop = Shop(counter, random.Random(seed))
    try:
        with suppress(JournalClosedError):  # a dead life may have had more to do than one thing
            SimulatedLoop().live(_lived(shop))
        _check_books(shop)
    finally:
        counter.world.close()


async def _lived(shop: Shop) -> None:
    luck = shop.luck
    lives = [Life(disk, shop.hub, shop.time) for disk in shop.disks]
    for _ in range(60):
        which = luck.randrange(2)
        shop.hub.line = luck.choice(("good", "good", "question lost", "answer lost"))
        with suppress(JournalClosedError):
            await _something(shop, lives, which)
        if lives[which].ledger.dead or luck.random() < 0.1:
            lives[which].end()
            cut: Cut | None = (luck.randint(1, 8), luck.choice(("before", "after")))
            cut = cut if luck.random() < 0.6 else None
            lives[which] = Life(shop.disks[which], shop.hub, shop.time, cut)
            with suppress(JournalClosedError):
                await lives[which].cashier.recover()
        shop.check()
    await _to_rest(shop, lives)


def _check_books(shop: Shop) -> None:
    """The hub's books say what the entries say."""
    spent: dict[str, int] = {}
    for disk in shop.disks:
        _spent(disk, spent, set())
    with shop.counter.world.store.reading() as connection:
        lent = connection.execute(select(schema.slice_)).all()
    for which in range(2):
        look = shop.counter.look(which)
        mine = sum(spent.get(row.serial, 0) for row in lent if row.wallet == look.wallet)
        assert (look.out_minor, look.spent_minor) == (0, mine)
        assert look.balance_minor == look.put_minor - look.spent_minor
    assert shop.counter.alarms() == []


async def _something(shop: Shop, lives: list[Life], which: int) -> None:
    luck, life = shop.luck, lives[which]
    code, amount = luck.choice(CODES), luck.randint(1, 1_500)
    match luck.randrange(12):
        case 0:
            shop.echo(lives)
        case 1:
            shop.begin_again()
        case 2 | 3:
            shop.ship(which)
        case 4:
            await life.begin_and_leave(code, amount, luck.randint(1, 500))
        case 5:
            await life.stop_early(code, amount, luck.random() / 8, leaves=luck.random() < 0.5)
        case 6:
            await life.give_back_goods(luck)
        case 7:
            held = [*life.wallet._held]
            if held:
                await life.wallet.give_back(luck.choice(held))
        case 8 if luck.random() < 0.2:
            shop.time.days += luck.choice((1, 5, 8))
            await life.wallet.tidy()
        case 9:
            await _at_once(life, luck, code, amount)
        case _:
            await life.pay(code, amount)


async def _at_once(life: Life, luck: random.Random, code: str, amount: int) -> None:
    """Two shoppers pay by one card, and a slice of it goes back meanwhile."""

    async def give_back() -> None:
        await asyncio.sleep(luck.random() / 300)
        for serial in [*life.wallet._held]:
            await life.wallet.give_back(serial)

    both = (life.pay(code, amount), life.pay(code, luck.randint(1, 1_500)))
    for said in await asyncio.gather(*both, give_back(), return_exceptions=True):
        if isinstance(said, BaseException):
            raise said


async def _to_rest(shop: Shop, lives: list[Life]) -> None:
    """The last lives run undisturbed; all slices come back, and all entries come to the hub."""
    shop.hub.line = "good"
    shop.time.days += 8
    for which, life in enumerate(lives):
        life.end()
        await asyncio.sleep(0.1)
        last = Life(shop.disks[which], shop.hub, shop.time)
        await last.undisturbed()
        assert not last.payments.open()
        assert not last.payments.dues()
        assert not last.wallet._held
        last.end()
    shop.luck = random.Random(7)
    for which in range(2):
        while shop.counted[which] < len(shop.disks[which].bodies):
            shop.ship(which)
    over: set[str] = set()
    for disk in shop.disks:
        _spent(disk, {}, over)
    looks = [shop.counter.look(which) for which in range(2)]
    assert sum(look.out_minor for look in looks) == sum(
        most for serial, most in shop.most.items() if serial not in over
    )
    # Slices of which an object never heard, since every answer was lost, come back by the clocks.
    with shop.counter.world.store.writing() as connection:
        for serial in shop.most:
            reclaim_by_hand(connection, serial, shop.time.wall_ms())
    await asyncio.sleep(0.1)


class _Forgetful(dict[str, Use]):
    """Forgets what was promised in this life."""

    def __setitem__(self, attempt: str, use: Use) -> None:
        pass


def _forgets_what_it_promised(patch: pytest.MonkeyPatch) -> None:
    init = PaidByWallet.__init__

    def forgetful(wallet: PaidByWallet, *asked: Any) -> None:
        init(wallet, *asked)
        wallet._uses = _Forgetful()

    patch.setattr(PaidByWallet, "__init__", forgetful)


class _Nothing(set[str]):
    """Remembers nothing."""

    def add(self, _serial: str) -> None:
        pass


def _spends_what_is_given_back(patch: pytest.MonkeyPatch) -> None:
    init = PaidByWallet.__init__

    def careless(wallet: PaidByWallet, *asked: Any) -> None:
        init(wallet, *asked)
        wallet._ending, wallet._house.ended = _Nothing(), _Nothing()

    patch.setattr(PaidByWallet, "__init__", careless)


def _gives_back_while_something_is_taken_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PaidByWallet, "_is_in_use", lambda _wallet, _serial: False)


def _assumes_that_it_was_charged(patch: pytest.MonkeyPatch) -> None:
    async def query(_wallet: PaidByWallet, attempt: Attempt) -> Said:
        return Said("captured", attempt.amount_minor, attempt.currency, "AAAAAAAAAAAAAAAA")

    patch.setattr(PaidByWallet, "query", query)


def _knows_nothing_of_what_was_spent_before_the_start(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HouseBook, "apply", lambda _book, _body: None)


def _lends_without_taking_it_out_of_the_balance(patch: pytest.MonkeyPatch) -> None:
    def amount(_escrow: Escrow, asked: SliceAsked, lent: Any, _has_minor: int) -> int:
        wants = asked.need_minor + asked.out_minor
        return max(wants, lent.amount_minor) if lent else wants

    patch.setattr(Escrow, "_amount_minor", amount)


def _counts_every_time_it_is_told(patch: pytest.MonkeyPatch) -> None:
    numbers = itertools.count()

    def use(connection: Any, told: Told, what: tuple[str, str, str], amount_minor: int) -> bool:
        attempt, refund, serial = what
        row = (
            told.address.object,
            attempt,
            refund or f"again-{next(numbers)}",
            serial,
            amount_minor,
            told.id,
        )
        connection.execute(schema.slice_use.insert().values(row))
        return True

    patch.setattr(counting, "_use", use)


MUTANTS = [
    _forgets_what_it_promised,
    _spends_what_is_given_back,
    _gives_back_while_something_is_taken_out,
    _assumes_that_it_was_charged,
    _knows_nothing_of_what_was_spent_before_the_start,
    _lends_without_taking_it_out_of_the_balance,
    _counts_every_time_it_is_told,
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__.strip("_"))
def test_a_wallet_that_is_built_wrong_is_found_out(
    mutant: Callable[[pytest.MonkeyPatch], None],
    empty_hub: Path,
    tmp_path: Path,
    keys: list[SoftwareKey],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mutant(monkeypatch)
    for seed in range(30):
        try:
            _a_day(seed, Path(shutil.copy(empty_hub, tmp_path / f"hub-{seed}.db")), keys)
        except (AssertionError, ValueError, IntegrityError):
            return
    pytest.fail("thirty bad days did not find it out")
