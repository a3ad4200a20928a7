"""The terminal: it reads what tills ask, does it or says no, and lends its slot to a hand."""

import random
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from simulators.devices.device import RefusedError, read_order, understood
from simulators.terminals.nexo.answers import (
    Failed,
    displayed,
    login,
    logout,
    payment_failed,
    poi_data,
    rejected,
    repeated,
    reversal_failed,
    sale_data,
    status_failed,
)
from simulators.terminals.nexo.asks import (
    AbortRequest,
    Asked,
    DisplayRequest,
    Header,
    LoginRequest,
    LogoutRequest,
    MalformedError,
    PaymentRequest,
    ReversalRequest,
    TransactionStatusRequest,
    asked,
)
from simulators.terminals.nexo.desk import Desk
from simulators.terminals.nexo.hand import (
    VERBS,
    Abort,
    CancelKey,
    Decline,
    Host,
    Insert,
    Mischief,
    Order,
    Pin,
    Remove,
    Tap,
    Trouble,
)
from simulators.terminals.nexo.paying import pay, reverse
from simulators.terminals.nexo.script import MILLISECOND_NS, Body, Running
from simulators.terminals.nexo.sealing import IV_BYTES, Passphrase, keys, sealed
from simulators.terminals.nexo.setup import Setup, Told, World

# Amounts are numbers on the wire, with the decimals that their currency has.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
# Lines that a display remembers.
SHOWN_MAX: Final = 10


class Said(msgspec.Struct, frozen=True):
    """What one caller gets, and when; the line breaks after `bytes_max` bytes of it, if that is said."""

    caller: int
    due_ns: int
    body: bytes
    bytes_max: int | None = None


class _Pair(msgspec.Struct, frozen=True):
    """A question that is being answered, and who asked."""

    caller: int
    asked: Asked


class NexoTerminal:
    """One terminal and its tills; what a till that left has begun goes on without it."""

    kind = "nexo"
    verbs: tuple[str, ...] = VERBS

    def __init__(self, luck: random.Random, setup: Setup, *, began_ns: int = 0) -> None:
        self._luck = luck
        self._desk = Desk(setup, began_ns)
        self._running = Running()
        self._pair: _Pair | None = None
        self._row: list[Said] = []
        self.ended = 0  # payments and reversals that are over, however they went
        self._keys = (
            None
            if setup.messages == "clear"
            else keys(Passphrase(setup.passphrase, setup.key_identifier, setup.key_version))
        )

    def power_on(self, now_ns: int) -> None:
        """Start over: nobody is answered, and what had not reached the host has never been."""
        self._desk.now_ns = now_ns
        self._running.stop()
        self._pair = None
        self._row.clear()
        self._desk.world.logged_in = False

    # The hand.

    def obey(self, order: Mapping[str, Any], now_ns: int) -> None:
        """Do what a hand asks; RefusedError when it is misread or cannot be."""
        self._desk.now_ns = now_ns
        hand: Order = read_order(order, VERBS, Order)
        match hand:
            case Decline() | Host() | Trouble():
                self._desk.arrange(hand)
                return
            case Tap() | Insert() | Pin():
                if not self._running.busy:
                    raise RefusedError("nobody pays at this moment: the terminal wants no card and no PIN")
                if isinstance(hand, Insert):
                    self._desk.put_in(hand.card)
            case Remove():
                self._desk.take_out()
            case CancelKey():
                pass  # a key can always be pressed
        if self._running.busy:
            self._finish(self._running.happened(hand, now_ns))

    def world(self) -> dict[str, Any]:
        """Say what is in the books, in the slot and on the display."""
        told: dict[str, Any] = msgspec.to_builtins(self._desk.world)
        return {
            **told,
            "held_minor": self._desk.books.held_minor,
            "busy": self._running.busy,
            "wants": self._running.wants,
        }

    def restore(self, world: Mapping[str, Any], now_ns: int) -> None:
        """Put everything back as `world` had it."""
        self._desk.now_ns = now_ns
        self._desk.world = understood(dict(world), World, "the terminal")

    # The line.

    @property
    def wakes_ns(self) -> int | None:
        """When it has something to say or to do by itself."""
        due = [said.due_ns for said in self._row]
        if self._running.wakes_ns is not None:
            due.append(self._running.wakes_ns)
        return min(due, default=None)

    def ask(self, caller: int, body: bytes, now_ns: int) -> None:
        """Take the body of one POST; its answer comes by `said`."""
        self._desk.now_ns = now_ns
        if self._desk.takes(Mischief.LOSE_REQUEST):
            self._lose(caller)
            return
        setup = self._desk.setup
        try:
            question = asked(body, self._keys, clear=setup.messages != "sealed")
            self._check(question.header)
        except MalformedError as error:
            self._say(caller, _ENCODER.encode(rejected(str(error), body, self._desk.at())))
            return
        self._do(_Pair(caller, question))

    def said(self, now_ns: int) -> list[Said]:
        """Give what is due by now."""
        self._desk.now_ns = now_ns
        self._finish(self._running.tick(now_ns))
        due = [said for said in self._row if said.due_ns <= now_ns]
        self._row = [said for said in self._row if said.due_ns > now_ns]
        return due

    # Questions.

    def _check(self, header: Header) -> None:
        setup = self._desk.setup
        if setup.answers_to == "own" and header.poi_id != setup.poi_id:
            raise MalformedError(f"the POIID {header.poi_id} is not of this terminal")
        fresh = self._desk.uses(header.sale_id, header.pair)
        if not fresh and not self._desk.takes(Mischief.RUN_DUPLICATE):
            raise MalformedError(f"the ServiceID {header.pair} was used in the last 48 hours")

    def _do(self, pair: _Pair) -> None:
        request = pair.asked.request
        match request:
            case PaymentRequest() | ReversalRequest():
                self._begin(pair, request)
            case AbortRequest():
                self._abort(request)
                self._say(pair.caller, b"")
            case TransactionStatusRequest():
                self._reply(pair, self._status(request))
            case LoginRequest():
                self._desk.world.logged_in = True
                self._reply(pair, login(self._desk.setup, self._desk.at()))
            case LogoutRequest():
                self._desk.world.logged_in = False
                self._reply(pair, logout())
            case DisplayRequest():
                self._reply(pair, self._show(request))

    def _begin(self, pair: _Pair, request: PaymentRequest | ReversalRequest) -> None:
        if failed := self._not_now():
            self._reply(pair, self._refused(request, failed))
            return
        self._pair = pair
        script = (
            reverse(self._desk, request)
            if isinstance(request, ReversalRequest)
            else pay(self._desk, pair.asked.header, request)
        )
        self._finish(self._running.begin(script, self._desk.now_ns))

    def _not_now(self) -> Failed | None:
        if self._running.busy or self._desk.takes(Mischief.BUSY):
            return Failed("Busy", "The terminal is busy")
        if self._desk.setup.must_login and not self._desk.world.logged_in:
            return Failed("LoggedOut", "Nobody has logged in")
        return None

    def _refused(self, request: PaymentRequest | ReversalRequest, failed: Failed) -> Body:
        if isinstance(request, ReversalRequest):
            return reversal_failed(failed)
        sale, names = request.sale_data.sale_transaction_id, self._desk.names()
        poi = poi_data(self._desk.setup, names.transaction, names.at)
        return payment_failed(failed, sale_data(sale.transaction_id, sale.time_stamp), poi)

    def _abort(self, request: AbortRequest) -> None:
        """A wish: what the host has been asked goes on, and what is not running is none to stop."""
        if self._is_running(request.message_reference) and not self._desk.takes(Mischief.IGNORE_ABORT):
            self._finish(self._running.happened(Abort(), self._desk.now_ns))

    def _is_running(self, reference: Any) -> bool:
        if self._pair is None:
            return False
        header = self._pair.asked.header
        asked_for = (reference.message_category, reference.sale_id, reference.service_id)
        return asked_for == (header.message_category, header.sale_id, header.pair)

    def _status(self, request: TransactionStatusRequest) -> Body:
        reference = request.message_reference
        told = self._desk.told(reference.message_category, reference.sale_id, reference.service_id)
        if self._desk.takes(Mischief.IN_PROGRESS) or self._is_running(reference):
            return status_failed(Failed("InProgress", "The transaction is in progress"), reference)
        if self._desk.takes(Mischief.STALE_STATUS):
            told = self._desk.told_before(told)
        if told is None or self._desk.takes(Mischief.NOT_FOUND):
            return status_failed(Failed("NotFound", "The message was not found"), reference)
        return repeated(told, reference)

    def _show(self, request: DisplayRequest) -> Body:
        results = []
        for output in request.display_output:
            lines = [line.text for line in output.output_content.output_text]
            text = output.output_content.output_format == "Text"
            failed = None if text else Failed("UnavailableService", "The display shows text only")
            if text:
                self._desk.world.shown = [*self._desk.world.shown, *lines][-SHOWN_MAX:]
            results.append((output.device, output.info_qualify, failed))
        return displayed(results)

    # Answers.

    def _finish(self, body: Body | None) -> None:
        """A script has ended: its answer is kept before it is said."""
        if body is None:
            return
        assert self._pair, "somebody asked"
        self.ended += 1
        pair, self._pair = self._pair, None
        self._reply(pair, body, keep=True)

    def _reply(self, pair: _Pair, body: Body, *, keep: bool = False) -> None:
        header = msgspec.structs.replace(pair.asked.header, message_type="Response")
        told = Told(
            header.message_category,
            header.sale_id,
            header.pair,
            _ENCODER.encode(header).decode(),
            _ENCODER.encode(body).decode(),
        )
        before = self._desk.told_before(None)
        if keep:
            self._desk.keep(told)
        if before and self._desk.takes(Mischief.STALE_REPLY):
            told = before
        self._send(pair, told)

    def _send(self, pair: _Pair, told: Told) -> None:
        header: dict[str, Any] = msgspec.json.decode(told.header)
        content = {"MessageHeader": header, **_parts(told.body)}
        if self._desk.takes(Mischief.OTHER_HEADER):
            header = {**header, "ServiceID": "other"}
        if pair.asked.sealed:
            content = {"MessageHeader": header, **self._sealed(content)}
        elif header is not content["MessageHeader"]:
            content["MessageHeader"] = header
        self._deliver(pair.caller, _ENCODER.encode({"SaleToPOIResponse": content}))

    def _sealed(self, content: Body) -> Body:
        assert self._keys, "a sealed question was opened"
        plain = _ENCODER.encode({"SaleToPOIResponse": content})
        shut = sealed(plain, self._keys, self._luck.randbytes(IV_BYTES))
        if self._desk.takes(Mischief.WRONG_HMAC):
            shut["SecurityTrailer"]["Hmac"] = sealed(b"", self._keys, bytes(IV_BYTES))["SecurityTrailer"][
                "Hmac"
            ]
        return shut

    def _deliver(self, caller: int, body: bytes) -> None:
        if self._desk.takes(Mischief.LOSE_REPLY):
            self._lose(caller)
        elif self._desk.takes(Mischief.CUT_REPLY):
            self._row.append(Said(caller, self._desk.now_ns, body, len(body) // 2))
        elif self._desk.takes(Mischief.LATE):
            due_ns = self._desk.now_ns + self._desk.setup.late_ms * MILLISECOND_NS
            self._row.append(Said(caller, due_ns, body))
        else:
            self._say(caller, body)

    def _say(self, caller: int, body: bytes) -> None:
        self._row.append(Said(caller, self._desk.now_ns, body))

    def _lose(self, caller: int) -> None:
        """Silence, and then the line breaks."""
        due_ns = self._desk.now_ns + self._desk.setup.silence_ms * MILLISECOND_NS
        self._row.append(Said(caller, due_ns, b"", 0))


def _parts(body: str) -> dict[str, msgspec.Raw]:
    """The one response of a body, its bytes untouched."""
    told: dict[str, msgspec.Raw] = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return told
