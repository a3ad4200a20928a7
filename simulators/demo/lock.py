"""One supervisor a directory: the second one is told where the first one is."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulators.demo.bad_days import BadDayError


@contextmanager
def locked(path: Path, address: str) -> Iterator[None]:
    """Hold the lock at `path`, which says who holds it and at which `address`; raises BadDayError if held.

    The kernel lets go of it when this process ends, however that happens.
    """
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise _held(path.parent, file.read()) from error
        file.truncate(0)
        file.write(f"{os.getpid()} {address}\n")
        file.flush()
        yield


def _held(directory: Path, text: str) -> BadDayError:
    pid, _, address = text.strip().partition(" ")
    return BadDayError(
        f"A demo runs in {directory} already (process {pid or '?'}, {address or 'address unknown'}): "
        f"stop it with `kill {pid or 'PID'}`, or start another with `opos demo --dir DIR --port-base 9100`."
    )
