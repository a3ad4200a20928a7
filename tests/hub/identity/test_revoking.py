"""An object that is lost is put out: its line, its claims, and what it says after its last good entry."""

import pytest
from sqlalchemy import select

from cloud_sync.hub.identity.claims import ClaimError, State
from cloud_sync.hub.identity.enrolling import Turn
from cloud_sync.hub.identity.revoking import LastGood, Revocation, RevocationError, revoke
from cloud_sync.hub.store import schema
from tests.hub.hub_world import HubWorld, PaperJournal
from tests.hub.identity.door import Door, Newcomer


def put_out(door: Door, **order: object) -> None:
    revoke(door.store, door.folder, Revocation(**{"dev": "mirror-4", "why": "lost", **order}), door.clock())  # type: ignore[arg-type]


def written(door: Door) -> list[tuple[object, ...]]:
    table = schema.revocation.c
    with door.store.reading() as connection:
        return [tuple(row) for row in connection.execute(select(table.dev, table.epoch, table.seq))]


def test_who_is_put_out_has_no_certificate_and_no_claim_any_more_and_its_name_is_spent(door: Door) -> None:
    newcomer = Newcomer()
    door.enrol(newcomer)
    claim = door.claim(replace=True)
    put_out(door)
    assert door.state(claim) is State.REFUSED
    assert door.ask(newcomer, claim).turn is Turn.NOT_LET_IN
    with door.store.reading() as connection:
        assert connection.execute(select(schema.certificate.c.revoked_ms)).scalar() is not None
    with pytest.raises(ClaimError, match="for good"):
        door.claim(replace=True)
    assert door.alarms()[("revoked", "mirror-4")] == 1


def test_it_is_believed_up_to_the_entry_that_a_person_names(door: Door) -> None:
    door.enrol(Newcomer())
    put_out(door, last=LastGood("e1", 7))
    put_out(door, last=LastGood("e1", 7))
    assert written(door) == [("mirror-4", "e1", 7)]
    with pytest.raises(RevocationError, match="stays as it is"):
        put_out(door, last=LastGood("e1", 8))


def test_without_a_last_entry_all_that_the_hub_has_is_believed(
    hub: HubWorld, mirror: PaperJournal, door: Door
) -> None:
    hub.send(mirror, 1)
    put_out(door)
    assert written(door) == [("mirror-4", "e1", 3)]


def test_an_object_that_said_nothing_is_believed_in_nothing(door: Door) -> None:
    door.enrol(Newcomer())
    put_out(door)
    assert written(door) == [("mirror-4", "", 0)]


def test_what_it_says_after_that_is_kept_and_acknowledged_and_does_not_count(
    hub: HubWorld, mirror: PaperJournal, door: Door
) -> None:
    hub.send(mirror, 1)
    hub.project()
    put_out(door)
    mirror.sell("09520001100307", 1, 3450)
    outcome = hub.send(mirror, 4)
    assert hub.receipt(outcome).seq == 4
    hub.project()
    assert len(hub.rows("sale")) == 1
    assert [row[5] for row in hub.rows("quarantine")] == ["revoked"]


def test_what_was_counted_and_is_not_believed_any_more_leaves_the_figures(
    hub: HubWorld, mirror: PaperJournal, door: Door
) -> None:
    mirror.sell("09520001100307", 2, 3450)
    hub.send(mirror, 1)
    hub.project()
    assert len(hub.rows("sale")) == 2
    put_out(door, last=LastGood("e1", 3))
    hub.project()
    assert len(hub.rows("sale")) == 1


def test_nobody_can_be_put_out_who_was_never_let_in(door: Door) -> None:
    with pytest.raises(RevocationError, match="never admitted"):
        put_out(door)
