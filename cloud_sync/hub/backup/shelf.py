"""A directory of backups that is filled every night: each has the time in its name, and the oldest go."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_SUFFIX: Final = "opos-backup"
_PART: Final = ".part"
_NAME: Final = re.compile(rf"hub-\d{{8}}T\d{{9}}Z\.{_SUFFIX}", re.ASCII)


def place(directory: Path, now_ms: int) -> Path:
    """The name for a backup of this moment."""
    seconds, thousandths = divmod(now_ms, 1_000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return directory / f"hub-{moment:%Y%m%dT%H%M%S}{thousandths:03d}Z.{_SUFFIX}"


def clear(directory: Path, keep: int) -> list[Path]:
    """Remove all but the newest `keep` backups of our names, and what interrupted ones left; which went.

    `safe` is what the newest one holds, so it must be there before this is called.
    """
    ours = sorted(path for path in directory.iterdir() if _NAME.fullmatch(path.name.removesuffix(_PART)))
    whole = [path for path in ours if path.suffix != _PART]
    # A part that is older than the newest backup is nobody's work any more.
    gone = whole[: -max(keep, 1)] + [path for path in ours if path.suffix == _PART and path < whole[-1]]
    for path in gone:
        path.unlink()
    return gone
