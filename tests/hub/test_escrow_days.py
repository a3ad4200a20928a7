"""Wallets over bad days: objects and hub crash, and what is between them is lost, doubled and late."""

import asyncio
import itertools
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from cloud_sync.contract.escrow import GIVEN_BACK, SLICE_TYPE, Slice, SliceAsked, SliceGiven, SliceRefused
from cloud_sync.contract.facts import PaymentClosed, Sale
from cloud_sync.contract.signing import SoftwareKey, unseal
from cloud_sync.hub.members import counting
from cloud_sync.hub.members.counting import count
from cloud_sync.hub.members.escrow import Escrow
from cloud_sync.hub.members.reclaiming import reclaim_by_hand
from cloud_sync.hub.projections.meaning import Told
from cloud_sync.hub.store import schema
from edge.checkout.payments.house import HouseBook, Use
from edge.checkout.payments.provider import Attempt, Said
from edge.checkout.payments.wallet import Wallet as PaidByWallet
from edge.offline_queue.outcomes import JournalClosedError
from proofs.loop import SimulatedLoop
from tests.checkout.purses import Cut, Disk, Life, PaperHub, Time
from tests.hub.wallet_world import CODES, Counter, told


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
                    life.wallet._hear(jws)

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
        elif isinstance(fact, PaymentClosed) and fact.outcome in {"captured", "refund-due"}:
            if fact.reference and fact.attempt not in slice_of:
                slice_of[fact.attempt] = fact.reference
                out[fact.reference] = out.get(fact.reference, 0) + fact.amount_minor
        elif isinstance(fact, PaymentClosed) and fact.outcome == "refunded" and fact.attempt in slice_of:
            out[slice_of[fact.attempt]] -= fact.amount_minor


@pytest.mark.parametrize("seed", range(12))
def test_money_is_conserved_over_crashes_duplicates_and_reorders_on_both_ends(
    seed: int, empty_hub: Path, tmp_path: Path, keys: list[SoftwareKey]
) -> None:
    _check_a_day(seed, Path(shutil.copy(empty_hub, tmp_path / "hub.db")), keys)


def _check_a_day(seed: int, place: Path, keys: list[SoftwareKey]) -> None:
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
            _check_a_day(seed, Path(shutil.copy(empty_hub, tmp_path / f"hub-{seed}.db")), keys)
        except (AssertionError, ValueError, IntegrityError):
            return
    pytest.fail("thirty bad days did not find it out")
