"""The driver of scales that speak the checkout dialogue 06: price over, weight and amount back.

The dialogue is the table MOVES. A scale weighs only after a price; until somebody names one, it is told the
price 0, which only weighs (as the Odoo module of Coop IT Easy for this dialogue does; a scale that does not
accept it says so). The same goods are weighed once: then the scale answers 21 until they have been lifted,
which is a fault only while a weight is owed to a new price. Sources: see dialog06_records.py.
"""

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.commands import Command, Price, Tare
from edge.drivers.framing import garbled
from edge.drivers.pulse import Pulse
from edge.drivers.scales import dialog06_records as records
from edge.drivers.scales import mass, troubles
from edge.drivers.scales.dialog06_records import ChecksumJudged, ChecksumWanted, Result, Status
from edge.drivers.scales.frames import FrameCutter, between
from edge.drivers.scales.parity import Parity
from edge.drivers.scales.scale import AskedScale, Wish
from edge.readings import DeviceFault, LoadMoving, Nanoseconds, Reading, ScalePriced, Weighed


class Step(Enum):
    """How far the dialogue is."""

    RESTING = auto()
    PRICED = auto()
    ASKED = auto()
    PROVING = auto()
    PROVEN = auto()
    REFUSED = auto()


class Said(Enum):
    """What the scale said last."""

    ACK = auto()
    NAK = auto()
    RESULT = auto()
    STATUS = auto()
    WANTED = auto()
    JUDGED = auto()


_PROOF: Final = b"10"

# (step, what the scale said) -> next step, what is sent. An answer that is not in it is late: it is
# understood, but moves nothing. Every answer is answered, at least with EOT (DIVA, page 55).
MOVES: Final[dict[tuple[Step, Said], tuple[Step, bytes]]] = {
    (Step.PRICED, Said.ACK): (Step.ASKED, records.ASK_RESULT),
    (Step.PRICED, Said.NAK): (Step.REFUSED, records.ASK_STATUS),
    (Step.PRICED, Said.WANTED): (Step.PROVING, _PROOF),
    (Step.ASKED, Said.RESULT): (Step.RESTING, records.EOT),
    (Step.ASKED, Said.NAK): (Step.REFUSED, records.ASK_STATUS),
    (Step.ASKED, Said.WANTED): (Step.PROVING, _PROOF),
    (Step.PROVING, Said.ACK): (Step.PROVEN, records.ASK_RESULT),
    (Step.PROVING, Said.NAK): (Step.REFUSED, records.ASK_STATUS),
    # Right or wrong, the weighing has to be started again.
    (Step.PROVEN, Said.JUDGED): (Step.RESTING, records.EOT),
    (Step.PROVEN, Said.NAK): (Step.REFUSED, records.ASK_STATUS),
    (Step.REFUSED, Said.STATUS): (Step.RESTING, records.EOT),
    (Step.REFUSED, Said.NAK): (Step.RESTING, records.EOT),
}

# First field of a result -> unit and decimals of its weight (DIVA, page 54). 0 means pounds, ounces and
# eighths, whose five digits no manual that we know divides. That 2 (pounds by 0.005) has three decimals is
# our reading.
_WEIGHTS: Final = {1: ("lb", 2), 2: ("lb", 3), 3: ("kg", 3)}

# The weight may be asked for again without a new price.
_AGAIN: Final = {"20", "22"}
_NOT_MOVED: Final = "21"
_STILL_MOVING: Final = "20"
# Nothing, or less than may be sold, lies on a scale that works.
_TOO_LIGHT: Final = "30"
_FAULTS: Final[dict[str, DeviceFault]] = {
    "01": troubles.BROKEN,
    "11": troubles.PRICE_REFUSED,
    "12": troubles.TARE_REFUSED,
    "31": troubles.UNDERLOAD,
    "32": troubles.OVERLOAD,
}
_ERRORS: Final = {
    "02": "the scale received the record with line errors (02)",
    "10": "the scale does not know the record (10)",
    "13": "the scale did not accept the text (13)",
}


# Each question sets a price on the scale's display: twice a second is what a person can follow.
_EVERY_NS: Final = 500_000_000


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between scales that speak dialogue 06."""

    polynomial: Annotated[int, Meta(ge=0x10000, le=0x1FFFF)] | None = None
    """The secret of 17 bits by which the scale checks a checksum; None where nobody has told us."""
    checksum: Annotated[int, Meta(ge=0, le=0xFFFF)] = 0
    """The checksum of the approved checkout software."""
    parity: Parity = "line"
    silence_ms: Annotated[int, Meta(gt=0)] = 3000
    """So long without a valid answer is a fault: three questions that were not answered."""


class Dialog06(AskedScale):
    """Weighed and ScalePriced for each result, which is always steady; a refusal is told by its reason."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._step = Step.RESTING
        self._again = False
        self._owed = True
        self._unit_price_minor = 0
        self._tare_g = 0
        super().__init__(
            lambda: FrameCutter(_measure, records.ACK + records.NAK + b"\x02", records.RECORD_BYTES_MAX),
            Pulse(self._settings.silence_ms * 1_000_000, troubles.silent("Dialog 06")),
            records.ASK_STATUS,
            self._settings.parity,
        )

    def opened(self, now_ns: Nanoseconds) -> None:
        """Start over on a port that has just been opened: the first question changes nothing in the scale."""
        super().opened(now_ns)
        self._step = Step.REFUSED
        self._again = False
        self._owed = True
        self._tare_g = 0

    def command(self, command: Command) -> None:
        """Price and Tare: told to the scale with the next weighing; only a tare that is given in grams."""
        match command:
            case Price(unit_price_minor=unit_price_minor) if 0 <= unit_price_minor <= records.PRICE_MAX:
                self._unit_price_minor = unit_price_minor
                self._owed = True
                self._again = False
            case Price():
                self._wish = Wish.vain(troubles.PRICE_REFUSED)
            case Tare(tare_mg=tare_mg):
                tare_g = -1 if tare_mg is None else mass.digits(tare_mg, 3, "kg")
                if 0 <= tare_g <= records.TARE_G_MAX:
                    self._tare_g = tare_g
                else:
                    self._wish = Wish.vain(troubles.TARE_REFUSED)
            case _:
                pass  # meant for another kind of device

    def _ask(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        if self._again:
            self._step, self._question = Step.ASKED, records.ASK_RESULT
        else:
            self._step = Step.PRICED
            self._question = records.price_record(self._unit_price_minor, self._tare_g)
        self._again = False
        yield from super()._ask(now_ns)

    def _said(self, piece: bytes) -> Iterator[Reading]:
        if piece in {records.ACK, records.NAK}:
            self._move(Said.ACK if piece == records.ACK else Said.NAK)
            yield from self._pulse.alive()
            return
        record = records.understood(piece)
        match record:
            case None:
                yield garbled(piece, "expected record 02, 09 or 11, got something else")
            case Result():
                yield from self._result(piece, record)
                self._move(Said.RESULT)
            case Status(code):
                yield from self._status(piece, code)
                self._move(Said.STATUS)
            case ChecksumWanted(luck):
                yield from self._checksum_wanted(luck)
            case ChecksumJudged(right):
                yield from self._pulse.alive() if right else self._pulse.troubled(troubles.CHECKSUM_REFUSED)
                self._move(Said.JUDGED)

    def _move(self, said: Said, proof: bytes = b"") -> None:
        if move := MOVES.get((self._step, said)):
            self._step, answer = move
            self._outgoing += proof if answer is _PROOF else answer
        if self._step is Step.RESTING:
            self._answered(_EVERY_NS)

    def _result(self, piece: bytes, result: Result) -> Iterator[Reading]:
        if result.state not in _WEIGHTS:
            yield garbled(piece, "expected a weight in kg or decimal pounds, got pounds and ounces")
            return
        unit, decimals = _WEIGHTS[result.state]
        self._owed = False
        yield from self._pulse.well()
        yield Weighed(mass.milligrams(result.weight, decimals, unit), steady=True, net=bool(self._tare_g))
        yield ScalePriced(result.unit_price, result.amount)

    def _status(self, piece: bytes, code: str) -> Iterator[Reading]:
        self._again = code in _AGAIN
        if fault := _FAULTS.get(code):
            yield from self._pulse.troubled(fault)
        elif code == _NOT_MOVED and self._owed:
            yield from self._pulse.troubled(troubles.NOT_MOVED)
        elif code == _TOO_LIGHT:
            yield from self._pulse.well()
        else:
            yield from self._pulse.alive()
            if code == _STILL_MOVING:
                yield LoadMoving()
        if error := _ERRORS.get(code):
            yield garbled(piece, error)

    def _checksum_wanted(self, luck: int) -> Iterator[Reading]:
        if self._settings.polynomial is None:
            self._step = Step.RESTING
            self._outgoing += records.EOT
            self._answered(_EVERY_NS)
            yield from self._pulse.troubled(troubles.CHECKSUM_WANTED)
        else:
            proof = records.checksum_record(self._settings.checksum, self._settings.polynomial, luck)
            self._move(Said.WANTED, proof)
            yield from self._pulse.alive()


_RECORD_MEASURE: Final = between(b"\x02", b"\x03\x04")


def _measure(buffer: bytearray) -> int | None:
    return _RECORD_MEASURE(buffer) if buffer[:1] == b"\x02" else 1


def driver(settings: Mapping[str, Any]) -> Dialog06:
    """A new driver, set as a profile says."""
    return Dialog06(msgspec.convert(settings, Settings))
