"""An object's file written anew: checked first, as open and whose as it was, the old one kept beside it."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from edge.config import ConfigError, without_trust
from edge.identity import keep_file
from edge.offline_queue.ledger import sync_directory

_ROOT: Final = Path("/")
_OPEN: Final = 0o644


def rewrite(
    file: Path,
    after: bytes,
    *,
    old: str = "before",
    below: Path = _ROOT,
    about_to: Callable[[], object] = lambda: None,
) -> Path | None:
    """Have `file` say `after`; where what it said is kept, None if it said nothing.

    The check is that of a start, in a system whose root is `below`; `about_to` is called once it is passed.
    Raises ConfigError, OSError.
    """
    draft = draft_of(file)
    keep_alike(draft, after, file)
    try:
        checked(draft, file, below)
        about_to()
        kept = None
        if file.exists():
            kept = file.with_name(f"{file.name}.{old}")
            keep_alike(kept, file.read_bytes(), file)
        give_name(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    return kept


def draft_of(file: Path) -> Path:
    """What is to become `file`, before it has its name."""
    return file.with_name(f"{file.name}.new")


def keep_alike(path: Path, data: bytes, like: Path, *, new: int = _OPEN) -> None:
    """Keep `data` in `path`, whose and as open as `like` is; of mode `new` if there is no such file.

    Raises OSError.
    """
    try:
        was = like.stat()
    except FileNotFoundError:
        keep_file(path, data, mode=new)
        return
    keep_file(path, data, mode=stat.S_IMODE(was.st_mode))
    now = path.stat()
    if os.geteuid() == 0 and (now.st_uid, now.st_gid) != (was.st_uid, was.st_gid):
        os.chown(path, was.st_uid, was.st_gid)


def give_name(draft: Path, file: Path) -> None:
    """Have the draft take the name, power cut or not. Raises OSError."""
    draft.replace(file)
    sync_directory(file.parent)


def checked(draft: Path, file: Path, below: Path = _ROOT) -> None:
    """Return if an object could start with the draft; raises ConfigError, which names `file`."""
    try:
        without_trust(draft, below)
    except ConfigError as error:  # the draft is gone as soon as somebody could look
        raise ConfigError(file, f"not changed: {str(error).removeprefix(f'{draft}: ')}") from error
