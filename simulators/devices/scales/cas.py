"""A scale with CAS's handshake for tills: ENQ, ACK, then DC1 for the weight or DC2 for weight and prices.

Ohaus Aviator 7000 service manual, section 6.1.1; CAS calls it type 6.
"""

import random
from functools import reduce
from operator import xor
from typing import Annotated, Literal

from msgspec import Meta

from simulators.devices.scales.display import money, retail
from simulators.devices.scales.indicator import OVERLOAD, Seen
from simulators.devices.scales.scale import RetailPart, Scale

SOH, STX, ETX, EOT, ENQ, ACK, DC1, DC2, NAK = (bytes((code,)) for code in (1, 2, 3, 4, 5, 6, 17, 18, 21))
# The total and the unit price have eight places, the point among them.
MONEY_PLACES, MONEY_MAX = 8, 99_999_99


class Part(RetailPart, frozen=True, forbid_unknown_fields=True):
    """Such a scale on a bench.

    `overload_in`: the manual says F in the place of the sign, public drivers of CAS's own scales expect it in
    the place of the state. `unit_price_minor` is what is keyed in at the scale.
    """

    overload_in: Literal["sign", "state"] = "sign"
    unit_price_minor: Annotated[int, Meta(ge=0, le=999_999)] = 0

    def device(self, luck: random.Random) -> "Cas":
        """Make the scale."""
        return Cas(luck, self)


class Cas(Scale):
    """The scale itself."""

    kind = "cas"
    baud = 9600
    terminator = EOT
    breakable = ("electronics",)

    def __init__(self, luck: random.Random, part: Part) -> None:
        self._overload_in = part.overload_in
        self._unit_price_minor = part.unit_price_minor
        super().__init__(luck, retail(part.unit, part.step), part.capacity_g, part.settle_ms)

    def _start(self, _now_ns: int) -> None:
        self._enquired = False

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take bytes from the host: each is a whole word, and what is none is passed over."""
        for code in data:
            byte = bytes((code,))
            if byte == ENQ:
                self._enquired = not self._broken
                self._say(ACK if self._enquired else NAK)
            elif byte in (DC1, DC2):
                self._answer(byte, now_ns)

    def _answer(self, asked: bytes, now_ns: int) -> None:
        if not self._enquired:
            self._say(NAK)
            return
        self._enquired = False
        seen = self._look(now_ns)
        weight = block(self._weight(seen))
        if asked == DC1:
            self._say(SOH + weight + EOT)
        else:
            self._say(SOH + block(self._total(seen)) + weight + block(amount(self._unit_price_minor)) + EOT)

    def _weight(self, seen: Seen) -> str:
        digits = self._display.digits(seen.net_mg)
        state, sign = "S" if seen.steady else "U", "-" if digits < 0 else " "
        if seen.beyond == OVERLOAD:
            state, sign = (state, "F") if self._overload_in == "sign" else ("F", sign)
        return state + sign + self._display.text(abs(digits)).zfill(6) + self._display.unit

    def _total(self, seen: Seen) -> str:
        cents = max(0, self._display.digits(seen.net_mg)) * self._unit_price_minor
        unit = 10**self._display.decimals
        return amount((cents + unit // 2) // unit)


def block(text: str) -> bytes:
    """Put a text between STX and ETX, its check before ETX: all bytes between them, exclusive-or."""
    body = text.encode("ascii")
    return STX + body + bytes((reduce(xor, body),)) + ETX


def amount(amount_minor: int) -> str:
    """Write an amount in eight places; one that has more is cut to the greatest."""
    return money(min(amount_minor, MONEY_MAX)).zfill(MONEY_PLACES)
