"""The hub's doors on trial: journals alone and in groups, insiders, telemetry, questions, states."""

import random
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import zstandard
from sqlalchemy import func, select

from cloud_sync.contract.encoding import encode
from cloud_sync.contract.requests import REQUEST_TYPE, CertificateAsked, CommandDone, TimeAsked, TimeTold
from cloud_sync.contract.signing import SoftwareKey, seal
from cloud_sync.contract.state import ObjectState
from cloud_sync.contract.telemetry import TelemetryItem, TelemetryPiece, pack_piece
from cloud_sync.hub.ingest.gestures import Gestures
from cloud_sync.hub.ingest.intake import Taken
from cloud_sync.hub.ingest.presence import Presence
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from tests.hostile.bending import BOMBS, LIES, NASTY, TEXTS, bent, bent_frame, bent_json, bent_jws
from tests.hostile.insider import Insider
from tests.hostile.trial import Door
from tests.hub.hub_world import COFFEE, COFFEE_MINOR, SCARF, SCARF_MINOR, HubWorld, PaperJournal
from tests.hub.request_world import RequestCounter, pay

TOPICS: Final = (
    "",
    "/",
    "opos/1",
    "opos/1/demo/0/corner/mirror-4/up/journal/more",
    "\x00",
    "é" * 300,
    "opos/1/+/#",
)
"""Topics of nobody."""

_SAMPLE: Final = 7
"""So many entries are in the frames that are bent."""

_QUIET: Final = (
    "entry",
    "frame",
    "cursor",
    "quarantine",
    "object",
    "object_key",
    "claim",
    "payment",
    "command",
)
"""Tables that only a true word of its object may change."""


def counts(hub: HubWorld) -> dict[str, int]:
    """How many rows each quiet table has."""
    return counts_in(hub.store)


def counts_in(store: Store) -> dict[str, int]:
    """The same of any hub."""
    tables = [schema.metadata.tables[name] for name in _QUIET]
    each = [select(func.count()).select_from(table).scalar_subquery() for table in tables]
    with store.reading() as connection:
        return dict(zip(_QUIET, connection.execute(select(*each)).one(), strict=True))


class JournalDoor:
    """Frames of a stranger, and an honest mirror whose journal goes on."""

    def __init__(self, hub: HubWorld, key: SoftwareKey) -> None:
        self.hub = hub
        self.mirror = hub.admit(PaperJournal("mirror-4", key))
        self.mirror.begin()
        for _ in range(_SAMPLE - 2):
            self.mirror.sell(SCARF, 1, SCARF_MINOR)
        hub.send(self.mirror, 1)
        self.topic = self.mirror.topic

    def bent(self, luck: random.Random) -> bytes:
        honest = self.mirror.frame(luck.randint(1, 3), _SAMPLE)
        return luck.choice((bent, bent_frame))(honest, luck)

    def knock(self, payload: bytes) -> None:
        taken = self.hub.intake.take(self.topic, payload).taken
        assert taken in {Taken.REFUSED, Taken.DUPLICATE, Taken.GAP}

    def kept(self) -> object:
        return counts(self.hub)

    def prove(self) -> None:
        entry = self.mirror.sell(COFFEE, 1, COFFEE_MINOR)
        assert self.hub.receipt(self.hub.send(self.mirror, entry.seq)).seq == entry.seq

    def close(self) -> None:
        """The hub is somebody else's to close."""


class GroupDoor(JournalDoor):
    """The same in one transaction, on any topic: what stands between bad frames is taken."""

    def __init__(self, hub: HubWorld, key: SoftwareKey) -> None:
        super().__init__(hub, key)
        self._waiting: list[tuple[str, bytes]] = []

    def bent(self, luck: random.Random) -> bytes:
        payload = super().bent(luck)
        self._waiting.append((luck.choice([self.topic, self.topic, *TOPICS]), payload))
        return payload

    def knock(self, payload: bytes) -> None:
        assert payload in [frame for _, frame in self._waiting]

    def prove(self) -> None:
        entry = self.mirror.sell(COFFEE, 1, COFFEE_MINOR)
        good = (self.topic, self.mirror.frame(entry.seq, entry.seq))
        waiting, self._waiting = self._waiting, []
        middle = len(waiting) // 2
        outcomes = self.hub.intake.take_many([*waiting[:middle], good, *waiting[middle:]])
        assert outcomes[middle].taken is Taken.APPENDED
        answers = [each for each in outcomes if each.answer and each.taken is not Taken.REFUSED]
        assert max(self.hub.receipt(each).seq for each in answers) == entry.seq


class InsiderDoor(JournalDoor):
    """Frames that a thief signs with the key of a shelf: they are the shelf's, and nobody else's."""

    def __init__(self, hub: HubWorld, key: SoftwareKey, thief: SoftwareKey) -> None:
        super().__init__(hub, key)
        self.insider = Insider(hub.admit(PaperJournal("shelf-b12", thief, holder="shelf-b12")))
        self._figures = self._of_the_mirror()

    def bent(self, luck: random.Random) -> bytes:
        return self.insider.frame(luck)

    def knock(self, payload: bytes) -> None:
        self.hub.intake.take(self.insider.journal.topic, payload)

    def kept(self) -> object:
        self.hub.project()
        assert sum(self.hub.stock().values()) == 0
        return self._of_the_mirror()

    def _of_the_mirror(self) -> object:
        sales = [row for row in self.hub.rows("sale") if "mirror-4" in row]
        return len(sales), self.hub.kept(self.mirror)


class GestureDoor(JournalDoor):
    """Telemetry: unsigned and lossy, but bounded, and of its object alone."""

    def __init__(self, hub: HubWorld, key: SoftwareKey) -> None:
        super().__init__(hub, key)
        self.gestures = Gestures(hub.store, hub.clock)
        self._seq = 0

    def bent(self, luck: random.Random) -> bytes:
        fields: list[Any] = ["mirror-4", "lane-one", 0, 0, [[1, "touch", 5, b"{}"], [2, "touch", 6, b"{}"]]]
        kind = luck.randrange(5)
        if kind == 0:
            return luck.choice((*BOMBS, *LIES))
        if kind == 1:
            fields[luck.randrange(5)] = luck.choice(NASTY[:-6])
        elif kind == 2:
            fields[4][1][luck.randrange(4)] = luck.choice(NASTY[:-6])
        honest = _packed(msgspec.msgpack.encode(fields))
        return bent(honest, luck) if kind == 3 else honest

    def knock(self, payload: bytes) -> None:
        self.gestures.take(self.mirror.address.up("telemetry"), payload)

    def kept(self) -> object:
        """Some of it may be as good as honest: then it is kept, within bounds."""
        for _, lane, seq, kind, at_ms, _ in self.hub.rows("telemetry"):
            assert 0 < len(lane) <= 64
            assert 0 < len(kind) <= 64
            assert (lane + kind).isprintable()
            assert seq > 0 <= at_ms
        return super().kept()

    def prove(self) -> None:
        self._seq += 1
        item = TelemetryItem(self._seq, "touch", 5, b'{"honest":true}')
        piece = TelemetryPiece("mirror-4", "honest", 0, 0, (item,))
        self.knock(pack_piece(piece))
        assert self._seq in {row[2] for row in self.hub.rows("telemetry") if row[1] == "honest"}


class RequestDoor(JournalDoor):
    """Questions: whoever bends one gets no answer, and no certificate and no payment come of it."""

    def __init__(self, hub: HubWorld, key: SoftwareKey) -> None:
        super().__init__(hub, key)
        self.counter = RequestCounter(hub, self.mirror)
        asks = (TimeAsked(), CertificateAsked("csr"), CommandDone("order-of-last-year", ok=True), pay())
        self._honest = [self.counter.question(ask) for ask in asks]

    def bent(self, luck: random.Random) -> bytes:
        kind = luck.randrange(3)
        if kind == 0:
            return bent(luck.choice(self._honest[:1] + self._honest[2:3]), luck)
        if kind == 1:
            return bent_jws(luck.choice(self._honest), luck)
        word = {"dev": "mirror-4", "id": "question-number-2", "at_ms": 1, "ask": {"what": "time"}}
        word[luck.choice(sorted(word))] = luck.choice((*TEXTS, None, -1, 1.5, {"what": luck.choice(TEXTS)}))
        return seal(self.mirror.key, REQUEST_TYPE, word).encode("ascii")

    def knock(self, payload: bytes) -> None:
        self.counter.take(payload)

    def kept(self) -> object:
        return counts(self.hub), self.counter.renewals.issued, list(self.counter.provider.asked)

    def prove(self) -> None:
        assert isinstance(self.counter.ask(TimeAsked()), TimeTold)


class PresenceDoor(JournalDoor):
    """States: unsigned, shown to people, never counted by."""

    def __init__(self, hub: HubWorld, key: SoftwareKey) -> None:
        super().__init__(hub, key)
        self.presence = Presence(hub.store, hub.clock)
        self._honest = encode(ObjectState(True, "e1", 7, 7, 1))

    def bent(self, luck: random.Random) -> bytes:
        return luck.choice((bent, bent_json))(self._honest, luck)

    def knock(self, payload: bytes) -> None:
        self.presence.take(self.mirror.address.up("state"), payload, retained=False)

    def prove(self) -> None:
        self.knock(self._honest)
        assert ("mirror-4", 1, "e1", 7, 7) in [row[:5] for row in self.hub.rows("presence")]


def _packed(plain: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(plain)


DOORS: Final[dict[str, Callable[[HubWorld, Sequence[SoftwareKey]], Door]]] = {
    "journal": lambda hub, keys: JournalDoor(hub, keys[0]),
    "group": lambda hub, keys: GroupDoor(hub, keys[0]),
    "insider": lambda hub, keys: InsiderDoor(hub, keys[0], keys[1]),
    "telemetry": lambda hub, keys: GestureDoor(hub, keys[0]),
    "request": lambda hub, keys: RequestDoor(hub, keys[0]),
    "state": lambda hub, keys: PresenceDoor(hub, keys[0]),
}
