"""Calibrations of an object's scales: kept beside the ledger, and written into it at the next start.

Who calibrates holds the scale's port, so the object is at rest then; and nobody but the runtime writes the
journal. So each calibration waits in a file, and has its `operator` entry once the object runs again: exactly
one, however often it starts, since the entry's name is the calibration's.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec

from cloud_sync.contract.facts import Operator
from edge.checkout.books import CALIBRATED
from edge.checkout.ports import Ledger
from edge.config import ObjectConfig
from edge.identity import keep_file
from edge.readings import Milligrams

_log: Final = logging.getLogger("opos.runtime")

_FILE: Final = "calibrations.json"
# A scale that is calibrated each month has its last two years here; older ones are in the journal.
_KEPT_MAX: Final = 24

Pseudonym = Annotated[str, msgspec.Meta(pattern=r"^\w{12,32}$")]
"""Who it was, as the list of staff has it: it stands in an entry for good, so it is no name."""


class Calibration(msgspec.Struct, frozen=True):
    """A scale that told the truth about a known weight: which one, when, before whom, and how far off.

    `id` is random; `source` is what the object calls the scale. `trusted` says whether the clock was,
    `written` whether the journal has it: a journal forgets the names of old entries, and would take it twice.
    """

    id: str
    source: str
    uri: str
    staff: Pseudonym
    at_ms: int
    trusted: bool
    reference_mg: Milligrams
    tolerance_mg: Milligrams
    empties_mg: tuple[Milligrams, ...]
    loads_mg: tuple[Milligrams, ...]
    error_mg: Milligrams
    written: bool = False


class CalibrationsDamagedError(ValueError):
    """The file of calibrations says something else: which file, and what to do."""


def calibrations(data_dir: Path) -> tuple[Calibration, ...]:
    """Those that are kept, the oldest first. Raises CalibrationsDamagedError, OSError."""
    path = data_dir / _FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[Calibration, ...])
    except FileNotFoundError:
        return ()
    except ValueError as error:
        raise CalibrationsDamagedError(
            f"{path}: expected calibrations, got something else ({error}): move it away, and calibrate again"
        ) from error


def keep(data_dir: Path, calibration: Calibration) -> None:
    """Keep one more, durably. Raises CalibrationsDamagedError, OSError."""
    kept = (*calibrations(data_dir), calibration)[-_KEPT_MAX:]
    _keep(data_dir, kept)


async def write_down(config: ObjectConfig, ledger: Ledger) -> None:
    """Give each calibration that has none its entry. What is wrong with the file keeps nobody from selling.

    Raises JournalClosedError.
    """
    try:
        kept = calibrations(config.data_dir)
    except (CalibrationsDamagedError, OSError) as error:
        _log.warning("%s", error)
        return
    waiting = [each for each in kept if not each.written]
    for each in waiting:
        await ledger.append(Operator(each.staff, CALIBRATED, each.source), f"operator/calibration/{each.id}")
    if not waiting:
        return
    try:
        _keep(config.data_dir, [msgspec.structs.replace(each, written=True) for each in kept])
    except OSError as error:  # as a power cut here: the next start says it again, and the journal has it
        _log.warning("%s: cannot be written: %s", config.data_dir / _FILE, error.strerror)


def _keep(data_dir: Path, kept: Sequence[Calibration]) -> None:
    keep_file(data_dir / _FILE, msgspec.json.format(msgspec.json.encode(kept)) + b"\n")
