"""ZVT messages: class, instruction, length, data; and the link over TCP, where they stand bare."""

from typing import Final, Protocol

import msgspec

LONG: Final = 0xFF
# With this the till may begin a message; the rest of one that does not come in so long is forgotten.
REST_NS: Final = 5_000_000_000
# What a till that reads nothing leaves unsent; a receipt has some forty lines.
UNSENT_MAX: Final = 200


class Apdu(msgspec.Struct, frozen=True):
    """One message; `control` is class and instruction, as in 0x0601."""

    control: int
    data: bytes = b""

    def encoded(self) -> bytes:
        """As it goes over the line: 255 bytes and more have a length of two bytes, the low one first."""
        size = len(self.data)
        length = bytes((size,)) if size < LONG else bytes((LONG,)) + size.to_bytes(2, "little")
        return self.control.to_bytes(2) + length + self.data


def first(pending: bytes | bytearray) -> tuple[Apdu, int] | None:
    """The message that `pending` begins with and how many bytes it takes; None while it is not complete."""
    if len(pending) < 3:
        return None
    starts, size = 3, pending[2]
    if size == LONG:
        if len(pending) < 5:
            return None
        starts, size = 5, int.from_bytes(pending[3:5], "little")
    if len(pending) < starts + size:
        return None
    return Apdu(int.from_bytes(pending[:2]), bytes(pending[starts : starts + size])), starts + size


class Link(Protocol):
    """What carries messages between terminal and till."""

    @property
    def wakes_ns(self) -> int | None:
        """When it has something to say again by itself."""

    @property
    def delivering(self) -> bool:
        """Whether something is out that the other side has not taken yet."""

    def receive(self, data: bytes, now_ns: int) -> list[Apdu]:
        """Take bytes cut in any way and give the messages that are complete."""

    def send(self, apdu: Apdu) -> None:
        """Put a message in the row."""

    def said(self, now_ns: int) -> list[bytes]:
        """Give what goes over the line now."""

    def forget(self) -> None:
        """Begin anew, as for another till."""


class BareLink:
    """TCP: messages glued or split as the network likes."""

    wakes_ns = None
    delivering = False

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as for another till."""
        self._pending = bytearray()
        self._heard_ns = 0
        self._unsent: list[bytes] = []

    def receive(self, data: bytes, now_ns: int) -> list[Apdu]:
        """Take bytes cut in any way and give the messages that are complete."""
        if now_ns - self._heard_ns > REST_NS:
            self._pending.clear()
        self._heard_ns = now_ns
        self._pending += data
        heard = []
        while found := first(self._pending):
            heard.append(found[0])
            del self._pending[: found[1]]
        return heard

    def send(self, apdu: Apdu) -> None:
        """Put a message in the row."""
        if len(self._unsent) < UNSENT_MAX:
            self._unsent.append(apdu.encoded())

    def said(self, _now_ns: int) -> list[bytes]:
        """Give what goes over the line now."""
        unsent, self._unsent = self._unsent, []
        return unsent
