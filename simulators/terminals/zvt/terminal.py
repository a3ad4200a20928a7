"""The terminal: it hears commands, says no or begins to do them, and lends its slot to a hand."""

import random
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import msgspec

from simulators.devices.device import RefusedError, read_order, understood
from simulators.terminals.zvt.apdu import Apdu, BareLink, Link
from simulators.terminals.zvt.conversation import Conversation, Script
from simulators.terminals.zvt.desk import Desk, registration
from simulators.terminals.zvt.fields import Fields, UnreadableError, fields, number
from simulators.terminals.zvt.hand import (
    VERBS,
    Abort,
    CancelKey,
    Decline,
    Fail,
    Host,
    Insert,
    Mischief,
    Order,
    Paper,
    Pin,
    Remove,
    Tap,
    Trouble,
)
from simulators.terminals.zvt.paying import Wanted, pay
from simulators.terminals.zvt.sayings import (
    ACCEPTED,
    BUSY,
    IMPOSSIBLE,
    NOT_REGISTERED,
    PROTOCOL,
    WRONG_CURRENCY,
    refused,
)
from simulators.terminals.zvt.serial_line import SerialLink
from simulators.terminals.zvt.serving import close_day, repeat, reverse, say_condition, say_done, say_no
from simulators.terminals.zvt.setup import Setup, World

POSITIVE, NEGATIVE = 0x80, 0x84
REGISTER, PAY, LOG_OFF, ASK, CANCEL = 0x0600, 0x0601, 0x0602, 0x0501, 0x06B0
REPEAT, REVERSE, REFUND, CLOSE_DAY, DIAGNOSE, INITIALISE = 0x0620, 0x0630, 0x0631, 0x0650, 0x0670, 0x0693
UNSUPPORTED: Final = 0x83
AMOUNT, CURRENCY, RECEIPT, REPEATS = 0x04, 0x49, 0x87, 0x02
PASSWORD_BYTES: Final = 3
# These need no registration, whatever the terminal asks of others.
OPEN: Final = (REGISTER, ASK, LOG_OFF)


class Part(Setup, frozen=True, forbid_unknown_fields=True):
    """Such a terminal on a bench."""

    def device(self, luck: random.Random) -> "ZvtTerminal":
        """Make the terminal; its clock is this machine's, so far off as it is set."""
        return ZvtTerminal(luck, self, began_ns=time.time_ns() - time.monotonic_ns())


class ZvtTerminal:
    """One terminal and one till; what a till that left has begun goes on without it."""

    kind = "zvt"
    baud = 9600
    terminator = b""
    verbs: tuple[str, ...] = VERBS

    def __init__(self, _luck: random.Random, setup: Setup, *, began_ns: int = 0) -> None:
        self._desk = Desk(setup, began_ns)
        self._link: Link = SerialLink() if _framed(setup) else BareLink()
        self._conversation = Conversation(self._link, self._desk.takes, setup.answer_ms)

    def power_on(self, now_ns: int, /) -> None:
        """Start over: nobody is registered, and what was on its way to the till is settled."""
        self._desk.now_ns = now_ns
        self._link.forget()
        self._conversation.stop()
        self._desk.registration = None
        self._desk.settle_pending()

    # The hand.

    def shake(self, until_ns: int, /) -> None:
        """Let cards be unreadable until then."""
        self._desk.shake(until_ns)

    def obey(self, order: Mapping[str, Any], now_ns: int, /) -> None:
        """Do what a hand asks."""
        self._desk.now_ns = now_ns
        hand: Order = read_order(order, VERBS, Order)
        match hand:
            case Decline() | Fail() | Host() | Paper() | Trouble():
                self._desk.arrange(hand)
                return
            case Tap() | Insert() | Pin():
                if not self._conversation.busy:
                    raise RefusedError("nobody pays at this moment: the terminal wants no card and no PIN")
                if isinstance(hand, Insert):
                    self._desk.put_in(hand.card)
            case Remove():
                self._desk.take_out()
            case CancelKey():
                pass  # a key can always be pressed
        if self._conversation.busy:
            self._conversation.happened(hand, now_ns)

    def world(self) -> dict[str, Any]:
        """Say what is in the books, in the slot and on the paper."""
        told: dict[str, Any] = msgspec.to_builtins(self._desk.world)
        return {
            **told,
            "held_minor": self._desk.books.held_minor,
            "busy": self._conversation.busy,
            "wants": self._conversation.wants,
        }

    def restore(self, world: Mapping[str, Any], now_ns: int, /) -> None:
        """Put everything back as `world` had it."""
        self._desk.now_ns = now_ns
        self._desk.world = understood(dict(world), World, "the terminal")

    # The cable.

    @property
    def hangs_up(self) -> bool:
        """Whether it closes the line: it never does."""
        return False

    def greet(self, _now_ns: int, /) -> None:
        """Begin with a till that has just connected; what is being done goes on."""
        self._link.forget()

    def part(self, _now_ns: int, /) -> None:
        """Go on without a till: what is said now nobody hears."""
        self._link.forget()

    def turn_away(self, _now_ns: int, /) -> bytes:
        """A second till hears nothing."""
        return b""

    @property
    def wakes_ns(self) -> int | None:
        """When a patience is over, its own or that of the line."""
        return min(
            (at for at in (self._link.wakes_ns, self._conversation.wakes_ns) if at is not None), default=None
        )

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take bytes from the till."""
        self._desk.now_ns = now_ns
        for apdu in self._link.receive(data, now_ns):
            if apdu.control >> 8 in (POSITIVE, NEGATIVE):
                self._conversation.answered(apdu, now_ns)
            elif not self._desk.takes(Mischief.LOSE_COMMAND):
                self._command(apdu, now_ns)

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give what goes over the line now."""
        self._desk.now_ns = now_ns
        self._conversation.tick(now_ns)
        return self._link.said(now_ns)

    # Commands.

    def _command(self, apdu: Apdu, now_ns: int) -> None:
        if apdu.control == CANCEL:
            self._link.send(ACCEPTED)
            if self._conversation.busy:
                self._conversation.happened(Abort(), now_ns)
            return
        script = self._script(apdu)
        if isinstance(script, int):
            self._link.send(refused(script))
            return
        if not self._desk.takes(Mischief.LOSE_ACCEPT):
            self._link.send(ACCEPTED)
        if script is not None:
            self._conversation.begin(self._failing() or script, now_ns)

    def _script(self, apdu: Apdu) -> Script | int | None:
        """What the command leads to: an error, a script, or nothing but a yes."""
        if self._conversation.busy or self._desk.takes(Mischief.REFUSE):
            return BUSY
        if (read := self._COMMANDS.get(apdu.control)) is None:
            return UNSUPPORTED
        if self._desk.setup.must_register and apdu.control not in OPEN and self._desk.registration is None:
            return NOT_REGISTERED
        try:
            return read(self, apdu.data)
        except UnreadableError:
            return PROTOCOL

    def _failing(self) -> Script | None:
        """What a hand has made of the next commands."""
        world = self._desk.world
        if not world.failures:
            return None
        world.failures -= 1
        return say_no(self._desk, world.failure_result)

    def _register(self, data: bytes) -> Script:
        password, config, currency, rest = data[:3], data[3:4], data[4:6], data[6:]
        if len(currency) == 1 or not config:
            raise UnreadableError("expected password, config and currency")
        asked = registration(config[0], rest)
        if self._wrong(password):
            return say_no(self._desk, IMPOSSIBLE)
        if currency and number(currency) != self._desk.setup.currency:
            return say_no(self._desk, WRONG_CURRENCY, self._desk.setup.currency)
        self._desk.registration = asked
        return say_condition(self._desk)

    def _log_off(self, _data: bytes) -> None:
        self._desk.registration = None

    def _pay(self, data: bytes) -> Script:
        told = dict(fields(data))
        repeats = told.get(REPEATS, b"\0")[0]
        return pay(self._desk, Wanted("payment", _amount(told), self._currency(told), repeats))

    def _refund(self, data: bytes) -> Script:
        told = dict(self._behind_password(data))
        if self._wrong(data[:PASSWORD_BYTES]):
            return say_no(self._desk, IMPOSSIBLE)
        return pay(self._desk, Wanted("refund", _amount(told), self._currency(told)))

    def _reverse(self, data: bytes) -> Script:
        told = dict(self._behind_password(data))
        if RECEIPT not in told:
            raise UnreadableError("expected a receipt number")
        receipt = number(told[RECEIPT])
        if self._wrong(data[:PASSWORD_BYTES]):
            return say_no(self._desk, IMPOSSIBLE)
        return reverse(self._desk, receipt)

    def _close_day(self, data: bytes) -> Script:
        return self._with_password(data, close_day)

    def _repeat(self, data: bytes) -> Script:
        return self._with_password(data, repeat)

    def _ask(self, _data: bytes) -> Script:
        return say_condition(self._desk)

    def _diagnose(self, _data: bytes) -> Script:
        return say_done(self._desk)

    def _initialise(self, data: bytes) -> Script:
        return self._with_password(data, say_done)

    def _with_password(self, data: bytes, script: Callable[[Desk], Script]) -> Script:
        self._behind_password(data)
        wrong = self._wrong(data[:PASSWORD_BYTES])
        return say_no(self._desk, IMPOSSIBLE) if wrong else script(self._desk)

    def _behind_password(self, data: bytes) -> Fields:
        if len(data) < PASSWORD_BYTES:
            raise UnreadableError("expected a password")
        return fields(data[PASSWORD_BYTES:])

    def _wrong(self, password: bytes) -> bool:
        return password.hex() != self._desk.setup.password

    def _currency(self, told: dict[int, bytes]) -> int:
        return number(told[CURRENCY]) if CURRENCY in told else self._desk.setup.currency

    _COMMANDS: ClassVar[Mapping[int, Callable[["ZvtTerminal", bytes], Script | None]]] = {
        REGISTER: _register,
        LOG_OFF: _log_off,
        ASK: _ask,
        PAY: _pay,
        REVERSE: _reverse,
        REFUND: _refund,
        CLOSE_DAY: _close_day,
        REPEAT: _repeat,
        DIAGNOSE: _diagnose,
        INITIALISE: _initialise,
    }


def _framed(setup: Setup) -> bool:
    return setup.frames == "always" or (setup.frames == "by port" and not setup.at.startswith("tcp:"))


def _amount(told: dict[int, bytes]) -> int:
    if AMOUNT not in told:
        raise UnreadableError("expected an amount")
    return number(told[AMOUNT])
