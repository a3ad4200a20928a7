"""Paying at the desk: no money is assumed, none that was taken is lost, and a code outlives a power cut."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import apsw
import pytest

from cloud_sync.contract.facts import Operator, Sale
from edge.checkout.books import Books
from edge.checkout.payments import house
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.cashier import Cashier, Ended, Result
from edge.checkout.payments.desk import LIFE_S, Confirmed, Desk, code_of
from edge.checkout.payments.givingback import GivingBack
from edge.checkout.payments.house import HouseBook
from edge.checkout.register import Register
from edge.checkout.sale import Shop
from edge.offline_queue.outcomes import JournalClosedError
from proofs.loop import SimulatedLoop
from tests.checkout.purses import Cut, Disk, Ledger, Time, draft, giving

STAFF = "s7Kx2mQ9vR4t"
TOTAL_MINOR = 1_190


class Counter:
    """One life of an object beside a desk."""

    def __init__(self, disk: Disk, time: Time, cut: Cut | None = None) -> None:
        self.disk = disk
        self.ledger = Ledger(disk, time, cut)
        self.payments, self.house, books = PaymentBook(), HouseBook(), Books()
        for body in disk.bodies:
            self.payments.apply(body)
            self.house.apply(body)
            books.apply(body)
        self.register = Register(Shop(disk.dev, "floor", "a7Kx2mQ9vR4t", "UTC"), self.ledger, books)
        self.desk = Desk(self.payments, self.house, self.register, time)
        self.cashier = Cashier(
            self.register,
            self.payments,
            {"desk": self.desk},
            time,
            lambda: f"attempt-{next(disk.attempts):09d}",
        )
        self.desk.on_confirmed = self.cashier.told
        self.ended: list[Ended] = []
        self.cashier.on_ended = self.ended.append
        self.giving = asyncio.ensure_future(giving(GivingBack(self.cashier, self.register, time)))

    def pays(self, amount_minor: int = TOTAL_MINOR, sale: str = "sale-00000000001") -> asyncio.Task[Ended]:
        return asyncio.ensure_future(self.cashier.pay(draft(sale, TOTAL_MINOR), "desk", amount_minor))

    async def code(self) -> str:
        """What the glass shows by now."""
        await asyncio.sleep(1)
        (waits,) = self.desk.to_take()
        return waits.code

    def facts(self) -> list[Any]:
        return [body.fact for body in self.disk.bodies]

    def end(self) -> None:
        self.ledger.dead = True
        self.giving.cancel()


Story = Callable[[Disk, Time], Coroutine[Any, Any, None]]


def live(story: Story) -> None:
    SimulatedLoop().live(story(Disk("mirror-1"), Time()))


def test_what_the_desk_confirms_is_paid_and_it_says_who_took_it() -> None:
    async def story(disk: Disk, time: Time) -> None:
        counter = Counter(disk, time)
        paying = counter.pays()
        code = await counter.code()
        await asyncio.sleep(200)
        assert not paying.done()
        assert await counter.desk.confirm(code, STAFF, TOTAL_MINOR) is Confirmed.DONE
        ended = await paying
        assert ended.result is Result.PAID
        deed, sale = counter.facts()[-2:]
        assert (deed.staff, deed.act, deed.about) == (STAFF, "desk.cash", counter.facts()[0].attempt)
        assert sale.postings[0].account == "settlement/desk"
        assert counter.desk.to_take() == ()
        assert [each.amount_minor for each in await counter.desk.taken()] == [TOTAL_MINOR]

    live(story)


def test_a_cheque_is_a_cheque_and_a_code_is_read_as_people_write_it() -> None:
    async def story(disk: Disk, time: Time) -> None:
        counter = Counter(disk, time)
        paying = counter.pays()
        code = await counter.code()
        typed = f" {code[:3].lower()}-{code[3:]} ".replace("0", "o").replace("1", "l")
        assert await counter.desk.confirm(typed, STAFF, TOTAL_MINOR, "cheque") is Confirmed.DONE
        assert (await paying).result is Result.PAID
        assert counter.facts()[-2].act == "desk.cheque"

    live(story)


@pytest.mark.parametrize(
    ("code", "taken_minor", "outcome"),
    [
        ("", TOTAL_MINOR - 1, Confirmed.OTHER_AMOUNT),
        ("", TOTAL_MINOR + 1, Confirmed.OTHER_AMOUNT),
        ("", 0, Confirmed.OTHER_AMOUNT),
        ("000000", TOTAL_MINOR, Confirmed.NO_SUCH_CODE),
    ],
)
def test_a_word_that_does_not_fit_is_not_money(code: str, taken_minor: int, outcome: Confirmed) -> None:
    async def story(disk: Disk, time: Time) -> None:
        counter = Counter(disk, time)
        paying = counter.pays()
        shown = await counter.code()
        before = len(disk.bodies)
        assert await counter.desk.confirm(code or shown, STAFF, taken_minor) is outcome
        assert len(disk.bodies) == before
        assert (await paying).result is Result.CANCELLED

    live(story)


def test_a_reservation_ends_by_itself_and_money_for_it_is_not_taken_any_more() -> None:
    async def story(disk: Disk, time: Time) -> None:
        counter = Counter(disk, time)
        paying = counter.pays()
        code = await counter.code()
        await asyncio.sleep(LIFE_S + 30)
        assert (await paying).result is Result.CANCELLED
        assert await counter.desk.confirm(code, STAFF, TOTAL_MINOR) is Confirmed.NO_SUCH_CODE
        assert not any(isinstance(fact, Operator | Sale) for fact in counter.facts())

    live(story)


def test_who_says_it_twice_has_said_it_once() -> None:
    async def story(disk: Disk, time: Time) -> None:
        counter = Counter(disk, time)
        paying = counter.pays()
        code = await counter.code()
        words = (counter.desk.confirm(code, STAFF, TOTAL_MINOR) for _ in range(3))
        said = await asyncio.gather(*words)
        assert said[0] is Confirmed.DONE
        assert set(said[1:]) <= {Confirmed.ALREADY, Confirmed.NO_SUCH_CODE}
        assert (await paying).result is Result.PAID
        assert sum(isinstance(fact, Operator) for fact in counter.facts()) == 1

    live(story)


@pytest.mark.parametrize("tenths", range(8))
def test_a_shopper_who_turns_back_while_the_desk_confirms_is_told_one_thing(tenths: int) -> None:
    async def story(disk: Disk, time: Time) -> None:
        counter = Counter(disk, time)
        paying = counter.pays()
        code = await counter.code()
        confirming = asyncio.ensure_future(counter.desk.confirm(code, STAFF, TOTAL_MINOR))
        await asyncio.sleep(tenths / 4_000)
        counter.cashier.stop("sale-00000000001")
        said, ended = await confirming, await paying
        assert (said, ended.result) in {
            (Confirmed.DONE, Result.PAID),
            (Confirmed.NO_SUCH_CODE, Result.CANCELLED),
        }

    live(story)


def test_two_who_wait_under_one_code_are_not_taken_for_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.checkout.payments.desk.code_of", lambda _key: "SAME00")

    async def story(disk: Disk, time: Time) -> None:
        counter = Counter(disk, time)
        both = [counter.pays(), counter.pays(sale="sale-00000000002")]
        await asyncio.sleep(1)
        assert await counter.desk.confirm("SAME00", STAFF, TOTAL_MINOR) is Confirmed.TWO_ALIKE
        assert {(await paying).result for paying in both} == {Result.CANCELLED}

    live(story)


def test_after_a_power_cut_the_same_code_waits_for_the_same_money() -> None:
    async def story(disk: Disk, time: Time) -> None:
        counter = Counter(disk, time)
        counter.pays()
        code = await counter.code()
        counter.end()
        counter = Counter(disk, time)
        recovering = asyncio.ensure_future(counter.cashier.recover())
        assert await counter.code() == code
        assert await counter.desk.confirm(code, STAFF, TOTAL_MINOR) is Confirmed.DONE
        await recovering
        assert [ended.result for ended in counter.ended] == [Result.PAID]

    live(story)


def test_after_a_long_power_cut_the_shopper_is_gone() -> None:
    async def story(disk: Disk, time: Time) -> None:
        counter = Counter(disk, time)
        counter.pays()
        code = await counter.code()
        counter.end()
        time.days = 1
        counter = Counter(disk, time)
        assert counter.desk.to_take() == ()
        assert await counter.desk.confirm(code, STAFF, TOTAL_MINOR) is Confirmed.NO_SUCH_CODE
        await counter.cashier.recover()
        assert [ended.result for ended in counter.ended] == [Result.CANCELLED]

    live(story)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("commit", [2, 3])
def test_money_that_the_desk_took_outlives_a_power_cut_at_any_commit(commit: int, when: Any) -> None:
    async def story(disk: Disk, time: Time) -> None:
        counter = Counter(disk, time, (commit, when))
        paying = counter.pays()
        code = await counter.code()
        is_said = (commit, when) != (2, "before")
        said = await asyncio.gather(
            counter.desk.confirm(code, STAFF, TOTAL_MINOR), paying, return_exceptions=True
        )
        assert JournalClosedError in {type(each) for each in said}
        counter.end()
        counter = Counter(disk, time)
        await counter.cashier.recover()
        assert sum(isinstance(fact, Sale) for fact in counter.facts()) == (1 if is_said else 0)
        assert any(isinstance(fact, Operator) for fact in counter.facts()) == is_said
        assert not counter.payments.open()

    live(story)


def test_what_was_paid_in_part_goes_back_over_the_desk_once_somebody_has_handed_it_out() -> None:
    async def story(disk: Disk, time: Time) -> None:
        counter = Counter(disk, time)
        paying = counter.pays(500)
        assert await counter.desk.confirm(await counter.code(), STAFF, 500) is Confirmed.DONE
        assert (await paying).result is Result.PART
        await counter.cashier.give_up("sale-00000000001", "left")
        await asyncio.sleep(60)
        assert counter.payments.dues()
        (waits,) = counter.desk.to_hand_out()
        assert (waits.amount_minor, waits.currency) == (500, "EUR")
        assert await counter.desk.hand_out(waits.code, STAFF, 400) is Confirmed.OTHER_AMOUNT
        assert await counter.desk.hand_out(waits.code, STAFF, 500) is Confirmed.DONE
        assert await counter.desk.hand_out(waits.code, STAFF, 500) is Confirmed.ALREADY
        assert counter.desk.to_hand_out() == ()
        counter.end()
        counter = Counter(disk, time)
        await asyncio.sleep(10)
        assert not counter.payments.dues()
        assert _as_tables(disk).handed == counter.house.handed != set()
        assert _as_tables(disk).came == counter.house.came != set()

    live(story)


def test_a_code_is_six_letters_that_nobody_misreads_and_depends_on_the_attempt_alone() -> None:
    codes = {code_of(f"attempt-{number:09d}") for number in range(2_000)}
    assert len(codes) == 2_000
    assert all(len(code) == 6 and not set(code) & set("ILOU") for code in codes)
    assert code_of("attempt-000000000") == code_of("attempt-000000000")


def _as_tables(disk: Disk) -> HouseBook:
    db = apsw.Connection(":memory:")
    db.execute(house.schema())
    for body in disk.bodies:
        house.fold(db, body)
    return HouseBook.load(db.execute)
