"""Whether an object sells or trains: a person's word on the disk, and the change between two shoppers.

`opos object training on` leaves a word in the data directory. The runtime that sells looks for it; once
nobody is in front of the object and no money hangs, it makes the room for training, writes down that it has
begun under this very word, and ends. What starts then trains, after a power cut too, until the word is gone.
"""

import asyncio
import contextlib
import logging
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.documents import DELIVERIES
from cloud_sync.contract.facts import Arrived, DocumentApplied, Fact
from edge.checkout.books import Books
from edge.checkout.payments.book import PaymentBook
from edge.checkout.ports import Ledger
from edge.checkout.sale import Shop
from edge.checkout.till import Till
from edge.config import ObjectConfig
from edge.identity import keep_file
from edge.keys import KeyUnusableError, make_key
from edge.offline_queue.ledger import locked
from edge.offline_queue.outcomes import JournalClosedError, Recorded
from edge.runtime.opening import StartError
from edge.training import Entering, NotApartError, Training, check_real, may_enter, prepare, training_of
from retail.custody import TRANSIT, Move
from retail.pricing.book import Version

_log: Final = logging.getLogger("opos.training")

_WORD: Final = "training-on"
_BEGUN: Final = "begun"
_OPENING: Final = "opening.json"

# Two words are told apart by chance alone once in 2^64 times.
_WORD_BYTES: Final = 8

_LOOK_S: Final = 0.5

# An entry has 32 KiB: two hundred tags of 60 characters, or so many kinds of goods, take half of it.
_TAGS_AN_ENTRY: Final = 200


class Opening(msgspec.Struct, frozen=True):
    """What an object has when its training begins: documents, its own items, and units of goods there."""

    documents: dict[str, tuple[Version, str]]
    items: dict[str, str]
    """EPC -> GTIN."""
    units: dict[str, int]
    """GTIN -> units, those with a tag among them."""


class TrainingWord:
    """A person's word that the object of `config`, which is no training's, is to train."""

    def __init__(self, config: ObjectConfig) -> None:
        self._path = config.data_dir / _WORD
        self._begun = config.data_dir / "training" / _BEGUN

    @property
    def wanted(self) -> bytes:
        """The word; nothing where nobody has said it."""
        return _read(self._path)

    @property
    def has_begun(self) -> bool:
        """Whether the training of this word has begun and is not over."""
        return _read(self._begun) == self.wanted != b""

    def say(self) -> None:
        """Have it train from the next quiet moment on. Raises OSError."""
        if not self.wanted:
            keep_file(self._path, secrets.token_hex(_WORD_BYTES).encode())

    def take_back(self) -> None:
        """Have it sell again. Raises OSError."""
        self._path.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

    def begin(self, word: bytes) -> None:
        """The room is made: from here on it trains. Raises OSError."""
        keep_file(self._begun, word)


def _read(path: Path) -> bytes:
    """What a file holds; nothing where it is not there, or cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


class Doorman:
    """Stands between selling and training: `await watch()` beside the rest; `leave` ends this life.

    `is_training` says in which of them the object is.
    """

    def __init__(
        self, config: ObjectConfig, till: Till, payments: PaymentBook, leave: Callable[[], None]
    ) -> None:
        self._config = config
        self._till = till
        self._payments = payments
        self._leave = leave
        self._word = TrainingWord(config)
        self._refused = (b"", "")
        """A word by which nobody can train here, and why."""

    @property
    def standing(self) -> str:
        """`off`, or what the word waits for."""
        word = self._word.wanted
        if not word:
            return "off"
        if word == self._refused[0]:
            return f"refused: {self._refused[1]}"
        return may_enter(self._till.state, self._payments).value

    async def watch(self) -> None:
        """Go over to training once somebody wants it, and nobody is there whom it would trouble."""
        while True:
            await asyncio.sleep(_LOOK_S)
            word = self._word.wanted
            if not word or word == self._refused[0] or not self._is_quiet:
                continue
            try:
                await asyncio.to_thread(_make_room, self._config, opening_of(self._till.books, self._config))
                self._go(word)
            except (NotApartError, KeyUnusableError, OSError) as error:
                _log.error("no training: %s", error)
                self._refused = (word, str(error))

    @property
    def _is_quiet(self) -> bool:
        return may_enter(self._till.state, self._payments) is Entering.YES

    def _go(self, word: bytes) -> None:
        """Nothing is awaited between the last look and the word on the disk: no shopper comes between."""
        if self._is_quiet and self._word.wanted == word:
            self._word.begin(word)
            self._till.over()
            self._leave()


class Trainer:
    """What a runtime in training does besides: it ends as soon as the word is gone."""

    def __init__(self, real: ObjectConfig, leave: Callable[[], None]) -> None:
        self._word = TrainingWord(real)
        self._leave = leave

    @property
    def standing(self) -> str:
        """It trains."""
        return "on"

    async def watch(self) -> None:
        """Nothing that is rehearsed is waited for."""
        while self._word.has_begun:
            await asyncio.sleep(_LOOK_S)
        self._leave()


def check_may_sell(config: ObjectConfig) -> None:
    """Raise StartError if a real object bears a name that only training may have."""
    try:
        check_real(config)
    except NotApartError as error:
        raise StartError(str(error)) from error


@contextlib.contextmanager
def at_work(config: ObjectConfig) -> Iterator[Training | None]:
    """The training that the object of `config` is in; None if it sells.

    While it trains nobody writes its ledger, and whoever wants to finds that the object runs. Raises
    StartError.
    """
    if not TrainingWord(config).has_begun:
        yield None
        return
    with contextlib.ExitStack() as held:
        try:
            training = training_of(config)
            held.enter_context(locked(config.ledger))
        except (NotApartError, JournalClosedError, OSError) as error:
            raise StartError(f"no training: {error}") from error
        yield training


def end_training(config: ObjectConfig, why: str) -> None:
    """The training cannot go on: the object sells again. Raises OSError."""
    _log.error("the training is over: %s", why)
    TrainingWord(config).take_back()


def opening_of(books: Books, config: ObjectConfig) -> Opening:
    """What the object has now. What it was delivered is in its books; it is not counted twice."""
    holder = config.object.id
    documents = {name: known for name, known in books.documents.items() if name != DELIVERIES}
    return Opening(documents, books.at(holder), books.units(holder))


def _make_room(config: ObjectConfig, opening: Opening) -> None:
    """Everything that training works by. Raises NotApartError, KeyUnusableError, OSError."""
    made = prepare(config)
    keep_file(made.config.data_dir / _OPENING, msgspec.json.encode(opening))
    make_key(made.config)


async def write_opening(training: Training, shop: Shop, ledger: Ledger, books: Books) -> None:
    """Write down what the object had when its training began: once, however often it starts.

    Raises JournalClosedError, and StartError where nobody can read any more what that was.
    """
    path = training.config.data_dir / _OPENING
    try:
        opening = msgspec.json.decode(await asyncio.to_thread(path.read_bytes), type=Opening)
    except (OSError, ValueError) as error:
        raise StartError(f"{path}: {error}") from error
    for fact, idem in _facts(opening, shop.object):
        written = await ledger.append(fact, idem)
        if written.recorded is Recorded.NOW:
            books.apply(written.body)


def _facts(opening: Opening, holder: str) -> Iterator[tuple[Fact, str]]:
    for name, (version, sha256) in sorted(opening.documents.items()):
        yield DocumentApplied(name, version, sha256), f"document/{name}/{version.generation}/{version.n}"
    for number, (units, epcs) in enumerate(_lots(opening)):
        moves = tuple(Move(gtin, TRANSIT, holder, count) for gtin, count in units.items())
        transfer = f"training-{number}"
        yield Arrived(transfer, moves, epcs), f"transfer/{transfer}"


def _lots(opening: Opening) -> Iterator[tuple[dict[str, int], tuple[str, ...]]]:
    """The goods in parts that fit an entry: units by GTIN, and the tags on some of them."""
    tagged = sorted(opening.items.items())
    for at in range(0, len(tagged), _TAGS_AN_ENTRY):
        lot = tagged[at : at + _TAGS_AN_ENTRY]
        yield dict(Counter(gtin for _, gtin in lot)), tuple(epc for epc, _ in lot)
    with_tags = Counter(opening.items.values())
    loose = [(gtin, units - with_tags[gtin]) for gtin, units in sorted(opening.units.items())]
    rest = [(gtin, units) for gtin, units in loose if units > 0]
    for at in range(0, len(rest), _TAGS_AN_ENTRY):
        yield dict(rest[at : at + _TAGS_AN_ENTRY]), ()
