"""A scale that speaks MT-SICS, levels 0 and 1 (Mettler-Toledo Standard Interface Command Set)."""

import random
import re
from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar, Final, Literal, NamedTuple

from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.devices.scales.display import Display
from simulators.devices.scales.indicator import Seen
from simulators.devices.scales.plate import VERBS
from simulators.devices.scales.scale import HEARD_BYTES_MAX, KEY_VERBS, Scale

LINE_END: Final = b"\r\n"
SYNTAX_ERROR, TRANSMISSION_ERROR, CANNOT = "ES", "ET", "EL"

REPEAT_NS: Final = 100_000_000
# How long `S`, `SR`, `Z` and `T` wait for a steady plate before they give up with `I`.
PATIENCE_NS: Final = 5_000_000_000
# How many decimals of a gram each readability in milligrams gives.
DECIMALS: Final = {10: 2, 100: 1, 1000: 0}
# A weight that a host sends.
WEIGHT: Final = re.compile(r"(?P<grams>\d{1,6})(?:\.(?P<decimals>\d{1,3}))? g")
# `SR` without a threshold: a change that no quiet plate makes by itself.
CHANGE_DIGITS: Final = 5


class Waiting(NamedTuple):
    """A command that needs a steady plate: how it answers, what it does then, and until when it waits."""

    answer: str
    when_steady: Callable[[int], None]
    until_ns: int


class Command(NamedTuple):
    """What a command does; `answer` is the name it answers by, empty where it needs no weighing."""

    level: int
    do: Callable[..., None]
    answer: str = ""
    takes_parameters: bool = False


class MtSicsScale(Scale):
    """The scale itself."""

    kind = "mt-sics"
    baud = 9600
    terminator = LINE_END
    verbs = (*VERBS, *KEY_VERBS)

    def __init__(
        self,
        luck: random.Random,
        *,
        capacity_g: int = 6000,
        readability_mg: int = 100,
        serial: str = "0012345678",
        settle_ms: int = 900,
    ) -> None:
        self._model = f"Simulated {capacity_g} g"
        self._serial = serial
        super().__init__(luck, Display("g", DECIMALS[readability_mg]), capacity_g, settle_ms)

    def _start(self, now_ns: int) -> None:
        """Say the serial number unasked."""
        self._waiting: Waiting | None = None
        self._repeat: Callable[[int], None] | None = None
        self._repeat_ns = now_ns
        self._say_serial("", now_ns)

    # The cable.

    @property
    def wakes_ns(self) -> int | None:
        """When the plate may be steady, when patience ends, or when the next repeated value is due."""
        if self._waiting:
            steady_ns = self._plate.steady_from_ns()
            patient_ns = self._waiting.until_ns
            return patient_ns if steady_ns is None else min(patient_ns, steady_ns)
        return self._repeat_ns if self._repeat else None

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take bytes from the host and obey the lines in them."""
        self._pending += data
        while (end := self._pending.find(LINE_END)) >= 0:
            line = bytes(self._pending[:end])
            del self._pending[: end + len(LINE_END)]
            self._obey_line(line, now_ns)
        if len(self._pending) > HEARD_BYTES_MAX:
            self._pending.clear()
            self._say_line(SYNTAX_ERROR)

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the lines that are due."""
        if self._waiting:
            self._look_again(self._waiting, now_ns)
        elif self._repeat and now_ns >= self._repeat_ns:
            self._repeat_ns = now_ns + REPEAT_NS
            self._repeat(now_ns)
        return super().speak(now_ns)

    def _say_line(self, line: str) -> None:
        self._say(line.encode("ascii") + LINE_END)

    def _text(self, weight_mg: int) -> str:
        """Write a weight in ten characters with sign and point, and its unit."""
        return f"{self._display.text(self._display.digits(weight_mg)):>10} {self._display.unit}"

    def _obey_line(self, line: bytes, now_ns: int) -> None:
        name, _, parameters = line.decode("ascii", "replace").partition(" ")
        command = self._COMMANDS.get(name)
        if not line.isascii():
            self._say_line(TRANSMISSION_ERROR)
        elif command is None or (parameters and not command.takes_parameters):
            self._say_line(SYNTAX_ERROR)
        elif command.answer and self._waiting:
            self._say_line(f"{command.answer} I")  # one weighing command at a time: it is busy
        else:
            command.do(self, parameters, now_ns)

    # Waiting for a steady plate, and saying a weight again and again.

    def _wait(self, answer: str, when_steady: Callable[[int], None], now_ns: int) -> None:
        self._waiting = Waiting(answer, when_steady, now_ns + PATIENCE_NS)

    def _look_again(self, waiting: Waiting, now_ns: int) -> None:
        seen = self._look(now_ns)
        if not seen.beyond and not seen.steady and now_ns < waiting.until_ns:
            return
        self._waiting = None
        if seen.beyond or not seen.steady:
            self._say_line(f"{waiting.answer} {seen.beyond or 'I'}")
        else:
            waiting.when_steady(now_ns)

    def _say_weight(self, now_ns: int) -> None:
        self._say_seen(self._look(now_ns))

    def _say_seen(self, seen: Seen) -> None:
        motion = "S" if seen.steady else "D"
        self._say_line(f"S {seen.beyond or f'{motion} {self._text(seen.net_mg)}'}")

    def _begin_watch(self, now_ns: int) -> None:
        self._told = self._look(now_ns)
        self._say_seen(self._told)
        self._repeat, self._repeat_ns = self._watch, now_ns + REPEAT_NS

    def _watch(self, now_ns: int) -> None:
        """Compare with what was said last, not with the last look: a slow change is a change too."""
        told, seen = self._told, self._look(now_ns)
        moved = not seen.beyond and abs(seen.net_mg - told.net_mg) >= self._threshold_mg
        if moved or seen.beyond != told.beyond:
            self._told = seen
            self._say_seen(seen)
            if not seen.beyond:
                self._wait("S", self._begin_watch, now_ns)

    # The commands.

    def _reset(self, _parameters: str, now_ns: int) -> None:
        """End what waits and what repeats; zero and tare stay."""
        self._waiting = None
        self._repeat = None
        self._say_serial("", now_ns)

    def _stable(self, _parameters: str, now_ns: int) -> None:
        self._repeat = None
        self._wait("S", self._say_weight, now_ns)

    def _at_once(self, _parameters: str, now_ns: int) -> None:
        self._repeat = None
        self._say_weight(now_ns)

    def _at_once_and_again(self, _parameters: str, now_ns: int) -> None:
        self._repeat, self._repeat_ns = self._say_weight, now_ns

    def _on_change(self, parameters: str, now_ns: int) -> None:
        default_mg = CHANGE_DIGITS * self._display.digit_mg
        threshold_mg = weight_mg(parameters) if parameters else default_mg
        if not threshold_mg:
            self._say_line(CANNOT)
        else:
            self._repeat = None
            self._threshold_mg = threshold_mg
            self._wait("S", self._begin_watch, now_ns)

    def _zero(self, _parameters: str, now_ns: int) -> None:
        self._wait("Z", self._zero_steady, now_ns)

    def _zero_steady(self, now_ns: int) -> None:
        self._say_line(f"Z {self._indicator.set_zero(self._look(now_ns)) or 'A'}")

    def _zero_at_once(self, _parameters: str, now_ns: int) -> None:
        seen = self._look(now_ns)
        refused = seen.beyond or self._indicator.set_zero(seen)
        self._say_line(f"ZI {refused or ('S' if seen.steady else 'D')}")

    def _tare(self, _parameters: str, now_ns: int) -> None:
        self._wait("T", lambda then_ns: self._tare_as("T", then_ns), now_ns)

    def _tare_at_once(self, _parameters: str, now_ns: int) -> None:
        self._tare_as("TI", now_ns)

    def _tare_as(self, answer: str, now_ns: int) -> None:
        seen = self._look(now_ns)
        motion = "S" if seen.steady else "D"
        refused = seen.beyond or self._indicator.set_tare(seen.gross_mg)
        self._say_line(f"{answer} {refused or f'{motion} {self._text(self._indicator.tare_mg)}'}")

    def _tare_value(self, parameters: str, _now_ns: int) -> None:
        asked_mg = weight_mg(parameters) if parameters else self._indicator.tare_mg
        if asked_mg is None or self._indicator.set_tare(asked_mg):
            self._say_line(CANNOT)
        else:
            self._say_line(f"TA A {self._text(self._indicator.tare_mg)}")

    def _tare_clear(self, _parameters: str, _now_ns: int) -> None:
        self._indicator.tare_mg = 0
        self._say_line("TAC A")

    def _say_commands(self, _parameters: str, _now_ns: int) -> None:
        names = list(self._COMMANDS)
        for name in names:
            last = "A" if name == names[-1] else "B"
            self._say_line(f'I0 {last} {self._COMMANDS[name].level} "{name}"')

    def _say_levels(self, _parameters: str, _now_ns: int) -> None:
        self._say_line('I1 A "01" "2.00" "2.00" "" ""')

    def _say_model(self, _parameters: str, _now_ns: int) -> None:
        self._say_line(f'I2 A "{self._model}"')

    def _say_software(self, _parameters: str, _now_ns: int) -> None:
        self._say_line('I3 A "1.00"')

    def _say_serial(self, _parameters: str, _now_ns: int) -> None:
        self._say_line(f'I4 A "{self._serial}"')

    _COMMANDS: ClassVar[Mapping[str, Command]] = {
        "@": Command(0, _reset),
        "I0": Command(0, _say_commands),
        "I1": Command(0, _say_levels),
        "I2": Command(0, _say_model),
        "I3": Command(0, _say_software),
        "I4": Command(0, _say_serial),
        "S": Command(0, _stable, "S"),
        "SI": Command(0, _at_once, "S"),
        "SIR": Command(0, _at_once_and_again, "S"),
        "Z": Command(0, _zero, "Z"),
        "ZI": Command(0, _zero_at_once, "ZI"),
        "SR": Command(1, _on_change, "S", takes_parameters=True),
        "T": Command(1, _tare, "T"),
        "TA": Command(1, _tare_value, "TA", takes_parameters=True),
        "TAC": Command(1, _tare_clear, "TAC"),
        "TI": Command(1, _tare_at_once, "TI"),
    }


def weight_mg(text: str) -> int | None:
    """Read a weight that a host sends, `12.5 g`; None when it is none."""
    match = WEIGHT.fullmatch(text)
    return int(match["grams"]) * 1000 + int((match["decimals"] or "0").ljust(3, "0")) if match else None


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such a scale on a bench."""

    capacity_g: Annotated[int, Meta(ge=1, le=300_000)] = 6000
    readability_mg: Literal[10, 100, 1000] = 100
    serial: Annotated[str, Meta(pattern="^[ -!#-~]{1,20}$")] = "0012345678"
    settle_ms: Annotated[int, Meta(ge=1, le=60_000)] = 900

    def device(self, luck: random.Random) -> MtSicsScale:
        """Make the scale."""
        return MtSicsScale(
            luck,
            capacity_g=self.capacity_g,
            readability_mg=self.readability_mg,
            serial=self.serial,
            settle_ms=self.settle_ms,
        )
