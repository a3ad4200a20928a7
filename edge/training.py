"""Training: an object that sells nothing. Its own ledger, key and epoch, and money that is only rehearsed.

It can never touch what is real, for four reasons that do not depend on each other: it writes in a directory
of its own; its name in every entry ends in `.training`, so that no ledger and no hub takes one of its entries
for another's; its ways to pay are rehearsals that own no port; and its configuration names no broker, no hub
and no terminal.
"""

import shutil
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.entry import Body
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.provider import Attempt, Capabilities, Provider, Said, Taken
from edge.checkout.state import Stage, State
from edge.config import AccountSection, DeskSection, ObjectConfig, PlainKeySection, TlsFiles, Trust
from edge.readings import Nanoseconds

SUFFIX: Final = ".training"
"""What the name of an object ends in while it trains: in every entry, and so on every receipt."""

_DIRECTORY: Final = "training"
_ACCOUNT: Final = "training0000"

# A name that nobody can register (RFC 6761, 6.4): it leads to no machine.
_NOWHERE: Final = "training.invalid"

_SECOND_NS: Final = 1_000_000_000

_ALONE: Final = frozenset({Stage.IDLE, Stage.UNPAIRED})

_PATHS: Final = ("data_dir", "ledger", "key", "ballast", "telemetry", "documents", "keyring", "certificate")


class NotApartError(Exception):
    """Training would reach what is real: what it is, and where."""


class Entering(Enum):
    """Whether somebody may train now."""

    YES = "yes"
    OPEN_BASKET = "open-basket"  # goods are there, or in a hand
    PAYING = "paying"  # a payment is under way, or a part of one, or nobody knows
    MONEY_DUE = "money-due"  # money has to go back to a shopper: it is on its way


class Training(msgspec.Struct, frozen=True):
    """An object while it trains: its configuration, and the ways to pay that are rehearsed."""

    config: ObjectConfig
    ways: tuple[str, ...]


def is_training(body: Body) -> bool:
    """Whether an entry was written in training: its receipt is none, and says so."""
    return body.dev.endswith(SUFFIX)


def may_enter(state: State, payments: PaymentBook) -> Entering:
    """Whether the till is empty and no payment hangs: nobody's basket is ever changed for a rehearsal."""
    if payments.open() or payments.unfinished():
        return Entering.PAYING
    if state.stage not in _ALONE or state.lines:
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
        sync=msgspec.structs.replace(real.sync, broker=f"mqtts://{_NOWHERE}:8883", hub=f"https://{_NOWHERE}"),
    )
    check_apart(real, config)
    return Training(config, names)


def check_real(config: ObjectConfig) -> None:
    """Raise NotApartError if a real object bears a name that only training may have."""
    if config.object.id.endswith(SUFFIX):
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

    Raises NotApartError and OSError.
    """
    made = training_of(real)
    made.config.documents.mkdir(parents=True, exist_ok=True)
    check_apart(real, made.config)
    for path in sorted(real.documents.glob("*-[0-9]*-[0-9]*.json")):
        if path.is_file() and not path.is_symlink():
            _copy(path, made.config.documents / path.name)
    check_apart(real, made.config)
    return made


def _copy(path: Path, to: Path) -> None:
    """Whole or not at all; never through a link that lies there."""
    part = to.with_name(f".{to.name}.part")
    part.unlink(missing_ok=True)
    shutil.copyfile(path, part)
    part.replace(to)


class Rehearsal:
    """A `Provider` that has no port, no key and no books but its memory: every payment goes well.

    After a restart it has never heard of what went before, which was no money either.
    """

    capabilities: Final = Capabilities(
        "nothing",
        needs_network=False,
        patience_ns=Nanoseconds(5 * _SECOND_NS),
        ladder_ns=(Nanoseconds(_SECOND_NS),),
    )

    def __init__(self, name: str) -> None:
        self.name: Final = name
        self._started: dict[str, Attempt] = {}
        self._back: dict[str, int] = {}

    async def fence(self) -> str:
        """It knows our attempts."""
        return ""

    async def start(self, attempt: Attempt) -> Said:
        """As if it were paid."""
        self._started[attempt.id] = attempt
        return self._said(attempt)

    async def query(self, attempt: Attempt) -> Said:
        """As if it were paid, where it was begun in this life."""
        return self._said(attempt)

    async def cancel(self, attempt: Attempt) -> Said:
        """What was begun is as good as paid; nothing else will be."""
        return self._said(attempt)

    async def capture(self, attempt: Attempt) -> Said:
        """Nothing is held."""
        return self._said(attempt)

    async def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        """As if it went back."""
        self._back[refund] = amount_minor
        return Said("refunded", amount_minor, attempt.currency, f"training-{refund}"[:64])

    async def taken(self) -> tuple[Taken, ...]:
        """What would have been taken."""
        return tuple(
            Taken(each.id, "training", each.amount_minor, each.currency) for each in self._started.values()
        )

    def _said(self, attempt: Attempt) -> Said:
        if attempt.id not in self._started:
            return Said("not-found")
        return Said("captured", attempt.amount_minor, attempt.currency, "training")


def rehearsals(ways: Iterable[str]) -> dict[str, Provider]:
    """A rehearsal of each way to pay but the house account, which needs no provider."""
    return {way: Rehearsal(way) for way in ways if way != "house-account"}


def check_rehearsed(providers: Mapping[str, Provider]) -> None:
    """Raise NotApartError if one of them is a real way to pay: exactly ours, and nothing made from it."""
    for name, provider in providers.items():
        if type(provider) is not Rehearsal:
            raise NotApartError(f"{name}: expected a rehearsal, got a {type(provider).__name__}")
