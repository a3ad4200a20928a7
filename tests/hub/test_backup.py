"""A backup holds all that cannot be made again, and nobody forgets anything before it is proven to."""

import os
import random
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.contract.batch import pack
from cloud_sync.contract.documents import MANIFEST_TYPE, PRICES, Manifest
from cloud_sync.contract.signing import SoftwareKey, Verifier, unseal
from cloud_sync.hub.backup import content, shelf
from cloud_sync.hub.backup.keys import KeysRefusedError, read_keys, write_keys
from cloud_sync.hub.backup.making import BackupRefusedError, Made, make
from cloud_sync.hub.backup.restoring import Restored, RestoreRefusedError, examine, restore
from cloud_sync.hub.backup.tape import DamagedBackupError, End, Heading, KeptFile, Rows, Tape, TapeWriter
from cloud_sync.hub.documents.importer import import_shop
from cloud_sync.hub.documents.shop import read_shop
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Place
from tests.hub.engines import ENGINES, Server
from tests.hub.hub_world import COFFEE, SCARF, HubWorld, PaperJournal

SHOP = Path(__file__).parents[2] / "simulators" / "shops" / "corner"
DAY_MS = 24 * 3600 * 1000
DOCUMENTS_KEY = SoftwareKey.generate()

# What a restore makes anew: the generation, who works on what, documents signed again, what is safe.
NEW = {"hub", "lease", "worker", "projection", "document", "backup", "cursor", "quarantine"}


@pytest.fixture
def shop(hub: HubWorld, mirror: PaperJournal, shelf: PaperJournal) -> HubWorld:
    """A hub with goods, two objects and their sales, a fork, an alarm, an entry that nobody understands."""
    import_shop(hub.store, read_shop(SHOP), DOCUMENTS_KEY, hub.clock())
    shelf.sell(COFFEE, 2, 1150)
    shelf.write_bytes(b'{"no":"body"}')
    hub.send(mirror, 1)
    hub.send(shelf, 1)
    twin = mirror.fork(3)
    twin.sell(SCARF, 9, 3450)
    hub.send(twin, 1)
    hub.intake.take("no topic", b"no frame")
    hub.project()
    return hub


@pytest.fixture
def again(another_place: Place) -> Iterator[HubWorld]:
    """A hub without anything, on the same engine."""
    with made_at(another_place) as world:
        yield world


@pytest.fixture(params=ENGINES)
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HubWorld]:
    """A hub without anything, on whichever engine."""
    if request.param == "sqlite":
        with made_at(tmp_path / "anywhere" / "hub.db") as world:
            yield world
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.another() as url, made_at(url) as world:
        yield world


@contextmanager
def made_at(place: Place) -> Iterator[HubWorld]:
    if isinstance(place, Path):
        place.parent.mkdir()
    with closing(HubWorld(place)) as world:
        yield world


def backed_up(hub: HubWorld, path: Path) -> Made:
    return make(hub.store, path, hub.clock())


def restored(path: Path, into: HubWorld, after_ms: int = DAY_MS) -> Restored:
    tape = Tape(path)
    now_ms = tape.heading.at_ms + after_ms
    return restore(examine(tape, now_ms), into.store, DOCUMENTS_KEY, now_ms)


def tables(hub: HubWorld) -> dict[str, list[tuple[Any, ...]]]:
    return {name: hub.rows(name) for name in schema.metadata.tables if name not in NEW}


def test_a_hub_comes_back_from_its_backup_with_every_row_and_every_sum(
    shop: HubWorld, anywhere: HubWorld, tmp_path: Path
) -> None:
    made = backed_up(shop, tmp_path / "b")

    back = restored(tmp_path / "b", anywhere)

    assert tables(anywhere) == tables(shop)
    assert shop.rows("sale")
    assert shop.rows("money")
    for name, without in (("cursor", ["safe"]), ("quarantine", ["id"])):
        assert anywhere.rows(name, *without) == shop.rows(name, *without)
    assert made.entries == back.entries == len(shop.rows("entry"))
    assert made.sha256 == Tape(tmp_path / "b").sha256
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o600
    assert not (tmp_path / "b.part").exists()


def test_numbers_go_on_after_those_that_came_back(
    shop: HubWorld, again: HubWorld, tmp_path: Path, mirror: PaperJournal
) -> None:
    backed_up(shop, tmp_path / "b")
    restored(tmp_path / "b", again)
    mirror.sell(SCARF, 1, 3450)

    again.send(mirror, 1)
    again.project()

    assert again.kept(mirror) == [entry.body for entry in mirror.entries]
    assert len(again.rows("sale")) == len(shop.rows("sale")) + 1


def test_only_what_a_proven_backup_holds_may_be_forgotten(
    hub: HubWorld, mirror: PaperJournal, tmp_path: Path
) -> None:
    assert hub.receipt(hub.send(mirror, 1)).safe == 0
    backed_up(hub, tmp_path / "b")
    mirror.sell(SCARF, 1, 3450)

    receipt = hub.receipt(hub.send(mirror, 1))

    assert (receipt.seq, receipt.safe) == (4, 3)
    assert [row[2:4] for row in hub.rows("backup")] == [(1, 3)]


def test_what_comes_in_while_a_backup_is_made_is_in_the_next_one(
    hub: HubWorld, mirror: PaperJournal, tmp_path: Path
) -> None:
    hub.send(mirror, 1)
    late: list[int] = []

    def meanwhile(done: int, total: int) -> None:
        assert 0 < done <= total
        if not late:
            mirror.sell(SCARF, 1, 3450)
            late.append(hub.receipt(hub.send(mirror, 1)).seq)

    made = make(hub.store, tmp_path / "b", hub.clock(), say=meanwhile)

    assert (late, made.entries) == ([4], 3)
    assert hub.receipt(hub.send(mirror, 1)).safe == 3
    assert backed_up(hub, tmp_path / "c").entries == 4
    assert hub.receipt(hub.send(mirror, 1)).safe == 4


def test_objects_fill_the_gap_by_themselves_under_the_new_generation(
    hub: HubWorld, again: HubWorld, mirror: PaperJournal, tmp_path: Path
) -> None:
    hub.send(mirror, 1)
    backed_up(hub, tmp_path / "b")
    for _ in range(3):
        mirror.sell(SCARF, 1, 3450)
    before = hub.receipt(hub.send(mirror, 1))
    restored(tmp_path / "b", again)
    mirror.sell(SCARF, 1, 3450)

    gap = again.receipt(again.send(mirror, 7))
    full = again.receipt(again.send(mirror, gap.seq + 1))

    assert gap.generation > before.generation
    assert (gap.seq, gap.safe) == (3, 3)
    assert (full.seq, full.safe) == (7, 3)
    assert again.kept(mirror) == [entry.body for entry in mirror.entries]


def test_no_two_hubs_from_one_backup_have_one_generation(hub: HubWorld, tmp_path: Path) -> None:
    backed_up(hub, tmp_path / "b")
    tape = Tape(tmp_path / "b")
    seen = [1]
    for seconds in range(1, 4):
        with made_at(tmp_path / f"after-{seconds}" / "hub.db") as world:
            seen.append(restored(tmp_path / "b", world, seconds * 1000).generation)
            world.clock.now_ms = tape.heading.at_ms + seconds * 1000
            again = backed_up(world, tmp_path / f"b-{seconds}")
        # What is restored from a hub that was restored is above it, even within its own second.
        seen.append(examine(Tape(Path(again.path)), again.at_ms).generation)

    assert seen[1::2] == sorted(set(seen[1::2]))
    assert all(later == before + 1 for before, later in zip(seen[1::2], seen[2::2], strict=True))
    assert seen[1] > 1


def test_a_clock_that_is_behind_the_backup_is_not_believed(hub: HubWorld, tmp_path: Path) -> None:
    backed_up(hub, tmp_path / "b")

    with pytest.raises(RestoreRefusedError, match="set the clock"):
        examine(Tape(tmp_path / "b"), hub.clock.now_ms - 1000)


def test_the_newest_documents_are_signed_again_above_all_that_were_lost(
    shop: HubWorld, again: HubWorld, tmp_path: Path
) -> None:
    backed_up(shop, tmp_path / "b")

    back = restored(tmp_path / "b", again)

    rows = [row for row in again.rows("document") if row[4] == back.generation]
    keys = {DOCUMENTS_KEY.public.kid: Verifier(DOCUMENTS_KEY.public)}
    manifests = [unseal(row[7], MANIFEST_TYPE, keys, Manifest) for row in rows]
    assert back.documents == len(rows) == 2
    for manifest in manifests:
        assert (manifest.version.generation, manifest.version.n) == (back.generation, 1)
    (old,) = [row for row in shop.rows("document") if row[3] == PRICES]
    assert [each.sha256 for each in manifests if each.name == PRICES] == [old[6]]


def damaged(data: bytes) -> Iterator[tuple[str, bytes]]:
    luck = random.Random(7)
    for _ in range(60):
        at = luck.randrange(len(data))
        yield f"cut at {at}", data[:at]
        yield f"bit of {at}", data[:at] + bytes([data[at] ^ 1 << luck.randrange(8)]) + data[at + 1 :]
    yield "one byte more", data + b"\0"
    yield "twice", data + data


def test_a_backup_that_was_cut_or_flipped_anywhere_is_refused(shop: HubWorld, tmp_path: Path) -> None:
    backed_up(shop, tmp_path / "b")
    for what, data in damaged((tmp_path / "b").read_bytes()):
        (tmp_path / "c").write_bytes(data)
        assert is_refused(tmp_path / "c"), what


def is_refused(path: Path) -> bool:
    try:
        Tape(path)
    except DamagedBackupError as error:
        return str(path) in str(error)
    return False


def test_a_backup_that_a_disk_has_damaged_is_never_relied_on(
    hub: HubWorld, mirror: PaperJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.send(mirror, 1)

    def lie(descriptor: int, *_: int) -> None:
        os.pwrite(descriptor, b"\xff", 100)

    monkeypatch.setattr(os, "posix_fadvise", lie)
    with pytest.raises(DamagedBackupError):
        backed_up(hub, tmp_path / "b")

    assert not list(tmp_path.glob("b*"))
    assert hub.receipt(hub.send(mirror, 1)).safe == 0
    assert not hub.rows("backup")


def test_a_full_disk_leaves_nothing_behind(
    hub: HubWorld, mirror: PaperJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.send(mirror, 1)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            backed_up(hub, tmp_path / "b")

    assert not list(tmp_path.glob("b*"))
    assert backed_up(hub, tmp_path / "b").entries == 3


def test_a_backup_never_takes_the_place_of_another_file(hub: HubWorld, tmp_path: Path) -> None:
    (tmp_path / "b").write_text("precious")

    with pytest.raises(BackupRefusedError, match="is there already"):
        backed_up(hub, tmp_path / "b")

    assert (tmp_path / "b").read_text() == "precious"


def test_a_backup_goes_into_an_empty_hub_alone(shop: HubWorld, tmp_path: Path) -> None:
    backed_up(shop, tmp_path / "b")
    before = tables(shop)

    with pytest.raises(RestoreRefusedError, match="there is a hub in this database already"):
        restored(tmp_path / "b", shop)

    assert tables(shop) == before


def forged(path: Path, records: list[Rows], **changes: Any) -> Tape:
    """A well-made file with other contents than a hub's."""
    counts = dict.fromkeys((table.name for table in content.kept_tables()), 0)
    for record in records:
        counts[record.table] += len(record.rows)
    honest = {"at_ms": 1, "schema": schema.SCHEMA_VERSION, "generation": 1, "rows": counts}
    with TapeWriter(path) as tape:
        tape.put(Heading(**{**honest, **changes}))
        for record in records:
            tape.put(record)
        tape.put(End())
    return Tape(path)


PAPER = PaperJournal("m", SoftwareKey.generate(), epoch="e")
for _ in range(4):
    PAPER.sell(SCARF, 1, 3450)


def frames(*stretches: tuple[int, int], **changes: Any) -> Rows:
    """The frames of these stretches as a hub keeps them, or with `changes` of their rows."""
    rows = [
        {
            "dev": "m",
            "epoch": "e",
            "kept": 1,
            "kid": PAPER.key.public.kid,
            "first": first,
            "first_new": first,
            "last": last,
            "head": PAPER.entries[last - 1].hash,
            "bytes": PAPER.frame(first, last),
            **changes,
        }
        for first, last in stretches
    ]
    return Rows("frame", tuple(rows[0]), [tuple(row.values()) for row in rows])


def cursors(seq: int, of: int) -> Rows:
    return Rows("cursor", ("dev", "epoch", "seq", "hash"), [("m", "e", seq, PAPER.entries[of - 1].hash)])


UNPROVEN = [
    ([frames((1, 1), (3, 3)), cursors(3, 3)], "does not follow"),
    ([frames((2, 2)), cursors(2, 2)], "does not follow"),
    ([frames((1, 2), (2, 3)), cursors(3, 3)], "does not follow"),
    ([frames((1, 1), (2, 2)), cursors(1, 1)], "does not end where"),
    ([frames((1, 2)), cursors(2, 1)], "does not end where"),
    ([frames((1, 1))], "without a cursor"),
    ([frames((1, 1), kept=0), cursors(1, 1)], "does not end where"),
    ([cursors(1, 1)], "does not end where"),
    ([frames((1, 1), bytes=b"rotten"), cursors(1, 1)], "is not what it was"),
    ([frames((1, 1), bytes=PAPER.frame(1, 2)), cursors(1, 1)], "another one than its row says"),
    ([frames((1, 1), kid="other"), cursors(1, 1)], "another one than its row says"),
    ([frames((1, 1), last="1"), cursors(1, 1)], "expected a row of frame"),
]


@pytest.mark.parametrize(("rows", "why"), UNPROVEN)
def test_a_journal_that_is_not_whole_is_no_backup(rows: list[Rows], why: str, tmp_path: Path) -> None:
    with pytest.raises(DamagedBackupError, match=why):
        examine(forged(tmp_path / "b", rows), 2000)


def test_rows_that_went_missing_are_missed(tmp_path: Path) -> None:
    counts = dict.fromkeys((table.name for table in content.kept_tables()), 0) | {"site": 1}

    with pytest.raises(DamagedBackupError, match="rows that its heading says"):
        examine(forged(tmp_path / "b", [], rows=counts), 2000)


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"schema": "0001"}, "restore it with the OPOS that made it"), ({"rows": {}}, "tables")],
)
def test_a_backup_of_other_tables_is_refused(changes: dict[str, Any], why: str, tmp_path: Path) -> None:
    with pytest.raises(RestoreRefusedError, match=why):
        examine(forged(tmp_path / "b", [], **changes), 2000)


def test_keys_come_back_for_their_owner_alone(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "tls").mkdir(parents=True)
    for name in ("receipt.key", "root.key", "root.key.next", "trust.json", "tls/hub.crt"):
        (old / name).write_text(f"this is {name}")
    for name in ("hub.db", "database.url", "hub.lock", "x.key.12.part"):
        (old / name).write_text("this stays")

    write_keys(new, list(read_keys(old)))

    back = {path.relative_to(new).as_posix(): path for path in new.rglob("*") if path.is_file()}
    assert set(back) == {"receipt.key", "root.key", "root.key.next", "trust.json", "tls/hub.crt"}
    assert all(path.read_text() == f"this is {name}" for name, path in back.items())
    assert {stat.S_IMODE(path.stat().st_mode) for path in back.values()} == {0o600}
    write_keys(new, list(read_keys(old)))  # again changes nothing
    (new / "root.key").write_text("another")
    with pytest.raises(KeysRefusedError, match="another one"):
        write_keys(new, list(read_keys(old)))


@pytest.mark.parametrize("name", ["../receipt.key", "/etc/passwd", "tls/../../x", "a/b", ".hidden", ""])
def test_a_name_in_a_backup_never_leads_out_of_the_directory(name: str, tmp_path: Path) -> None:
    with pytest.raises(KeysRefusedError, match="name of a key"):
        write_keys(tmp_path / "new", [KeptFile("receipt.key", b"k"), KeptFile(name, b"x")])

    assert not (tmp_path / "new").exists()


def test_without_its_keys_a_hub_does_not_come_back(tmp_path: Path) -> None:
    with pytest.raises(KeysRefusedError, match="objects believe no others"):
        write_keys(tmp_path / "new", [])


def test_a_directory_keeps_the_newest_backups_and_everything_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "other.opos-backup").write_text("mine")
    names = [shelf.place(tmp_path, 1_750_000_000_000 + day * DAY_MS) for day in range(5)]
    for path in names:
        path.write_text("backup")
    interrupted, at_work = (path.with_name(path.name + ".part") for path in (names[1], names[4]))
    for path in (interrupted, at_work):
        path.write_text("half a backup")

    gone = shelf.clear(tmp_path, 2)

    assert gone == [*names[:3], interrupted]
    assert {path.name for path in tmp_path.iterdir()} == {
        "notes.txt",
        "other.opos-backup",
        at_work.name,
        *(path.name for path in names[3:]),
    }


def test_frames_are_kept_as_the_evidence_that_they_are(
    hub: HubWorld, again: HubWorld, mirror: PaperJournal, tmp_path: Path
) -> None:
    frame = pack(mirror.key, mirror.address.object, mirror.epoch, mirror.entries)
    hub.intake.take(mirror.topic, frame)
    backed_up(hub, tmp_path / "b")
    restored(tmp_path / "b", again)

    assert [row[-1] for row in again.rows("frame")] == [frame]
