"""People of the shop and their PINs: few can be tried, each is in the journal, and no restart forgets it."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import pytest

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.facts import Operator
from edge.checkout.books import Books
from edge.checkout.register import Register
from edge.checkout.sale import Shop
from edge.checkout.staff import (
    LOCK_MS,
    RETURN,
    TRIES,
    VOID,
    Allowed,
    BadStaffListError,
    Cost,
    Denied,
    Member,
    StaffDoor,
    StaffList,
    deed_of,
    hashed,
    read_staff,
)
from proofs.loop import SimulatedLoop
from tests.checkout.purses import Disk, Ledger, Time

QUICK: Final = Cost(1, 1, 1)
SALT: Final = bytes(range(16))
ANNA: Final = "k3Rz8mV1qN6s"
BERT: Final = "p9Wd4xB7cT2h"
WORDS: Final = ("482915", "730164")


def member(badge: str, staff: str, pin: str, *acts: str) -> Member:
    return Member(badge, staff, b64(SALT), hashed(pin, SALT, QUICK), frozenset(acts))


STAFF: Final = StaffList(
    (member("17", ANNA, WORDS[0], RETURN, VOID), member("18", BERT, WORDS[1], RETURN)), QUICK
)


class Shelf:
    """One life of an object with a keypad."""

    def __init__(self, disk: Disk, time: Time) -> None:
        self.disk = disk
        self.ledger = Ledger(disk, time, None)
        self.books = Books()
        for body in disk.bodies:
            self.books.apply(body)
        register = Register(Shop(disk.dev, "floor", "", "UTC"), self.ledger, self.books)
        self.door = StaffDoor(STAFF, register, self.books, time, f"boot{len(disk.bodies)}")

    async def wrong(self, times: int, badge: str = "17") -> list[Allowed | Denied]:
        """Wrong PINs, each after the wait that the one before has cost."""
        answers = []
        for _ in range(times):
            answers.append(await self.door.ask(badge, "000000", VOID))
            await asyncio.sleep(10)
        return answers

    def acts(self) -> list[str]:
        return [body.fact.act for body in self.disk.bodies if isinstance(body.fact, Operator)]


Story = Callable[[Disk, Time], Awaitable[None]]


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Callable[[Story], None]:
    """A story in simulated time; what is hashed in a thread is hashed at once."""

    async def at_once(work: Callable[..., Any], *given: Any) -> Any:
        return work(*given)

    monkeypatch.setattr("edge.checkout.staff.asyncio.to_thread", at_once)

    def run(story: Story) -> None:
        async def told() -> None:
            await story(Disk("mirror-1"), Time())

        SimulatedLoop().live(told())

    return run


def test_a_right_pin_lets_its_owner_do_what_is_theirs(live: Callable[[Story], None]) -> None:
    async def story(disk: Disk, time: Time) -> None:
        door = Shelf(disk, time).door
        assert await door.ask("17", WORDS[0], VOID) == Allowed(ANNA, VOID)
        assert await door.ask("18", WORDS[1], VOID) is Denied.NOT_THIS
        assert await door.ask("18", WORDS[1], RETURN) == Allowed(BERT, RETURN)
        assert disk.bodies == []  # who comes in leaves the entry of the deed itself

    live(story)


@pytest.mark.parametrize("pin", ["000000", "", "48291", "4829155", "48291५", "482915 ", "4829-5", WORDS[1]])
def test_any_other_pin_does_not(live: Callable[[Story], None], pin: str) -> None:
    async def story(disk: Disk, time: Time) -> None:
        assert await Shelf(disk, time).door.ask("17", pin, VOID) is Denied.WRONG

    live(story)


def test_wrong_pins_slow_down_and_the_fifth_locks_with_an_entry(live: Callable[[Story], None]) -> None:
    async def story(disk: Disk, time: Time) -> None:
        shelf = Shelf(disk, time)
        assert await shelf.door.ask("17", "000000", VOID) is Denied.WRONG
        assert await shelf.door.ask("17", "000001", VOID) is Denied.WRONG
        assert await shelf.door.ask("17", WORDS[0], VOID) is Denied.WAIT  # not even the right one
        assert await shelf.door.ask("18", WORDS[1], RETURN) is Denied.WAIT  # and no other badge
        await asyncio.sleep(10)
        assert await shelf.wrong(TRIES - 2) == [Denied.WRONG, Denied.WRONG, Denied.LOCKED]
        assert shelf.acts() == ["pin.wrong"] * TRIES + ["pin.locked"]
        assert await shelf.door.ask("17", WORDS[0], VOID) is Denied.LOCKED
        assert await shelf.door.ask("18", WORDS[1], RETURN) == Allowed(BERT, RETURN)
        await asyncio.sleep(LOCK_MS / 1_000)
        assert await shelf.door.ask("17", WORDS[0], VOID) == Allowed(ANNA, VOID)

    live(story)


def test_after_a_lock_one_wrong_pin_locks_again(live: Callable[[Story], None]) -> None:
    async def story(disk: Disk, time: Time) -> None:
        shelf = Shelf(disk, time)
        await shelf.wrong(TRIES)
        await asyncio.sleep(LOCK_MS / 1_000)
        assert await shelf.wrong(1) == [Denied.LOCKED]
        assert await shelf.door.ask("17", WORDS[0], VOID) is Denied.LOCKED

    live(story)


def test_no_restart_forgets_wrong_pins(live: Callable[[Story], None]) -> None:
    async def story(disk: Disk, time: Time) -> None:
        answers = []
        for _ in range(TRIES):
            answers += await Shelf(disk, time).wrong(1)
        assert answers == [Denied.WRONG] * (TRIES - 1) + [Denied.LOCKED]
        again = Shelf(disk, time)
        assert await again.door.ask("17", WORDS[0], VOID) is Denied.LOCKED
        await asyncio.sleep(LOCK_MS / 1_000)
        assert await again.door.ask("17", WORDS[0], VOID) == Allowed(ANNA, VOID)

    live(story)


def test_a_clock_that_jumps_ends_no_lock(live: Callable[[Story], None]) -> None:
    async def story(disk: Disk, time: Time) -> None:
        shelf = Shelf(disk, time)
        await shelf.wrong(TRIES)
        wall_ms = time.wall_ms
        time.wall_ms = lambda: wall_ms() + 86_400_000  # type: ignore[method-assign]
        assert await shelf.door.ask("17", WORDS[0], VOID) is Denied.LOCKED

    live(story)


def test_what_somebody_does_ends_the_row_of_wrong_pins(live: Callable[[Story], None]) -> None:
    async def story(disk: Disk, time: Time) -> None:
        shelf = Shelf(disk, time)
        await shelf.wrong(TRIES - 1)
        allowed = await shelf.door.ask("17", WORDS[0], VOID)
        assert isinstance(allowed, Allowed)
        deed, idem = deed_of(allowed, "sale-00000000001", "sale-00000000001-1")
        written = await shelf.ledger.append(deed, idem)
        assert (deed.staff, deed.act, deed.about) == (ANNA, VOID, "sale-00000000001")
        assert written.body.idem == "operator/sale-00000000001-1/k3Rz8mV1qN6s/sale.void"
        assert Shelf(disk, time).books.wrong_pins == {}

    live(story)


def test_whoever_tries_badge_after_badge_is_slowed_down_too(live: Callable[[Story], None]) -> None:
    async def story(disk: Disk, time: Time) -> None:
        shelf = Shelf(disk, time)
        for badge in range(100, 110):
            assert await shelf.wrong(1, str(badge)) == [Denied.WRONG]
        assert await shelf.wrong(1, "999") == [Denied.WAIT]
        assert disk.bodies == []  # nobody's badge: there is no pseudonym to write

    live(story)


def test_a_badge_that_nobody_has_costs_as_much_as_one_that_somebody_has(
    live: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[tuple[Any, ...]] = []

    def verified(*given: Any) -> bool:
        tried.append(given)
        return True

    monkeypatch.setattr("edge.checkout.staff._verified", verified)

    async def story(disk: Disk, time: Time) -> None:
        door = Shelf(disk, time).door
        assert await door.ask("99", "482915", VOID) is Denied.WRONG
        await asyncio.sleep(10)
        assert await door.ask("17", "no PIN", VOID) is Denied.WRONG
        assert [cost for cost, *_ in tried] == [QUICK, QUICK]

    live(story)


def test_who_is_no_longer_on_the_list_is_nobody(live: Callable[[Story], None]) -> None:
    async def story(disk: Disk, time: Time) -> None:
        door = Shelf(disk, time).door
        door.take(StaffList(STAFF.members[1:], QUICK))
        assert await door.ask("17", WORDS[0], VOID) is Denied.WRONG

    live(story)


def test_a_list_of_staff_is_read_as_it_was_written_and_no_other_is() -> None:
    data = msgspec.json.encode(STAFF)
    assert read_staff(data) == STAFF
    assert WORDS[0].encode() not in data
    one = STAFF.members[0]
    changes: tuple[dict[str, Any], ...] = (
        {"badge": "x1"},
        {"staff": "Anna Müller"},
        {"pin": "short"},
        {"salt": ""},
    )
    for change in changes:
        broken = StaffList((msgspec.structs.replace(one, **change),), QUICK)
        with pytest.raises(BadStaffListError):
            read_staff(msgspec.json.encode(broken))
    for twice in ((one, one), (one, msgspec.structs.replace(one, badge="19"))):
        with pytest.raises(BadStaffListError):
            read_staff(msgspec.json.encode(StaffList(twice, QUICK)))
    for text in (b"", b"[]", b'{"name":"Anna"}', b'{"cost":{"log2_n":30}}'):
        with pytest.raises(BadStaffListError):
            read_staff(text)


@pytest.mark.parametrize("pin", ["12345", "1234567890123", "12345a", ""])
def test_only_six_to_twelve_digits_are_a_pin(pin: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        hashed(pin, SALT, QUICK)
    with pytest.raises(ValueError, match="salt"):
        hashed("123456", SALT[:8], QUICK)


def test_the_hash_is_that_of_rfc_7914() -> None:
    # Another implementation of scrypt (OpenSSL's through hashlib) comes to the same.
    theirs = hashlib.scrypt(b"482915", salt=SALT, n=2**14, r=8, p=5, maxmem=64 * 2**20, dklen=32)
    assert hashed("482915", SALT, Cost()) == b64(theirs)
