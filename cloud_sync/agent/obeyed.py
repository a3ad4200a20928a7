"""The orders that were obeyed, in a small file: one that is repeated is answered, and not done twice."""

import logging
import os
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.orders import Order
from cloud_sync.contract.requests import CommandDone

_log = logging.getLogger(__name__)

# Orders are void within a day; a person who gives more than this in a day is a program gone wrong.
KEPT_MAX: Final = 64


class _Kept(msgspec.Struct, frozen=True):
    expires_ms: int
    done: CommandDone


class Obeyed:
    """What became of the last orders. A file that cannot be read or written costs only its memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = _read(path)

    def outcome(self, order_id: str) -> CommandDone | None:
        """What became of an order; None if it was not obeyed here."""
        kept = self._kept.get(order_id)
        return None if kept is None else kept.done

    def keep(self, order: Order, done: CommandDone) -> None:
        """Remember what became of `order`, at the price of those that have been void the longest."""
        self._kept[order.id] = _Kept(order.expires_ms, done)
        for oldest in sorted(self._kept, key=lambda known: self._kept[known].expires_ms)[:-KEPT_MAX]:
            del self._kept[oldest]
        try:
            _write(self._path, msgspec.json.encode(self._kept))
        except OSError as error:
            _log.warning("%s: order %s is not remembered: %s", self._path, order.id, error.strerror)


def _read(path: Path) -> dict[str, _Kept]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, _Kept])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        _log.warning("%s: what was obeyed before is forgotten: %s", path, error)
        return {}


def _write(path: Path, data: bytes) -> None:
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
