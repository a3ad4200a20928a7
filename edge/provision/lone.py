"""Being the only one at work on an object: a lock that goes with its process, however that ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone_with(lock: Path, refusal: Exception) -> Iterator[None]:
    """Hold `lock` meanwhile; raises `refusal` where somebody else does, and OSError."""
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Never through a link: the directory is the service's own, and root is at work in it.
    file = os.open(lock, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise refusal from error
        yield
    finally:
        os.close(file)
