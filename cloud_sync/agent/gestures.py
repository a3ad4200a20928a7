"""Telemetry on its way up: told once, never again, and given up as soon as the line has taken it."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from cloud_sync.agent.duty import Duty
from cloud_sync.agent.ports import Lane
from cloud_sync.agent.voice import Voice
from cloud_sync.contract.telemetry import (
    BODY_BYTES_MAX,
    ITEMS_MAX,
    TelemetryItem,
    TelemetryPiece,
    pack_piece,
)
from cloud_sync.mqtt import Outgoing

_log = logging.getLogger(__name__)

# Nobody watches gestures live. A piece every two seconds keeps them out of the way of what counts.
INTERVAL_S: Final = 2.0
# A day's lane of 10,000 items is told within a minute and a half, and never fills the window of the line.
_NEXT_S: Final = 0.2
# Bytes of bodies in one piece: far below what a payload may expand to.
_PIECE_BYTES_MAX: Final = 96 * 1024
# A row's seq, time and kind beside its body.
_ITEM_BYTES: Final = 48
# The broker forgets a piece that found no hub: it is no record of anything.
_EXPIRY_S: Final = 60


class Gestures:
    """One object's telemetry. `sent` hears which items the line has taken: they may be deleted."""

    def __init__(self, voice: Voice, lane: Lane, sent: Callable[[str, int], None], duty: Duty) -> None:
        self._voice = voice
        self._lane = lane
        self._sent = sent
        self._duty = duty
        self._flowing = asyncio.Event()
        self._read: tuple[str, int] = ("", 0)  # which lane, and up to which item it is told
        self.told = 0
        self.dropped = 0

    def flow(self, up: bool) -> None:
        """Whether the hub answers: without it nothing is told, and the lane keeps what it can."""
        if up and self._duty.telemetry:
            self._flowing.set()
        else:
            self._flowing.clear()

    async def run(self) -> None:
        """Tell, for ever."""
        while True:
            await self._flowing.wait()
            more = self._tell()
            await asyncio.sleep(_NEXT_S if more else INTERVAL_S)

    def _tell(self) -> bool:
        """Tell one piece; whether more waits."""
        piece = self._next()
        if piece is None:
            return False
        items = _fitting(piece.items)
        if items and not self._voice.publish(self._outgoing(piece, items)):
            return False
        # An item that is too long for the line was looked at as well: nobody waits for it.
        last = items[-1].seq if items else piece.items[-1].seq
        self._read = (piece.lane, last)
        self.told += len(items)
        self._sent(piece.lane, last)
        return last < piece.items[-1].seq or len(piece.items) == ITEMS_MAX

    def _next(self) -> TelemetryPiece | None:
        lane, seq = self._read
        piece = self._lane.after(seq, ITEMS_MAX)
        if piece is not None and piece.lane != lane:
            self._read = (piece.lane, 0)  # a new file counts from 1 again
            piece = self._lane.after(0, ITEMS_MAX)
        if piece is None:
            return None
        self.dropped = piece.dropped
        return piece if piece.items else None

    def _outgoing(self, piece: TelemetryPiece, items: tuple[TelemetryItem, ...]) -> Outgoing:
        packed = pack_piece(TelemetryPiece(piece.dev, piece.lane, piece.dropped, piece.replaced, items))
        return Outgoing(self._voice.address.up("telemetry"), packed, qos=0, expiry_s=_EXPIRY_S)


def _fitting(items: tuple[TelemetryItem, ...]) -> tuple[TelemetryItem, ...]:
    """As many of the first items as one piece takes, without those that no piece takes."""
    size, fitting = 0, []
    for item in items:
        if len(item.body) > BODY_BYTES_MAX:
            continue
        size += _ITEM_BYTES + len(item.body)
        if size > _PIECE_BYTES_MAX:
            break
        fitting.append(item)
    return tuple(fitting)
