"""The pictures of goods, kept by their hash: what is wanted here is written down, and what has come is there.

The agent fetches what `wanted` names, and lays it beside that file under its hash. Whoever shows a picture
asks for it each time: one that is missing, or torn, is no fault, and the goods are shown without it.
"""

import hashlib
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cloud_sync.contract.documents import CHUNK_BYTES_MAX, PICTURES_WANTED_MAX, WANTED

_log: Final = logging.getLogger("opos.checkout")

_LINE_END: Final = "\n"


class Pictures:
    """The folder of pictures of one object."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def want(self, images: Iterable[str]) -> None:
        """Say which pictures (SHA-256 in hexadecimal) are wanted from now on, the first ones first.

        Where that cannot be written down, on a full card above all, the log says so and none is fetched.
        """
        wanted = list(dict.fromkeys(images))[:PICTURES_WANTED_MAX]
        text = "".join(f"{sha256}{_LINE_END}" for sha256 in wanted)
        path = self._directory / WANTED
        try:
            _keep(path, text.encode("ascii"))
        except OSError as error:
            _log.warning("%s: cannot be written, and no picture is fetched: %s", path, error.strerror)

    def picture(self, sha256: str) -> bytes | None:
        """The bytes of a picture; None as long as it has not come whole."""
        try:
            with (self._directory / sha256).open("rb") as file:
                data = file.read(CHUNK_BYTES_MAX + 1)
        except FileNotFoundError:
            return None
        return data if hashlib.sha256(data).hexdigest() == sha256 else None


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_bytes() == data:
        return
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
