"""Between selling and training: a person's word, what it waits for, and what a training begins with."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud_sync.contract.entry import BODY_BYTES_MAX
from cloud_sync.contract.facts import Arrived, PaymentClosed, PaymentIntent, Posting
from edge.checkout.books import Books
from edge.config import ObjectConfig, load
from edge.offline_queue.outcomes import Appended
from edge.offline_queue.pen import Order
from edge.runtime import training as room
from edge.runtime.opening import StartError
from edge.runtime.training import (
    Doorman,
    Opening,
    TrainingWord,
    at_work,
    opening_of,
    write_opening,
)
from edge.training import Training, prepare, training_of
from retail.custody import TRANSIT, Move
from retail.pricing.book import Version
from tests.checkout.pay_shop import PayShop
from tests.checkout.till_hand import COFFEE, SWEATER, item
from tests.object.test_config import GOOD, write


@pytest.fixture
def config(tmp_path: Path) -> ObjectConfig:
    made = load(write(tmp_path, GOOD))
    made.documents.mkdir(parents=True)
    return made


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[PayShop]:
    made = PayShop(tmp_path / "till.db")
    yield made
    made.close()


def test_a_word_counts_until_it_is_taken_back_and_the_next_one_is_another(config: ObjectConfig) -> None:
    word = TrainingWord(config)
    assert (word.wanted, word.has_begun) == (b"", False)
    word.say()
    first = word.wanted
    word.say()
    assert (word.wanted, word.has_begun) == (first, False), "said twice is said once, and begins nothing"
    word.begin(first)
    assert word.has_begun
    word.take_back()
    word.take_back()
    assert (word.wanted, word.has_begun) == (b"", False)
    word.say()
    assert not word.has_begun, "what had begun under another word is over"


class Door:
    """A doorman who is watched for a few looks."""

    def __init__(self, config: ObjectConfig, shop: PayShop) -> None:
        self.left = 0
        self.word = TrainingWord(config)
        self.doorman = Doorman(config, shop.till, shop.book, self._leave)

    def looks(self) -> str:
        """What is so after a few looks."""

        async def watched() -> None:
            watching = asyncio.ensure_future(self.doorman.watch())
            while not (self.left or self.doorman.standing.startswith("refused") or self._waited()):
                await asyncio.sleep(0.001)
            watching.cancel()

        self._turns = 0
        asyncio.run(watched())
        return self.doorman.standing

    def _waited(self) -> bool:
        self._turns += 1
        return self._turns > 30 and self.doorman.standing != "yes"

    def _leave(self) -> None:
        self.left += 1


@pytest.fixture
def door(config: ObjectConfig, shop: PayShop, monkeypatch: pytest.MonkeyPatch) -> Door:
    monkeypatch.setattr(room, "_LOOK_S", 0.001)
    return Door(config, shop)


def test_nobody_trains_unless_somebody_wants_it(door: Door) -> None:
    assert (door.looks(), door.left, door.word.has_begun) == ("off", 0, False)


def test_an_object_that_is_quiet_goes_over_at_once_and_sells_nothing_more(door: Door, shop: PayShop) -> None:
    door.word.say()
    door.looks()
    assert (door.left, door.word.has_begun) == (1, True)
    assert shop.state.trouble == "ledger"


def _open_attempt(shop: PayShop) -> None:
    _write(shop, PaymentIntent("s1", "attempt-1", "zvt", 100, "EUR"), "intent/attempt-1")


def _money_due(shop: PayShop) -> None:
    _open_attempt(shop)
    back = (Posting("settlement/zvt", 100, "EUR"), Posting("refund-due", -100, "EUR"))
    closed = PaymentClosed("s1", "attempt-1", "zvt", "refund-due", 100, "EUR", postings=back)
    _write(shop, closed, "due/attempt-1")


def _write(shop: PayShop, fact: Any, idem: str) -> None:
    (written,) = shop._pen.write([Order(fact, idem)])
    assert isinstance(written, Appended)
    shop.book.apply(written.body)


@pytest.mark.parametrize(("hangs", "standing"), [(_open_attempt, "paying"), (_money_due, "money-due")])
def test_money_that_hangs_is_waited_for(door: Door, shop: PayShop, hangs: Any, standing: str) -> None:
    hangs(shop)
    door.word.say()
    assert (door.looks(), door.left, door.word.has_begun) == (standing, 0, False)


def test_a_shopper_who_comes_while_the_room_is_made_is_served(
    door: Door, shop: PayShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_room = room._make_room

    def slowly(*about: Any) -> None:
        make_room(*about)
        _open_attempt(shop)

    monkeypatch.setattr(room, "_make_room", slowly)
    door.word.say()
    assert (door.looks(), door.left, door.word.has_begun) == ("paying", 0, False)


def test_a_word_that_cannot_be_followed_is_said_once(door: Door, config: ObjectConfig) -> None:
    (config.data_dir / "training").symlink_to(config.documents)
    door.word.say()
    assert "refused: " in door.looks()
    door.word.take_back()
    assert door.doorman.standing == "off"


def test_while_it_trains_nobody_else_writes_the_real_ledger(config: ObjectConfig) -> None:
    word = TrainingWord(config)
    with at_work(config) as training:
        assert training is None
    word.say()
    prepare(config)
    word.begin(word.wanted)
    with at_work(config) as training:
        assert training is not None
        with ExitStack() as other, pytest.raises(StartError, match="stop the object first"):
            other.enter_context(at_work(config))


LOTS = [item(SWEATER, serial) for serial in range(1, 452)]
OPENING = Opening(
    {"prices": (Version(1, 7), "ab" * 32)},
    dict.fromkeys(LOTS, SWEATER),
    {SWEATER: len(LOTS), COFFEE: 12, "04012345678901": -3},
)


class Ink:
    """A journal on paper: what is written twice is written once."""

    def __init__(self, shop: PayShop) -> None:
        self._pen = shop._pen
        self.facts: list[Any] = []

    head = 0
    epoch = ""

    async def append(self, fact: Any, idem: str) -> Appended:
        (written,) = self._pen.write([Order(fact, idem)])
        assert isinstance(written, Appended)
        assert len(msgspec.json.encode(written.body)) < BODY_BYTES_MAX
        self.facts.append(fact)
        return written


def test_a_training_begins_with_the_goods_as_they_are_however_often_it_starts(
    config: ObjectConfig, shop: PayShop
) -> None:
    training: Training = training_of(config)
    prepare(config)
    (training.config.data_dir / "opening.json").write_bytes(msgspec.json.encode(OPENING))
    ink, books = Ink(shop), Books()
    for _ in range(2):
        asyncio.run(write_opening(training, shop._shop, ink, books))
    holder = shop._shop.object
    assert books.documents == OPENING.documents
    assert set(books.at(holder)) == set(LOTS)
    assert books.units(holder) == {SWEATER: len(LOTS), COFFEE: 12}
    moves = [move for fact in ink.facts if isinstance(fact, Arrived) for move in fact.moves]
    assert sum(Counter(move.gtin for move in moves).values()) == 2 * 4, "three lots with tags, one without"


def test_what_an_object_has_now_is_what_its_training_begins_with(config: ObjectConfig) -> None:
    books, here = Books(), config.object.id
    books._move([Move(COFFEE, TRANSIT, here, 3), Move(COFFEE, TRANSIT, "floor", 9)])
    books.documents = {"prices": (Version(1, 7), "ab"), "deliveries": (Version(1, 2), "cd")}
    opening = opening_of(books, config)
    assert (opening.units, list(opening.documents)) == ({COFFEE: 3}, ["prices"])
