"""A scale that speaks MT-SICS, levels 0 and 1 (Mettler-Toledo Standard Interface Command Set)."""

import random
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, NamedTuple

from simulators.devices.device import SAID_FRAMES_MAX
from simulators.devices.indicator import Indicator, Seen, weight_mg
from simulators.devices.plate import VERBS, Plate

LINE_END: Final = b"\r\n"
# The longest command of these levels is TA with a weight, 16 bytes; 64 without a line end are no command.
LINE_BYTES_MAX: Final = 64
SYNTAX_ERROR, TRANSMISSION_ERROR, CANNOT = "ES", "ET", "EL"

REPEAT_NS: Final = 100_000_000
# How long `S`, `SR`, `Z` and `T` wait for a steady plate before they give up with `I`.
PATIENCE_NS: Final = 5_000_000_000
SETTLE_NS: Final = 900_000_000
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


class MtSicsScale:
    """The scale itself; `luck` decides how its readings tremble."""

    kind = "mt-sics"
    baud = 9600
    terminator = LINE_END
    verbs: tuple[str, ...] = VERBS

    def __init__(
        self,
        luck: random.Random,
        *,
        capacity_g: int = 6000,
        readability_mg: int = 100,
        serial: str = "0012345678",
        settle_ns: int = SETTLE_NS,
    ) -> None:
        self._model = f"Simulated {capacity_g} g"
        self._serial = serial
        self._plate = Plate(luck, readability_mg, settle_ns)
        self._indicator = Indicator(self._plate, capacity_g, readability_mg)
        self.power_on(0)

    def power_on(self, now_ns: int, /) -> None:
        """Start over at the calibrated zero, without tare, and say the serial number unasked."""
        self._pending = bytearray()
        self._said: list[bytes] = []
        self._indicator.power_on()
        self._waiting: Waiting | None = None
        self._repeat: Callable[[int], None] | None = None
        self._repeat_ns = now_ns
        self._say_serial("", now_ns)

    # The hand.

    def put(self, mass_mg: int, now_ns: int = 0) -> None:
        """Lay goods on the plate."""
        self._plate.put(mass_mg, now_ns)

    def take(self, mass_mg: int, now_ns: int = 0) -> None:
        """Take goods off the plate."""
        self._plate.take(mass_mg, now_ns)

    def lean(self, mass_mg: int, now_ns: int = 0) -> None:
        """Lean on the plate: no reading is stable until `lean(0)`."""
        self._plate.lean(mass_mg, now_ns)

    def shake(self, until_ns: int, /) -> None:
        """Shake the floor: no reading is stable until then."""
        self._plate.shake(until_ns)

    def obey(self, order: Mapping[str, Any], now_ns: int, /) -> None:
        """Do what a hand asks."""
        self._plate.obey(order, now_ns)

    def world(self) -> dict[str, Any]:
        """Say what lies on the plate."""
        return self._plate.world()

    def restore(self, world: Mapping[str, Any], now_ns: int, /) -> None:
        """Put everything back on the plate."""
        self._plate.restore(world, now_ns)

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
        if len(self._pending) > LINE_BYTES_MAX:
            self._pending.clear()
            self._say(SYNTAX_ERROR)

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the lines that are due."""
        if self._waiting:
            self._look_again(self._waiting, now_ns)
        elif self._repeat and now_ns >= self._repeat_ns:
            self._repeat_ns = now_ns + REPEAT_NS
            self._repeat(now_ns)
        said, self._said = self._said, []
        return said

    def _say(self, line: str) -> None:
        if len(self._said) < SAID_FRAMES_MAX:
            self._said.append(line.encode("ascii") + LINE_END)

    def _obey_line(self, line: bytes, now_ns: int) -> None:
        name, _, parameters = line.decode("ascii", "replace").partition(" ")
        command = self._COMMANDS.get(name)
        if not line.isascii():
            self._say(TRANSMISSION_ERROR)
        elif command is None or (parameters and not command.takes_parameters):
            self._say(SYNTAX_ERROR)
        elif command.answer and self._waiting:
            self._say(f"{command.answer} I")  # one weighing command at a time: it is busy
        else:
            command.do(self, parameters, now_ns)

    # Waiting for a steady plate, and saying a weight again and again.

    def _wait(self, answer: str, when_steady: Callable[[int], None], now_ns: int) -> None:
        self._waiting = Waiting(answer, when_steady, now_ns + PATIENCE_NS)

    def _look_again(self, waiting: Waiting, now_ns: int) -> None:
        seen = self._indicator.look(now_ns)
        if not seen.beyond and not seen.steady and now_ns < waiting.until_ns:
            return
        self._waiting = None
        if seen.beyond or not seen.steady:
            self._say(f"{waiting.answer} {seen.beyond or 'I'}")
        else:
            waiting.when_steady(now_ns)

    def _say_weight(self, now_ns: int) -> None:
        self._say_seen(self._indicator.look(now_ns))

    def _say_seen(self, seen: Seen) -> None:
        motion = "S" if seen.steady else "D"
        self._say(f"S {seen.beyond or f'{motion} {self._indicator.text(seen.net_mg)}'}")

    def _begin_watch(self, now_ns: int) -> None:
        self._told = self._indicator.look(now_ns)
        self._say_seen(self._told)
        self._repeat, self._repeat_ns = self._watch, now_ns + REPEAT_NS

    def _watch(self, now_ns: int) -> None:
        """Compare with what was said last, not with the last look: a slow change is a change too."""
        told, seen = self._told, self._indicator.look(now_ns)
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
        default_mg = CHANGE_DIGITS * self._indicator.readability_mg
        threshold_mg = weight_mg(parameters) if parameters else default_mg
        if not threshold_mg:
            self._say(CANNOT)
        else:
            self._repeat = None
            self._threshold_mg = threshold_mg
            self._wait("S", self._begin_watch, now_ns)

    def _zero(self, _parameters: str, now_ns: int) -> None:
        self._wait("Z", self._zero_steady, now_ns)

    def _zero_steady(self, now_ns: int) -> None:
        self._say(f"Z {self._indicator.set_zero(self._indicator.look(now_ns)) or 'A'}")

    def _zero_at_once(self, _parameters: str, now_ns: int) -> None:
        seen = self._indicator.look(now_ns)
        refused = seen.beyond or self._indicator.set_zero(seen)
        self._say(f"ZI {refused or ('S' if seen.steady else 'D')}")

    def _tare(self, _parameters: str, now_ns: int) -> None:
        self._wait("T", lambda then_ns: self._tare_as("T", then_ns), now_ns)

    def _tare_at_once(self, _parameters: str, now_ns: int) -> None:
        self._tare_as("TI", now_ns)

    def _tare_as(self, answer: str, now_ns: int) -> None:
        seen = self._indicator.look(now_ns)
        motion = "S" if seen.steady else "D"
        refused = seen.beyond or self._indicator.set_tare(seen.gross_mg)
        self._say(f"{answer} {refused or f'{motion} {self._indicator.text(self._indicator.tare_mg)}'}")

    def _tare_value(self, parameters: str, _now_ns: int) -> None:
        asked_mg = weight_mg(parameters) if parameters else self._indicator.tare_mg
        if asked_mg is None or self._indicator.set_tare(asked_mg):
            self._say(CANNOT)
        else:
            self._say(f"TA A {self._indicator.text(self._indicator.tare_mg)}")

    def _tare_clear(self, _parameters: str, _now_ns: int) -> None:
        self._indicator.tare_mg = 0
        self._say("TAC A")

    def _say_commands(self, _parameters: str, _now_ns: int) -> None:
        names = list(self._COMMANDS)
        for name in names:
            last = "A" if name == names[-1] else "B"
            self._say(f'I0 {last} {self._COMMANDS[name].level} "{name}"')

    def _say_levels(self, _parameters: str, _now_ns: int) -> None:
        self._say('I1 A "01" "2.00" "2.00" "" ""')

    def _say_model(self, _parameters: str, _now_ns: int) -> None:
        self._say(f'I2 A "{self._model}"')

    def _say_software(self, _parameters: str, _now_ns: int) -> None:
        self._say('I3 A "1.00"')

    def _say_serial(self, _parameters: str, _now_ns: int) -> None:
        self._say(f'I4 A "{self._serial}"')

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
