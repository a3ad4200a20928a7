"""Training: an object that sells nothing. Its own ledger, key and epoch, and money that is only rehearsed.

It can never touch what is real, for four reasons that do not depend on each other: it writes in a directory
of its own; its name in every entry ends in `.training`, so that no ledger and no hub takes one of its entries
for another's; its ways to pay are rehearsals that own no port; and its configuration names no broker, no hub
and no terminal.
"""

import asyncio
import os
import shutil
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.documents import PRICES, PROMOTIONS
from cloud_sync.contract.entry import Body
from cloud_sync.contract.training import SUFFIX, is_in_training
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.provider import Attempt, Capabilities, Provider, Said, Shows, Taken
from edge.checkout.state import Stage, State
from edge.config import AccountSection, DeskSection, ObjectConfig, PlainKeySection, TlsFiles, Trust
from edge.readings import Nanoseconds
from retail.tender import Outcome

_DIRECTORY: Final = "training"
_ACCOUNT: Final = "training0000"

# A name that nobody can register (RFC 6761, 6.4): it leads to no machine.
_NOWHERE: Final = "training.invalid"

_SECOND_NS: Final = 1_000_000_000

_HALF_MADE: Final = ".part"

_ALONE: Final = frozenset({Stage.IDLE, Stage.UNPAIRED})

# The doors are closed by the shop itself: nobody is here, and nothing is wrong.
_DOORS: Final = "doors"

# So long a rehearsed payment takes: whoever trains sees the screen, and can cancel.
REHEARSED_S: Final = 3.0

# Documents, their bound books and pictures. Of deliveries there is none: the goods are counted as they are
# now (`edge.runtime.training`).
_COPIED: Final = (f"{PRICES}-*.json", f"{PROMOTIONS}-*.json", "catalogue-*", "pictures/*")

_PATHS: Final = (
    *("data_dir", "ledger", "key", "ballast", "telemetry", "documents", "keyring", "certificate"),
    *("purse", "bookmark"),
)


class NotApartError(Exception):
    """Training would reach what is real: what it is, and where."""


class Entering(Enum):
    """Whether somebody may train now."""

    YES = "yes"
    OPEN_BASKET = "open-basket"  # goods are there, or in a hand
    PAYING = "paying"  # a payment is under way, or a part of one, or nobody knows
    MONEY_DUE = "money-due"  # money has to go back to a shopper: it is on its way


class Training(msgspec.Struct, frozen=True):
    """An object while it trains: all that it works by, apart from what is real."""

    config: ObjectConfig


def is_training(body: Body) -> bool:
    """Whether an entry was written in training: its receipt is none, and says so."""
    return is_in_training(body.dev)


def may_enter(state: State, payments: PaymentBook) -> Entering:
    """Whether the till is empty and no payment hangs: nobody's basket is ever changed for a rehearsal."""
    if payments.open() or payments.unfinished():
        return Entering.PAYING
    closed = state.stage is Stage.OUT_OF_SERVICE and state.trouble == _DOORS
    if not (state.stage in _ALONE or closed) or state.lines:
        return Entering.OPEN_BASKET
    return Entering.MONEY_DUE if payments.dues() else Entering.YES


def training_of(real: ObjectConfig) -> Training:
    """The same object in training. Raises NotApartError."""
    check_real(real)
    directory = real.data_dir / _DIRECTORY
    names = tuple(each.name for each in real.tenders)
    config = msgspec.structs.replace(
        real,
        object=msgspec.structs.replace(real.object, id=real.object.id + SUFFIX, witness=None),
        data_dir=directory,
        key_source=PlainKeySection(),
        witness=None,
        tls=TlsFiles(directory / "root.crt", directory / "tls.crt", directory / "tls.key"),
        trust=Trust((), real.trust.documents),
        tenders=tuple(
            AccountSection(_ACCOUNT) if isinstance(each, AccountSection) else each
            for each in real.tenders
            if isinstance(each, AccountSection | DeskSection)
        ),
        rehearses=names,
        sync=msgspec.structs.replace(real.sync, broker=f"mqtts://{_NOWHERE}:8883", hub=f"https://{_NOWHERE}"),
    )
    check_apart(real, config)
    return Training(config)


def check_real(config: ObjectConfig) -> None:
    """Raise NotApartError if a real object bears a name that only training may have."""
    if is_in_training(config.object.id):
        raise NotApartError(f"object.id {config.object.id!r}: choose a name that does not end in {SUFFIX}")


def check_apart(real: ObjectConfig, training: ObjectConfig) -> None:
    """Raise NotApartError if one of them writes where the other does, by whatever link."""
    if training.object.id != real.object.id + SUFFIX:
        raise NotApartError(f"{training.object.id!r}: expected {real.object.id + SUFFIX!r} in every entry")
    theirs = {getattr(real, name).resolve(): name for name in _PATHS}
    for name in _PATHS:
        path = getattr(training, name)
        if path.resolve() in theirs:
            raise NotApartError(f"{path}: training's {name} is the real {theirs[path.resolve()]}")
        if not path.resolve().is_relative_to(real.data_dir.resolve() / _DIRECTORY):
            raise NotApartError(f"{path}: training's {name} lies outside of {real.data_dir / _DIRECTORY}")
    _check_files(real, training)


def _check_files(real: ObjectConfig, training: ObjectConfig) -> None:
    """A hard link is another name of the same file."""
    for name in ("ledger", "key", "telemetry"):
        ours, theirs = getattr(training, name), getattr(real, name)
        if ours.exists() and theirs.exists() and ours.samefile(theirs):
            raise NotApartError(f"{ours}: training's {name} is the same file as {theirs}")


def prepare(real: ObjectConfig) -> Training:
    """Make room for training, with copies of the signed documents that the object works by.

    What was rehearsed before goes: each training begins with the goods as they are. Raises NotApartError and
    OSError.
    """
    made = training_of(real)
    if made.config.data_dir.exists():
        shutil.rmtree(made.config.data_dir)  # it is no link: that was checked, and none in it is followed
    made.config.documents.mkdir(mode=0o700, parents=True)
    for pattern in _COPIED:
        for path in sorted(real.documents.glob(pattern)):
            if path.is_file() and not path.is_symlink() and path.suffix != _HALF_MADE:
                _copy(path, made.config.documents / path.relative_to(real.documents))
    check_apart(real, made.config)
    return made


def _copy(path: Path, to: Path) -> None:
    """Whole or not at all, power cut or not; never through a link that lies there."""
    to.parent.mkdir(exist_ok=True)
    part = to.with_name(f".{to.name}.part")
    part.unlink(missing_ok=True)
    shutil.copyfile(path, part)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(to)


_SHOWS: Final[Mapping[str, Shows]] = {"zvt": "terminal", "stripe": "terminal", "desk": "desk"}
"""What the glass asks of whoever pays; a rehearsal by a code asks for none."""


class Rehearsal:
    """A `Provider` that has no port, no key and no books but its memory: every payment goes well.

    It takes `pause_s`, and is cancelled meanwhile like any other. After a restart it has never heard of what
    went before, which was no money either.
    """

    def __init__(self, name: str, pause_s: float = REHEARSED_S) -> None:
        self.name: Final = name
        self.capabilities: Final = Capabilities(
            _SHOWS.get(name, "nothing"),
            needs_network=False,
            patience_ns=Nanoseconds(60 * _SECOND_NS),
            ladder_ns=(Nanoseconds(_SECOND_NS),),
        )
        self._pause_s = pause_s
        self._stands: dict[str, Outcome] = {}
        self._paid: dict[str, Attempt] = {}

    async def fence(self) -> str:
        """It knows our attempts."""
        return ""

    async def start(self, attempt: Attempt) -> Said:
        """As if it were paid, after a while."""
        self._stands[attempt.id] = "in-progress"
        await asyncio.sleep(self._pause_s)
        if self._stands[attempt.id] == "in-progress":
            self._stands[attempt.id] = "captured"
            self._paid[attempt.id] = attempt
        return self._said(attempt)

    async def query(self, attempt: Attempt) -> Said:
        """As if it were paid, where it was begun in this life."""
        return self._said(attempt)

    async def cancel(self, attempt: Attempt) -> Said:
        """What is as good as paid stays so; nothing else will be."""
        if self._stands.get(attempt.id) == "in-progress":
            self._stands[attempt.id] = "cancelled"
        return self._said(attempt)

    async def capture(self, attempt: Attempt) -> Said:
        """Nothing is held."""
        return self._said(attempt)

    async def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        """As if it went back."""
        return Said("refunded", amount_minor, attempt.currency, f"training-{refund}"[:64])

    async def taken(self) -> tuple[Taken, ...]:
        """What would have been taken."""
        return tuple(
            Taken(each.id, "training", each.amount_minor, each.currency) for each in self._paid.values()
        )

    def _said(self, attempt: Attempt) -> Said:
        outcome = self._stands.get(attempt.id, "not-found")
        if outcome == "captured":
            return Said("captured", attempt.amount_minor, attempt.currency, "training")
        return Said(outcome)


def rehearsals(ways: Iterable[str]) -> dict[str, Provider]:
    """A rehearsal of each way to pay but the house account, which needs no provider."""
    return {way: Rehearsal(way) for way in ways if way != "house-account"}


def check_rehearsed(providers: Mapping[str, Provider]) -> None:
    """Raise NotApartError if one of them is a real way to pay: exactly ours, and nothing made from it."""
    for name, provider in providers.items():
        if type(provider) is not Rehearsal:
            raise NotApartError(f"{name}: expected a rehearsal, got a {type(provider).__name__}")
