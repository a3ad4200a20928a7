"""Staff: who of the shop may do what at an object, by a badge and a PIN; people are pseudonyms here.

A PIN is short, so what protects it is that few can be tried: each wrong one makes the next wait longer, five
in a row lock the badge, and each is in the journal, so that no restart forgets it. scrypt (RFC 7914) makes a
stolen list slow to search; it cannot make six digits safe.
"""

import asyncio
from enum import Enum
from typing import Annotated, Final, Protocol

import msgspec
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from cloud_sync.contract.encoding import b64, unb64
from cloud_sync.contract.facts import Operator
from edge.checkout.books import LOCKED_PIN, WRONG_PIN, Books
from edge.offline_queue.outcomes import Appended
from edge.readings import Nanoseconds

RETURN: Final = "return.receipt"
UNPROVEN: Final = "return.no-receipt"
VOID: Final = "sale.void"
TRAIN: Final = "training.enter"
AGE: Final = "age.check"
"""Acts that need a person of the shop, as `operator` entries name them."""

AGE_REFUSED: Final = "age.refuse"
"""Who may look at an age may also say no to it: the entry says which of the two it was."""

# What a keypad takes; five tries of six digits are one in 200,000.
PIN_DIGITS: Final = range(6, 13)

TRIES: Final = 5
"""So many wrong PINs in a row lock a badge."""
LOCK_MS: Final = 15 * 60 * 1_000

# The second wrong PIN costs two seconds, the fourth and each after it eight: nobody who mistypes waits long.
_WAITS_S: Final = (0, 2, 4, 8)

# Whoever tries one badge after the other is slowed down as well: the whole object, by its wrong PINs.
_OBJECT_TRIES: Final = 10

_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_STAFF_MAX: Final = 1_000

_SECOND_NS: Final = 1_000_000_000


class BadStaffListError(ValueError):
    """A list of staff that cannot be used, and what was expected."""


class Cost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one try costs: 16 MiB and, on a board, a third of a second (OWASP Password Storage, 2023)."""

    log2_n: Annotated[int, msgspec.Meta(ge=1, le=15)] = 14
    r: Annotated[int, msgspec.Meta(ge=1, le=8)] = 8
    p: Annotated[int, msgspec.Meta(ge=1, le=8)] = 5


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One person: the badge's digits, the pseudonym of the journal, the PIN's hash, and what is allowed."""

    badge: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,8}$")]
    staff: Annotated[str, msgspec.Meta(pattern=r"^\w{12,32}$")]
    salt: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{22}$")]
    pin: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
    acts: frozenset[str]


class StaffList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everybody who may do something at the objects of a site: a signed document, or a part of the config."""

    members: Annotated[tuple[Member, ...], msgspec.Meta(max_length=_STAFF_MAX)] = ()
    cost: Cost = Cost()


_LIST: Final = msgspec.json.Decoder(StaffList)


def read_staff(data: bytes) -> StaffList:
    """The list in the payload of a document whose signature was checked. Raises BadStaffListError."""
    try:
        read = _LIST.decode(data)
    except msgspec.DecodeError as error:
        raise BadStaffListError(f"expected a list of staff, got something else: {error}") from error
    for name, each in (
        ("badge", [one.badge for one in read.members]),
        ("pseudonym", [one.staff for one in read.members]),
    ):
        if len({*each}) != len(each):
            raise BadStaffListError(f"expected each {name} once, got one of them twice")
    return read


def hashed(pin: str, salt: bytes, cost: Cost) -> str:
    """A PIN as a list of staff has it; `salt` is 16 random bytes. Raises ValueError for what is no PIN."""
    if not _is_pin(pin) or len(salt) != _SALT_BYTES:
        raise ValueError(
            f"expected {PIN_DIGITS.start} to {PIN_DIGITS.stop - 1} digits and {_SALT_BYTES} bytes of salt"
        )
    return b64(_scrypt(salt, cost).derive(pin.encode("ascii")))


class Denied(Enum):
    """Why somebody may not."""

    WRONG = "wrong"  # badge or PIN: nobody is told which of them
    WAIT = "wait"  # the last wrong one was a moment ago: nothing was tried
    LOCKED = "locked"
    NOT_THIS = "not-this"  # the PIN is right, and this is not theirs to do


class Allowed(msgspec.Struct, frozen=True):
    """Somebody of the shop has proved to be `staff`, and may do `act`, once."""

    staff: str
    act: str


class Admitted(msgspec.Struct, frozen=True):
    """Somebody of the shop has proved to be `staff`: see `may`, once for each deed."""

    staff: str
    acts: frozenset[str]

    def may(self, act: str) -> Allowed | None:
        """Leave to do `act` once; None where it is not theirs to do."""
        return Allowed(self.staff, act) if act in self.acts else None


class Clock(Protocol):
    """All that the door asks of time."""

    def now_ns(self) -> Nanoseconds:
        """Monotonic time."""
        ...

    def wall_ms(self) -> int:
        """Milliseconds since 1970."""
        ...


class Register(Protocol):
    """All that the door asks of the register."""

    async def write(self, fact: Operator, idem: str) -> Appended:
        """Write a fact; return once it is on the disk."""
        ...


class StaffDoor:
    """Asks for a badge and a PIN; `boot` is a name that no other start of the object has."""

    def __init__(self, staff: StaffList, register: Register, books: Books, clock: Clock, boot: str) -> None:
        self._register = register
        self._books = books
        self._clock = clock
        self._boot = boot
        self._tries = 0
        self._wrong_here = 0
        """Wrong ones since somebody was let in, of whichever badge."""
        self._next_ns = 0
        self._locked_ns: dict[str, int] = {}
        """Monotonic: a clock that is put right ends no lock of this start."""
        # One try at a time: a second keypad gains nothing.
        self._turn = asyncio.Lock()
        self.take(staff)

    def take(self, staff: StaffList) -> None:
        """From here on by this list: who is not in it any more is nobody."""
        self._members = {each.badge: each for each in staff.members}
        self._cost = staff.cost

    def knows(self, badge: str) -> bool:
        """Whether this is a badge of the shop; whose, only a PIN proves."""
        return badge in self._members

    async def ask(self, badge: str, pin: str, act: str) -> Allowed | Denied:
        """Whether whoever has this badge and PIN may do `act`. Raises JournalClosedError.

        What is done then has to leave an `operator` entry of its own: see `deed_of`.
        """
        admitted = await self.admit(badge, pin)
        if isinstance(admitted, Denied):
            return admitted
        return admitted.may(act) or Denied.NOT_THIS

    async def admit(self, badge: str, pin: str) -> Admitted | Denied:
        """Who has this badge and PIN, and what is theirs to do. Raises JournalClosedError."""
        async with self._turn:
            member = self._members.get(badge)
            if member is not None and self._is_locked(member.staff):
                return Denied.LOCKED
            if self._clock.now_ns() < self._next_ns:
                return Denied.WAIT
            if not await self._fits(member, pin):
                return await self._count(member)
            assert member is not None, "nothing fits nobody"
            self._wrong_here, self._next_ns = 0, 0
            self._books.wrong_pins.pop(member.staff, None)
            return Admitted(member.staff, member.acts)

    async def _fits(self, member: Member | None, pin: str) -> bool:
        """Takes as long for a badge that nobody has, and for what is no PIN at all."""
        salt = bytes(_SALT_BYTES) if member is None else unb64(member.salt)
        wanted = bytes(_HASH_BYTES) if member is None else unb64(member.pin)
        typed = (pin if _is_pin(pin) else "").encode("ascii")
        is_right = await asyncio.to_thread(_verified, self._cost, salt, typed, wanted)
        return is_right and member is not None and _is_pin(pin)

    async def _count(self, member: Member | None) -> Denied:
        self._wrong_here += 1
        wrong = self._wrong_here
        if member is not None:
            await self._write(member.staff, WRONG_PIN)
            wrong = max(wrong, self._books.wrong_pins[member.staff].wrong)
        wait_s = _WAITS_S[min(wrong, len(_WAITS_S)) - 1]
        if self._wrong_here >= _OBJECT_TRIES:
            wait_s = LOCK_MS // 1_000
        self._next_ns = self._clock.now_ns() + wait_s * _SECOND_NS
        if member is None or self._books.wrong_pins[member.staff].wrong < TRIES:
            return Denied.WRONG
        self._locked_ns[member.staff] = self._clock.now_ns() + LOCK_MS * 1_000_000
        await self._write(member.staff, LOCKED_PIN)
        return Denied.LOCKED

    def _is_locked(self, staff: str) -> bool:
        wrong = self._books.wrong_pins.get(staff)
        if wrong is None or wrong.wrong < TRIES:
            return False
        if self._clock.now_ns() < self._locked_ns.get(staff, 0):
            return True
        return staff not in self._locked_ns and self._clock.wall_ms() < wrong.wall_ms + LOCK_MS

    async def _write(self, staff: str, act: str) -> None:
        self._tries += 1
        written = await self._register.write(Operator(staff, act), f"operator/{self._boot}/{self._tries}")
        self._books.apply(written.body)


def deed_of(allowed: Allowed, about: str, key: str) -> tuple[Operator, str]:
    """The entry that says who did what about a sale, and its idempotency key: once for the note `key`."""
    return Operator(allowed.staff, allowed.act, about), f"operator/{key}/{allowed.staff}/{allowed.act}"


def _is_pin(pin: str) -> bool:
    return pin.isascii() and pin.isdecimal() and len(pin) in PIN_DIGITS


def _scrypt(salt: bytes, cost: Cost) -> Scrypt:
    return Scrypt(salt=salt, length=_HASH_BYTES, n=1 << cost.log2_n, r=cost.r, p=cost.p)


def _verified(cost: Cost, salt: bytes, typed: bytes, wanted: bytes) -> bool:
    """Whether the hash fits, compared in constant time (by `cryptography`)."""
    try:
        _scrypt(salt, cost).verify(typed, wanted)
    except InvalidKey:
        return False
    return True
