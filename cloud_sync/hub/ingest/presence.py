"""What objects tell of themselves: online or not, and how far they are; shown to people, never counted by."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec
from sqlalchemy import Connection

from cloud_sync.contract.encoding import encode
from cloud_sync.contract.state import ObjectState
from cloud_sync.hub.ingest.opening import EPOCH_CHARS_MAX, RefusedError, count, speaker
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from cloud_sync.hub.store.upsert import upsert
from cloud_sync.mqtt import Message
from retail.units import INTEGER_MAX

# The row of an object that has said nothing yet.
_NOTHING: Final[Mapping[str, int | str]] = {"epoch": "", "head": 0, "acked": 0, "heard_ms": 0}


class Presence:
    """Keeps the last state of each object."""

    def __init__(self, store: Store, clock_ms: Callable[[], int]) -> None:
        self._store, self._clock_ms = store, clock_ms

    def take(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Take one state; a `retained` one was said before we listened, so it does not count as heard now."""
        self.take_many([Message(topic, payload, retained)])

    def take_many(self, messages: Iterable[Message]) -> None:
        """Take states, of each object one, in one transaction; one that is refused harms only itself."""
        now_ms = self._clock_ms()
        told: dict[str, dict[str, int | str]] = {}
        well: dict[str, ObjectState] = {}
        for message in messages:
            try:
                dev = speaker(self._store, message.topic).address.object
                state = _state(dev, message.payload)
                told[dev] = _told(state, 0 if message.retained else now_ms)
                if state.online:  # a last will knows nothing of it
                    well[dev] = state
            except RefusedError as refused:
                count(self._store, refused, now_ms)
        if told:
            with self._store.writing() as connection:
                _keep(connection, told)
                _keep_wellbeing(connection, well)


def _state(dev: str, payload: bytes) -> ObjectState:
    try:
        state = msgspec.json.decode(payload, type=ObjectState)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError("state", dev, f"{dev}: expected an object's state: {error}") from error
    numbers_fit = all(0 <= number <= INTEGER_MAX for number in (state.head, state.acked, state.at_ms))
    # PostgreSQL has no text with a NUL in it, and a screen no use for the rest.
    words_fit = len(state.epoch) <= EPOCH_CHARS_MAX and f"{state.epoch}{state.program}".isprintable()
    if not (numbers_fit and words_fit):
        raise RefusedError("state", dev, f"{dev}: its state has a number or a word that no object has")
    return state


def _told(state: ObjectState, heard_ms: int) -> dict[str, int | str]:
    """What a state changes in the row of its object."""
    told: dict[str, int | str] = {"online": int(state.online)}
    if state.epoch:  # a last will knows only that the object is gone: what it said before stays
        told |= {"epoch": state.epoch, "head": state.head, "acked": state.acked}
    if heard_ms:
        told["heard_ms"] = heard_ms
    return told


def _keep(connection: Connection, told: Mapping[str, Mapping[str, int | str]]) -> None:
    """Write down what each object has told; those that change the same columns go together."""
    alike: defaultdict[tuple[str, ...], list[dict[str, int | str]]] = defaultdict(list)
    for dev, row in sorted(told.items()):  # in one order, so that two workers never wait for each other
        alike[tuple(row)].append({"dev": dev, **_NOTHING, **row})
    for columns, rows in alike.items():
        insert = upsert(connection, schema.presence)
        news = {column: insert.excluded[column] for column in columns}
        connection.execute(insert.on_conflict_do_update(index_elements=["dev"], set_=news), rows)


def _keep_wellbeing(connection: Connection, well: Mapping[str, ObjectState]) -> None:
    """Write down which program each object runs, and what it says is wrong with it."""
    if not well:
        return
    rows = [
        {"dev": dev, "program": state.program, "faults": encode(state.faults).decode()}
        for dev, state in sorted(well.items())
    ]
    insert = upsert(connection, schema.wellbeing)
    news = {column: insert.excluded[column] for column in ("program", "faults")}
    connection.execute(insert.on_conflict_do_update(index_elements=["dev"], set_=news), rows)
