"""Wallets and gift cards at an object: paid with no network, and never more than what was lent."""

import random
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import apsw
import pytest

from cloud_sync.contract.escrow import (
    GIVEN_BACK,
    SLICE_TYPE,
    Slice,
    SliceAsked,
    SliceGiven,
    SliceRefused,
    shown_by,
)
from cloud_sync.contract.facts import PaymentClosed, Sale
from cloud_sync.contract.signing import SoftwareKey, seal
from edge.checkout.payments import house
from edge.checkout.payments.cashier import Result
from edge.checkout.payments.house import HouseBook
from edge.checkout.payments.purse import FilePurse, Kept
from edge.identity import keep_file
from edge.offline_queue.outcomes import JournalClosedError
from edge.readings import Nanoseconds
from proofs.loop import SimulatedLoop
from tests.checkout.purses import BEGAN_MS, DAY_MS, Cut, Disk, Life, PaperHub, PaperPurse, Time

KEY = SoftwareKey.generate()
CODE = "GIFT-2K7Q-9XWM"
SERIAL = "AAAAAAAAAAAAAAAA"


class Till:
    """One object, and a hub that lends what stands on one card."""

    def __init__(self, balance_minor: int = 5_000) -> None:
        self.balance_minor = balance_minor
        self.lent_minor = 0
        self.time = Time()
        self.disk = Disk("mirror-1")
        self.hub = PaperHub(KEY, self._lend)
        self.refuses: SliceRefused | None = None
        self.changes: dict[str, Any] = {}

    def _lend(self, dev: str, ask: SliceAsked) -> SliceGiven | SliceRefused:
        if self.refuses is not None:
            return self.refuses
        wants = ask.need_minor + (ask.out_minor if ask.serial == SERIAL else 0)
        self.lent_minor = max(self.lent_minor, min(wants, self.balance_minor))
        now_ms = self.time.wall_ms()
        said: dict[str, Any] = {
            "serial": SERIAL,
            "wallet": "w1",
            "shown": ask.shown,
            "dev": dev,
            "epoch": ask.epoch,
        }
        said |= {
            "amount_minor": self.lent_minor,
            "currency": "EUR",
            "at_ms": now_ms,
            "expires_ms": now_ms + DAY_MS,
        }
        return SliceGiven(seal(KEY, SLICE_TYPE, Slice(**{**said, **self.changes})))

    def life(self, cut: Cut | None = None, purse: type[PaperPurse] = PaperPurse) -> Life:
        return Life(self.disk, self.hub, self.time, cut, purse)

    def spent(self) -> int:
        """What the entries say, counted another way than the wallet counts it."""
        taken = sum(body.fact.total_minor for body in self.disk.bodies if isinstance(body.fact, Sale))
        back = sum(
            body.fact.amount_minor
            for body in self.disk.bodies
            if isinstance(body.fact, PaymentClosed) and body.fact.outcome == "refunded"
        )
        return taken - back


def live(story: Coroutine[Any, Any, None]) -> None:
    SimulatedLoop().live(story)


@pytest.fixture
def till() -> Till:
    return Till()


def test_a_card_that_was_used_here_is_good_without_a_network_until_its_slice_is_spent(till: Till) -> None:
    async def story() -> None:
        life = till.life()
        assert (await life.pay(CODE, 300)).result is Result.PAID
        till.lent_minor = 1_000
        assert (await life.pay(CODE, 700)).result is Result.PAID  # the hub lends more
        till.lent_minor = 1_500
        life.end()
        life = till.life()
        assert (await life.pay(CODE, 200)).result is Result.PAID
        till.hub.line = "question lost"
        life.end()
        life = till.life()
        assert (await life.pay(CODE, 300)).result is Result.PAID  # 1500 are lent by now
        declined = await life.pay(CODE, 1)
        assert (declined.result, declined.reason) == (Result.DECLINED, "wallet.offline")
        assert till.spent() == 1_500

    live(story())


def test_a_sale_says_which_slice_it_was_paid_from(till: Till) -> None:
    async def story() -> None:
        await till.life().pay(CODE, 300)
        sale = till.disk.bodies[-1].fact
        assert isinstance(sale, Sale)
        assert [(paid.provider, paid.reference) for paid in sale.payments or ()] == [("wallet", SERIAL)]
        assert CODE not in repr(till.disk.bodies)
        assert shown_by(CODE) not in repr(till.disk.bodies)

    live(story())


REFUSALS = [
    (SliceRefused("wallet.unknown"), {}, 100, "wallet.unknown"),
    (SliceRefused("wallet.blocked"), {}, 100, "wallet.blocked"),
    (None, {}, 5_001, "wallet.balance"),
    (None, {"dev": "mirror-2"}, 100, "wallet.later"),
    (None, {"epoch": "e0"}, 100, "wallet.later"),
    (None, {"expires_ms": BEGAN_MS}, 100, "wallet.balance"),
    (None, {"shown": "A" * 43}, 100, "wallet.balance"),
    (None, {"currency": "CHF"}, 100, "wallet.balance"),
]


@pytest.mark.parametrize(("refusal", "changes", "amount", "reason"), REFUSALS)
def test_what_is_not_lent_to_this_journal_is_not_spent(
    till: Till, refusal: SliceRefused | None, changes: dict[str, Any], amount: int, reason: str
) -> None:
    till.refuses, till.changes = refusal, changes

    async def story() -> None:
        ended = await till.life().pay(CODE, amount)
        assert (ended.result, ended.reason) == (Result.DECLINED, reason)
        assert till.spent() == 0

    live(story())


def test_a_card_that_has_too_little_pays_what_it_has_and_the_rest_is_paid_otherwise(till: Till) -> None:
    async def story() -> None:
        life = till.life()
        assert life.wallet.left_minor(CODE, "EUR") == 0
        assert (await life.pay(CODE, 5_001)).reason == "wallet.balance"
        assert life.wallet.left_minor(CODE, "EUR") == 5_000
        sale = life.draft(6_000)
        assert (await life.cashier.pay(sale, "wallet", 5_000, CODE)).result is Result.PART
        assert life.wallet.left_minor(CODE, "EUR") == 0
        assert life.cashier.left_minor(sale) == 1_000

    live(story())


def test_a_slice_that_the_hub_has_not_signed_is_nothing(till: Till) -> None:
    till.hub.keys = PaperHub(SoftwareKey.generate(), till._lend).keys

    async def story() -> None:
        assert (await till.life().pay(CODE, 100)).reason == "wallet.later"
        till.disk.purse[SERIAL] = till.hub.answers[0][1]
        till.hub.line = "question lost"
        assert (await till.life().pay(CODE, 100)).reason == "wallet.offline"

    live(story())


def test_after_its_end_a_slice_is_not_spent_and_goes_back(till: Till) -> None:
    async def story() -> None:
        life = till.life()
        till.lent_minor = 1_000
        await life.pay(CODE, 300)
        till.time.days = 1
        till.hub.line = "question lost"
        assert (await life.pay(CODE, 100)).reason == "wallet.offline"
        await life.wallet.tidy()
        end = till.disk.bodies[-1].fact
        assert isinstance(end, PaymentClosed)
        assert (end.attempt, end.amount_minor, end.reason) == (SERIAL, 700, GIVEN_BACK)
        assert till.disk.purse == {}

    live(story())


def test_an_object_that_does_not_know_the_hour_spends_only_what_it_heard_of_in_this_life(till: Till) -> None:
    async def story() -> None:
        till.time.trusted = False
        till.lent_minor = 1_000
        life = till.life()
        assert (await life.pay(CODE, 100)).result is Result.PAID
        till.hub.line = "question lost"
        assert (await life.pay(CODE, 100)).result is Result.PAID
        life.end()
        life = till.life()
        assert (await life.pay(CODE, 100)).reason == "wallet.offline"
        await life.wallet.tidy()  # it may be good for days: nobody gives it back
        till.time.trusted = True
        assert (await life.pay(CODE, 100)).result is Result.PAID

    live(story())


def test_what_was_given_back_is_not_spent_though_the_purse_still_has_it(till: Till) -> None:
    async def story() -> None:
        life = till.life()
        till.lent_minor = 1_000
        await life.pay(CODE, 300)
        purse = dict(till.disk.purse)
        await life.wallet.give_back(SERIAL)
        life.end()
        till.disk.purse |= purse
        life = till.life()
        assert (await life.pay(CODE, 100)).reason == "wallet.later"
        assert till.spent() == 300

    live(story())


def test_a_shopper_who_has_enough_while_the_hub_is_asked_pays_nothing(till: Till) -> None:
    async def story() -> None:
        life = till.life()
        await life.stop_early(CODE, 300, 0.02, leaves=False)
        assert till.spent() == 0
        assert not life.payments.open()

    live(story())


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("commit", [1, 2])
def test_a_power_cut_takes_the_money_with_the_sale_or_not_at_all(till: Till, commit: int, when: Any) -> None:
    async def story() -> None:
        life = till.life((commit, when))
        with pytest.raises(JournalClosedError):
            await life.pay(CODE, 300)
        life.end()
        life = till.life()
        await life.undisturbed()
        assert not life.payments.open()
        is_sold = (commit, when) == (2, "after")
        assert till.spent() == (300 if is_sold else 0)
        assert life.house.out_minor(SERIAL) == till.spent()

    live(story())


@pytest.mark.parametrize("seed", range(25))
def test_no_slice_is_overspent_whatever_is_cut_and_the_tables_say_the_same(seed: int) -> None:
    luck, till = random.Random(seed), Till(balance_minor=3_000)

    async def story() -> None:
        for _ in range(30):
            cut: Cut | None = (
                (luck.randint(1, 6), luck.choice(("before", "after"))) if luck.random() < 0.6 else None
            )
            life = till.life(cut)
            till.hub.line = luck.choice(("good", "good", "question lost", "answer lost"))
            try:
                await life.cashier.recover()
                for _ in range(luck.randint(1, 4)):
                    await _something(life, luck)
            except JournalClosedError:
                pass
            life.end()
            assert till.spent() <= till.lent_minor <= till.balance_minor
            assert till.disk.bodies == [] or _as_tables(till.disk) == till.life().house.uses

    live(story())


async def _something(life: Life, luck: random.Random) -> None:
    amount = luck.randint(1, 900)
    match luck.randrange(5):
        case 0:
            await life.begin_and_leave(CODE, amount, luck.randint(1, 500))
        case 1:
            await life.stop_early(CODE, amount, luck.random() / 8, leaves=luck.random() < 0.5)
        case 2:
            await life.give_back_goods(luck)
        case _:
            await life.pay(CODE, amount)


def _as_tables(disk: Disk) -> dict[str, house.Use]:
    """The book as a start finds it: folded into tables, and loaded from them."""
    db = apsw.Connection(":memory:")
    db.execute(house.schema())
    for body in disk.bodies:
        house.fold(db, body)
    return HouseBook.load(db.execute).uses


def test_a_purse_of_files_keeps_the_last_of_each_slice_and_forgets_what_is_dropped(tmp_path: Path) -> None:
    place = tmp_path / "purse"
    purse = FilePurse(place, "boot-1", keep_file)
    assert [*purse.slices()] == []
    for serial, jws, until_ns in (("A", "a.1.x", 5), ("B-_", "b.1.x", 6), ("A", "a.2.x", 7)):
        purse.keep(serial, jws, Nanoseconds(until_ns))
    (place / "torn.json").write_bytes(b"\xff\xfe")
    (place / "dir.json").mkdir()
    (place / "C.json.part").write_text("cut off")
    kept = [Kept("a.2.x", Nanoseconds(7)), Kept("b.1.x", Nanoseconds(6))]
    assert [*FilePurse(place, "boot-1", keep_file).slices()] == kept
    assert [*FilePurse(place, "boot-2", keep_file).slices()] == [Kept("a.2.x"), Kept("b.1.x")]
    purse.drop("A")
    purse.drop("A")
    assert [each.jws for each in purse.slices()] == ["b.1.x"]


def test_a_process_that_starts_again_on_a_machine_that_did_not_knows_what_it_may_spend(till: Till) -> None:
    till.time.trusted = False
    till.lent_minor = 1_000

    async def story() -> None:
        life = till.life()
        await life.pay(CODE, 100)
        (jws,) = till.disk.purse.values()
        until_ns = life.wallet._held[SERIAL].until_ns
        till.hub.line = "question lost"
        life.end()

        class SameBoot(PaperPurse):
            def slices(self) -> list[Kept]:
                return [Kept(jws, until_ns)]

        life = till.life(purse=SameBoot)
        assert (await life.pay(CODE, 100)).result is Result.PAID
        till.time.days = 1
        assert (await life.pay(CODE, 100)).reason == "wallet.offline"
        await life.wallet.tidy()
        assert life.house.ended == {SERIAL}

    live(story())


def test_an_older_answer_that_comes_later_shrinks_nothing(till: Till) -> None:
    async def story() -> None:
        life = till.life()
        till.lent_minor = 500
        await life.pay(CODE, 100)
        till.lent_minor = 1_000
        await life.pay(CODE, 600)
        old = till.hub.answers[0][1]
        till.hub._lend = lambda _dev, _ask: SliceGiven(old)
        assert (await life.pay(CODE, 301)).reason == "wallet.balance"
        assert (await life.pay(CODE, 300)).result is Result.PAID
        assert till.spent() == 1_000

    live(story())
