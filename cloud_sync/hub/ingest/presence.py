"""What objects tell of themselves: online or not, and how far they are; shown to people, never counted by."""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from cloud_sync.contract.state import ObjectState
from cloud_sync.hub.ingest.opening import EPOCH_CHARS_MAX, RefusedError, count, speaker
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from cloud_sync.hub.store.upsert import upsert
from retail.units import INTEGER_MAX


class Presence:
    """Keeps the last state of each object."""

    def __init__(self, store: Store, clock_ms: Callable[[], int]) -> None:
        self._store, self._clock_ms = store, clock_ms

    def take(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Take one state; a `retained` one was said before we listened, so it does not count as heard now."""
        now_ms = self._clock_ms()
        try:
            dev = speaker(self._store, topic).address.object
            state = _state(dev, payload)
        except RefusedError as refused:
            count(self._store, refused, now_ms)
            return
        with self._store.writing() as connection:
            _keep(connection, dev, state, 0 if retained else now_ms)


def _state(dev: str, payload: bytes) -> ObjectState:
    try:
        state = msgspec.json.decode(payload, type=ObjectState)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError("state", dev, f"{dev}: expected an object's state: {error}") from error
    numbers_fit = all(0 <= number <= INTEGER_MAX for number in (state.head, state.acked, state.at_ms))
    if not numbers_fit or len(state.epoch) > EPOCH_CHARS_MAX:
        raise RefusedError("state", dev, f"{dev}: its state has a number or an epoch that no journal has")
    return state


def _keep(connection: Connection, dev: str, state: ObjectState, heard_ms: int) -> None:
    told: dict[str, int | str] = {"online": int(state.online)}
    if state.epoch:  # a last will knows only that the object is gone: what it said before stays
        told |= {"epoch": state.epoch, "head": state.head, "acked": state.acked}
    if heard_ms:
        told["heard_ms"] = heard_ms
    nothing = {"epoch": "", "head": 0, "acked": 0, "heard_ms": 0}
    row = upsert(connection, schema.presence).values(dev=dev, **{**nothing, **told})
    connection.execute(row.on_conflict_do_update(index_elements=["dev"], set_=told))
