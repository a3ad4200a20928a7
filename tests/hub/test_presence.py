"""What objects tell of themselves, many of them at once: as after a broker that came back."""

from contextlib import AbstractContextManager

import pytest
from sqlalchemy import Connection

from cloud_sync.contract.encoding import encode
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.contract.state import ObjectState
from cloud_sync.hub.ingest.presence import Presence
from cloud_sync.mqtt import Message
from tests.hub.hub_world import HubWorld, PaperJournal


@pytest.fixture
def fleet(hub: HubWorld, keys: list[SoftwareKey]) -> list[PaperJournal]:
    return [hub.admit(PaperJournal(f"mirror-{number}", keys[0])) for number in range(1, 6)]


def said(journal: PaperJournal, state: ObjectState, *, retained: bool = False) -> Message:
    return Message(journal.address.up("state"), encode(state), retained)


def test_states_of_a_group_cost_one_transaction(
    hub: HubWorld, fleet: list[PaperJournal], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[AbstractContextManager[Connection]] = []
    writing = hub.store.writing

    def counted() -> AbstractContextManager[Connection]:
        written.append(writing())
        return written[-1]

    monkeypatch.setattr(hub.store, "writing", counted)
    presence = Presence(hub.store, hub.clock)
    presence.take_many([])
    presence.take_many([said(each, ObjectState(True, "e1", 8, 3, 1)) for each in fleet])

    assert len(written) == 1
    heard_ms = hub.clock.now_ms
    assert hub.rows("presence") == [(f"mirror-{n}", 1, "e1", 8, 3, heard_ms) for n in range(1, 6)]


def test_each_of_a_group_changes_only_what_it_says_and_a_bad_one_nothing(
    hub: HubWorld, fleet: list[PaperJournal], keys: list[SoftwareKey]
) -> None:
    presence = Presence(hub.store, hub.clock)
    presence.take_many([said(each, ObjectState(True, "e1", 8, 3, 1)) for each in fleet[:3]])
    then_ms = hub.clock.now_ms
    presence.take_many(
        [
            said(fleet[4], ObjectState(False), retained=True),
            Message(fleet[2].address.up("state"), b"?", False),
            said(fleet[1], ObjectState(False)),
            said(PaperJournal("mirror-9", keys[0]), ObjectState(True)),
            said(fleet[0], ObjectState(True, "e2", 9, 1, 2), retained=True),
            said(fleet[3], ObjectState(True, "e1", 2, 1, 2)),
        ]
    )

    now_ms = hub.clock.now_ms
    assert hub.rows("presence") == [
        ("mirror-1", 1, "e2", 9, 1, then_ms),
        ("mirror-2", 0, "e1", 8, 3, now_ms),
        ("mirror-3", 1, "e1", 8, 3, then_ms),
        ("mirror-4", 1, "e1", 2, 1, now_ms),
        ("mirror-5", 0, "", 0, 0, 0),
    ]
    assert sorted(row[1] for row in hub.rows("alarm")) == ["state", "unknown"]
