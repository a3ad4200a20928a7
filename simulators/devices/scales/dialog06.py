"""A price-computing scale that speaks Dialog 06: records between STX and ETX, and a status for every refusal.

Mettler-Toledo DIVA Service Manual 72191202, pages 54 and 55; Ohaus Aviator 7000 service manual, pages 38 to
45; Dibal DPOS-400 manual, page 56.
"""

import random
from typing import Annotated, Final

from msgspec import Meta

from simulators.devices.scales.checksums import Demand
from simulators.devices.scales.display import retail
from simulators.devices.scales.indicator import OVERLOAD, Seen
from simulators.devices.scales.plate_device import MILLISECOND_NS
from simulators.devices.scales.scale import HEARD_BYTES_MAX, RetailPart, Scale

STX, ETX, EOT, ENQ, ACK, NAK, ESC = 0x02, 0x03, 0x04, 0x05, 0x06, 0x15, "\x1b"
UNIT_CODES: Final = {"kg": "3", "lb": "1"}

# What record 09 says of the last refusal.
FINE, GENERAL, PARITY, BAD_RECORD, BAD_PRICE, BAD_TARE, BAD_TEXT = "00", "01", "02", "10", "11", "12", "13"
MOVING, NOT_MOVED, NOT_FINISHED, TOO_LIGHT, BELOW_ZERO, TOO_HEAVY = "20", "21", "22", "30", "31", "32"
# After these the host may ask again; after all others it begins the weighing anew.
PASSING: Final = (MOVING, NOT_FINISHED)
# After these it trusts no till that has not proved itself again; the others are no error of anybody.
ERRORS: Final = (GENERAL, PARITY, BAD_RECORD, BAD_PRICE, BAD_TARE, BAD_TEXT)
# The fields of the records that begin a weighing: price, tare, text.
BEGINNINGS: Final = {"01": "p", "03": "pt", "04": "px", "05": "ptx"}
PRICE_DIGITS, TARE_DIGITS, TEXT_LETTERS = (5, 6), 4, 13
AMOUNT_MAX: Final = 999_999
# The least that a shop's scale of class III may weigh, in its own steps (OIML R 76).
MINIMUM_STEPS: Final = 20


class Part(RetailPart, frozen=True, forbid_unknown_fields=True):
    """Such a scale on a bench.

    `polynomial` is the secret of scales and tills, seventeen bits in hexadecimal; without one it asks for no
    checksums. `measure_ms` is how long a weighing takes once the price is known.
    """

    measure_ms: Annotated[int, Meta(ge=0, le=10_000)] = 50
    polynomial: Annotated[str, Meta(pattern="^(1[0-9A-F]{4})?$")] = ""

    def device(self, luck: random.Random) -> "Dialog06":
        """Make the scale."""
        return Dialog06(luck, self)


class Dialog06(Scale):
    """The scale itself."""

    kind = "dialog06"
    baud = 9600
    terminator = bytes((ETX,))
    breakable = ("electronics",)

    def __init__(self, luck: random.Random, part: Part) -> None:
        self._measure_ns = part.measure_ms * MILLISECOND_NS
        self._demand = Demand(luck, part.polynomial)
        super().__init__(luck, retail(part.unit, part.step), part.capacity_g, part.settle_ms)

    def _start(self, _now_ns: int) -> None:
        self._after_eot = False
        self._record: bytearray | None = None
        self._price = ""
        self._verdict = ""
        self._status = FINE
        self._finished_ns = 0
        self._sold_ns: int | None = None
        self._demand.power_on()

    # The line: EOT, then ENQ or a record.

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take bytes from the host; EOT begins anew, whatever came before it."""
        for byte in data:
            if byte == EOT:
                self._after_eot, self._record = True, None
            elif self._record is not None:
                self._hear_record(self._record, byte, now_ns)
            elif self._after_eot:
                self._after_eot = False
                if byte == ENQ:
                    self._weigh(now_ns)
                elif byte == STX:
                    self._record = bytearray()

    def _hear_record(self, record: bytearray, byte: int, now_ns: int) -> None:
        record.append(byte)
        if byte == ETX or len(record) > HEARD_BYTES_MAX:
            self._record = None
            # Seven bits and parity: an eighth bit is a byte that was hit.
            if byte != ETX or not record.isascii():
                self._refuse(PARITY)
            else:
                self._obey_record(*record[:-1].decode("ascii").split(ESC), now_ns=now_ns)

    def _obey_record(self, number: str, *fields: str, now_ns: int) -> None:
        if number in BEGINNINGS:
            self._begin(BEGINNINGS[number], fields, now_ns)
        elif number == "08":
            self._say_record("09", self._status)
        elif number == "10" and self._demand.waits:
            self._verdict = "1" if self._demand.met(fields) else "0"
            self._acknowledge()
        else:
            self._refuse(BAD_RECORD)

    def _say_record(self, *fields: str) -> None:
        self._say(bytes((STX,)) + ESC.join(fields).encode("ascii") + bytes((ETX,)))

    def _acknowledge(self) -> None:
        self._status = FINE
        self._say(bytes((ACK,)))

    def _refuse(self, status: str) -> None:
        self._status = status
        if status not in PASSING:
            self._price = ""
        if status in ERRORS:
            self._demand.error_happened()
        self._say(bytes((NAK,)))

    # A weighing: price, perhaps tare and text; then the weight.

    def _begin(self, kinds: str, fields: tuple[str, ...], now_ns: int) -> None:
        self._price, self._verdict = "", ""
        # Record 01 has an ESC at its end, the others have not.
        fields = fields[:-1] if kinds == "p" and fields[1:] == ("",) else fields
        if self._demand.due:
            self._say_record("11", f"2{self._demand.ask()}")
        elif len(fields) != len(kinds):
            self._refuse(BAD_RECORD)
        elif status := self._wrong(dict(zip(kinds, fields, strict=True))):
            self._refuse(status)
        else:
            self._price = fields[0]
            self._finished_ns = now_ns + self._measure_ns
            self._acknowledge()

    def _wrong(self, fields: dict[str, str]) -> str:
        """Check the fields and take the tare; say what is wrong, or nothing."""
        price, tare, text = fields["p"], fields.get("t", "0000"), fields.get("x", "")
        if not price.isdigit() or len(price) not in PRICE_DIGITS:
            return BAD_PRICE
        if not tare.isdigit() or len(tare) != TARE_DIGITS:
            return BAD_TARE
        if len(text) > TEXT_LETTERS:
            return BAD_TEXT
        return BAD_TARE if self._indicator.set_tare(round(self._display.worth_mg(int(tare)))) else ""

    def _weigh(self, now_ns: int) -> None:
        if self._verdict:
            self._say_record("11", self._verdict)
            self._verdict = ""
            return
        seen = self._look(now_ns)
        if status := self._trouble(seen, now_ns):
            self._refuse(status)
        else:
            self._sell(self._display.digits(seen.net_mg), now_ns)

    def _trouble(self, seen: Seen, now_ns: int) -> str:
        digits = self._display.digits(seen.net_mg)
        troubles = {
            GENERAL: not self._price or bool(self._broken),
            TOO_HEAVY: seen.beyond == OVERLOAD,
            MOVING: not seen.steady,
            BELOW_ZERO: digits < 0,
            TOO_LIGHT: digits < MINIMUM_STEPS * self._display.step,
            NOT_MOVED: self._sold_ns is not None and self._plate.moved_ns <= self._sold_ns,
            NOT_FINISHED: now_ns < self._finished_ns,
        }
        return next((status for status, so in troubles.items() if so), "")

    def _sell(self, digits: int, now_ns: int) -> None:
        unit = 10**self._display.decimals
        amount = (digits * int(self._price) + unit // 2) // unit
        if amount > AMOUNT_MAX:
            self._refuse(GENERAL)
            return
        self._say_record("02", UNIT_CODES[self._display.unit], f"{digits:05d}", self._price, f"{amount:06d}")
        self._price, self._status, self._sold_ns = "", FINE, now_ns
        self._demand.weighed()
