"""Which object is it: its glass says its name for a while, and a lamp of its board blinks."""

import contextlib
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.orders import Identify
from edge.offline_queue.bell import LINE_BYTES_MAX, Answered, Said

# A runtime answers within milliseconds, and a loaded board within a second.
_PATIENCE_S: Final = 5.0

# What boards call the lamp that software may have, the best first (Raspberry Pi: ACT, led0; Rockchip and
# others: user, status, work; PWR is a lamp that people may watch for power).
_LAMPS: Final = (r"ACT|led0", r".*(user|status|work|heartbeat).*", r"PWR|led1|.*power.*")
_BLINK_MS: Final = 250


class AwayError(Exception):
    """No runtime answers: the glass is not its own now."""


class _Line(msgspec.Struct, frozen=True):
    """A line of the runtime's: an answer has `ok`, everything else was not asked for."""

    ok: bool | None = None
    error: str | None = None


def show_name(bell: Path, seconds: int) -> Answered:
    """Have the runtime behind `bell` say on its glass who it is. Raises AwayError."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(_PATIENCE_S)
            line.connect(str(bell))
            line.sendall(msgspec.json.encode(Said(identify=Identify(seconds))) + b"\n")
            return _answer(line)
    except (OSError, ValueError) as error:
        raise AwayError(f"{bell}: no runtime answers ({error})") from error


def _answer(line: socket.socket) -> Answered:
    with line.makefile("rb") as lines:
        while said := lines.readline(LINE_BYTES_MAX):
            heard = msgspec.json.decode(said, type=_Line)
            if heard.ok is not None:
                return Answered(heard.ok, heard.error)
    raise ConnectionError("it hung up")


def lamp(leds: Path = Path("/sys/class/leds")) -> Path | None:
    """The lamp of this board; None where it has none that may be blinked."""
    names = sorted(each.name for each in leds.iterdir()) if leds.is_dir() else []
    for pattern in _LAMPS:
        for name in names:
            if re.fullmatch(pattern, name, re.IGNORECASE):
                return leds / name
    return None


@contextlib.contextmanager
def blinking(led: Path) -> Iterator[None]:
    """Have the lamp blink meanwhile; afterwards it does what it did before. Raises OSError."""
    before = re.search(r"\[([^\]]+)\]", (led / "trigger").read_text(encoding="ascii"))
    lit = (led / "brightness").read_text(encoding="ascii")
    (led / "trigger").write_text("timer", encoding="ascii")
    try:
        for name in ("delay_on", "delay_off"):  # the kernel's ledtrig-timer makes both
            (led / name).write_text(str(_BLINK_MS), encoding="ascii")
        yield
    finally:
        (led / "trigger").write_text(before[1] if before else "none", encoding="ascii")
        if before is None or before[1] == "none":
            (led / "brightness").write_text(lit, encoding="ascii")
