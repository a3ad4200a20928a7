"""The LLRP reader itself: what a hand does to it, and what a host asks of it."""

import random
import struct
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from simulators.devices.device import RefusedError, read_order, understood
from simulators.devices.rfid.field import VERBS as FIELD_VERBS
from simulators.devices.rfid.field import Antenna, BeforeAField, Field
from simulators.devices.rfid.llrp import speech
from simulators.devices.rfid.llrp.capabilities import MAKERS, capabilities
from simulators.devices.rfid.llrp.conversation import Conversation
from simulators.devices.rfid.llrp.model import VERSIONS, Model
from simulators.devices.rfid.llrp.rospecs import RoSpecs
from simulators.devices.rfid.llrp.settings import changed, told
from simulators.devices.rfid.llrp.speech import Kind
from simulators.devices.rfid.llrp.wire import (
    Message,
    MessageReader,
    RefusedMessageError,
    Status,
    Type,
    message,
    status,
)

ENABLE_EXTENSIONS, EXTENSIONS_ENABLED = 21, 22

Obey = Callable[[bytes, int], bytes]


class TurnAntenna(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="antenna"):
    """A hand pulls the cable of an antenna, or plugs it in."""

    antenna: Antenna
    connected: bool


class Trouble(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="trouble"):
    """Something in the reader goes wrong; it tells so in these words."""

    message: Annotated[str, Meta(min_length=1, max_length=200)]


class Cables(msgspec.Struct):
    """Which antennas are pulled: this stays when the power goes."""

    pulled: list[Antenna] = []


Hand = TurnAntenna | Trouble
OWN_VERBS: Final[tuple[str, ...]] = ("antenna", "trouble")


class LlrpReader(BeforeAField):
    """The reader; `luck` decides how long an antenna listens and what it hears."""

    kind = "llrp"
    # A network has no rate; a pty wants one.
    baud = 115_200
    terminator = b""
    verbs: tuple[str, ...] = FIELD_VERBS + OWN_VERBS

    def __init__(self, luck: random.Random, model: Model) -> None:
        self._model = model
        self._field = Field(luck, antennas=model.antennas, read_permille=model.read_permille)
        self._connected = dict.fromkeys(range(1, model.antennas + 1), True)
        self._messages = MessageReader()
        self._conversation = Conversation(model)
        self._rospecs = RoSpecs(model, self._field, luck, self._conversation)
        self._answered: Mapping[int, tuple[int, Obey]] = {
            Type.GET_READER_CAPABILITIES: (11, self._get_capabilities),
            Type.GET_READER_CONFIG: (12, self._get_config),
            Type.SET_READER_CONFIG: (13, self._set_config),
            Type.CLOSE_CONNECTION: (4, self._close),
            Type.ADD_ROSPEC: (30, self._rospecs.add),
            Type.DELETE_ROSPEC: (31, self._rospecs.delete),
            Type.START_ROSPEC: (32, self._rospecs.start),
            Type.STOP_ROSPEC: (33, self._rospecs.stop),
            Type.ENABLE_ROSPEC: (34, self._rospecs.enable),
            Type.DISABLE_ROSPEC: (35, self._rospecs.disable),
            Type.GET_ROSPECS: (36, self._rospecs.told),
            # It has no AccessSpecs: none is deleted, none is listed.
            Type.DELETE_ACCESSSPEC: (51, _nothing),
            Type.GET_ACCESSSPECS: (54, _nothing),
        }
        self.power_on(0)

    def power_on(self, now_ns: int, /) -> None:
        """Start over without ROSpecs, as the maker configured it, and greet whoever holds the line."""
        self._conversation.power_on()
        self._rospecs.power_on()
        self.greet(now_ns)

    # The hand.

    def obey(self, order: Mapping[str, Any], now_ns: int, /) -> None:
        """Do what a hand asks."""
        if order.get("verb") in FIELD_VERBS:
            self._field.obey(order)
            return
        hand: Hand = read_order(order, self.verbs, Hand)
        match hand:
            case TurnAntenna(antenna=antenna, connected=connected):
                self._plug_antenna(antenna, now_ns, connected=connected)
            case Trouble(message=words):
                self._conversation.tell(Kind.EXCEPTION, speech.exception(words), now_ns)

    def _plug_antenna(self, antenna: int, now_ns: int, *, connected: bool) -> None:
        if antenna not in self._connected:
            raise RefusedError(f"there is no antenna {antenna}: the reader has {len(self._connected)}")
        if self._connected[antenna] != connected:
            self._connected[antenna] = connected
            self._conversation.tell(Kind.ANTENNA, speech.antenna(antenna, connected=connected), now_ns)

    def world(self) -> dict[str, Any]:
        """Say what is in the field, and which antennas are pulled."""
        pulled = [antenna for antenna, connected in self._connected.items() if not connected]
        return self._field.world() | {"pulled": pulled}

    def restore(self, world: Mapping[str, Any], _now_ns: int, /) -> None:
        """Put everything back."""
        self._field.restore(world)
        cables: Cables = understood(world, Cables, "the antennas of the reader")
        for antenna in self._connected:
            self._connected[antenna] = antenna not in cables.pulled

    # The network: one host at a time, greeted when it comes.

    @property
    def hangs_up(self) -> bool:
        """Whether the conversation is over: the last word is said."""
        return self._conversation.ends and not self._conversation.mark

    def greet(self, now_ns: int, /) -> None:
        """Begin with a host that has just connected."""
        self._messages.forget()
        self._conversation.open(now_ns)

    def part(self, _now_ns: int, /) -> None:
        """Go on without a host: what is heard is kept for the next one."""
        self._conversation.close()

    def turn_away(self, now_ns: int, /) -> bytes:
        """Say to a second host that there is one."""
        return self._conversation.turn_away(now_ns)

    # The cable.

    @property
    def wakes_ns(self) -> int | None:
        """When an antenna's turn ends, a keepalive or a start is due; at once if more is to say."""
        due = (self._conversation.wakes_ns, self._rospecs.wakes_ns)
        return min((each for each in due if each is not None), default=None)

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take bytes from the host and obey the messages in them."""
        for each in self._messages.receive(data):
            self._obey_message(each, now_ns)
        if self._messages.lost:
            self._messages.forget()
            self._conversation.hang_up(now_ns)

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the messages that are due."""
        self._rospecs.go_on(self._connected, now_ns)
        return self._conversation.due(now_ns)

    # What a host asks.

    def _obey_message(self, asked: Message, now_ns: int) -> None:
        if self._model.version != "1.0.1" and asked.type in (
            Type.GET_SUPPORTED_VERSION,
            Type.SET_PROTOCOL_VERSION,
        ):
            self._negotiate(asked)
        elif asked.version != self._conversation.version:
            self._complain(asked, Status.UNSUPPORTED_VERSION, f"version {asked.version} is not spoken here")
        elif asked.type in self._answered:
            self._answer(asked, now_ns)
        elif asked.type == Type.CUSTOM:
            self._answer_custom(asked)
        elif asked.type == Type.GET_REPORT:
            self._rospecs.report_now()
        elif asked.type == Type.ENABLE_EVENTS_AND_REPORTS:
            self._conversation.open_gate(now_ns)
        elif asked.type == Type.KEEPALIVE_ACK:
            self._conversation.acknowledged()
        else:
            words = f"messages of the type {asked.type} are not obeyed here"
            self._complain(asked, Status.UNSUPPORTED_MESSAGE, words)

    def _complain(self, asked: Message, code: Status, words: str) -> None:
        self._conversation.say(Type.ERROR_MESSAGE, status(code, words), asked.id)

    def _answer(self, asked: Message, now_ns: int) -> None:
        """Obey, and put the answer before all that comes of it."""
        kind, obey = self._answered[asked.type]
        mark = self._conversation.mark
        tail = b""
        try:
            tail = obey(asked.body, now_ns)
            outcome = status(Status.SUCCESS)
        except RefusedMessageError as error:
            outcome = status(error.status, str(error))
        except (struct.error, IndexError):
            outcome = status(Status.MESSAGE_PARAMETER, "the message or one of its parameters is too short")
        self._conversation.say(kind, outcome + tail, asked.id, at=mark)

    def _answer_custom(self, asked: Message) -> None:
        """Let Impinj's hosts enable its extensions, which change what a report may contain."""
        wanted = self._maker.to_bytes(4) + bytes((ENABLE_EXTENSIONS,))
        if self._model.maker == "impinj" and asked.body.startswith(wanted):
            head = wanted[:4] + bytes((EXTENSIONS_ENABLED,))
            self._conversation.say(Type.CUSTOM, head + status(Status.SUCCESS), asked.id)
        else:
            self._complain(asked, Status.UNSUPPORTED_MESSAGE, "no such extension")

    @property
    def _maker(self) -> int:
        return MAKERS[self._model.maker]

    def _get_capabilities(self, body: bytes, _now_ns: int) -> bytes:
        part = capabilities(body[0], self._model.antennas, self._maker, has_utc=self._model.utc)
        if part is None:
            raise RefusedMessageError(Status.FIELD, f"nothing is behind the number {body[0]}")
        return part

    def _get_config(self, body: bytes, _now_ns: int) -> bytes:
        antenna, asked = struct.unpack(">HB", body[:3])
        return told(self._conversation.settings, asked, antenna, self._connected)

    def _set_config(self, body: bytes, now_ns: int) -> bytes:
        self._conversation.settings = changed(self._conversation.settings, body)
        self._conversation.mind_alive(now_ns)
        return b""

    def _close(self, _body: bytes, _now_ns: int) -> bytes:
        self._conversation.ends = True
        return b""

    def _negotiate(self, asked: Message) -> None:
        """Tell the versions, or take one; these messages are always of version 1.1."""
        newest = VERSIONS[self._model.version]
        outcome, head = Status.SUCCESS, b""
        if asked.type == Type.GET_SUPPORTED_VERSION:
            head = bytes((self._conversation.version, newest))
        elif asked.body and 1 <= asked.body[0] <= newest:
            self._conversation.version = asked.body[0]
        else:
            outcome = Status.UNSUPPORTED_VERSION
        answer = message(newest, asked.type + 10, asked.id, head + status(outcome))
        self._conversation.say_as_it_is(answer)


def _nothing(_body: bytes, _now_ns: int) -> bytes:
    return b""
