"""The keeper of an object's ledger: what it finds, what it gives up, when it says that the ledger is over."""

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import msgspec
import pytest

from cloud_sync.contract.encoding import b64, encode
from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Arrived, Fork
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.signing import SoftwareKey
from edge import keeper
from edge.clock import SystemClock
from edge.config import ObjectConfig, load
from edge.keeper import Keeper, LedgerOverError
from edge.keys import load_signer, next_key
from edge.offline_queue.budget import Level, Room
from edge.offline_queue.outcomes import JournalDamagedError
from edge.offline_queue.reader import LedgerReader
from edge.offline_queue.set_aside import allow, note_of
from edge.offline_queue.witness import FileWitness
from retail.custody import Move
from simulators.demo.ports import free
from tests.agent.line_world import until

OBJECT = """
[object]
id = "shelf-1"
kind = "mirror"
name = "Shelf 1"
tenant = "demo"
site = "corner"
sells_from = "shelf-1"
{witness}
[display]
port = {port}
[tender]
kind = "house-account"
account = "a7KxQ"
[sync]
broker = "127.0.0.1:1"
hub = "http://127.0.0.1:1"
[[peripheral]]
role = "reader"
uri = "tcp:127.0.0.1:1?profile=r200"
"""
DEADLINE_S = 30


def config_in(directory: Path, witness: str = "") -> Path:
    file = directory / "object.toml"
    (directory / "data").mkdir(exist_ok=True)
    key = SoftwareKey.generate()
    file.write_text(OBJECT.format(port=free(["shelf-1"]).control, witness=witness))
    trust = {"receipt": [key.public], "documents": [key.public]}
    (directory / "trust.json").write_bytes(msgspec.json.encode(trust))
    (directory / "data" / "object.key").write_bytes(SoftwareKey.generate().to_pem())
    (directory / "data" / "object.key").chmod(0o600)
    return file


@pytest.fixture
def config(tmp_path: Path) -> ObjectConfig:
    return load(config_in(tmp_path))


def kept(config: ObjectConfig) -> Keeper:
    return Keeper(config, "1.0", SystemClock())


async def deliver(keeper: Keeper, count: int) -> None:
    for n in range(count):
        fact = Arrived(f"t{n}", (Move("09520001000017", "transit", "shelf-1", 1),))
        await keeper.journal.append(fact, f"transfer/t{n}")


def fork_of(config: ObjectConfig) -> Fork:
    with closing(LedgerReader(config.ledger)) as reader:
        fact = decode_body(list(reader.entries())[1].body).fact
    assert isinstance(fact, Fork)
    return fact


def spoil_below_the_checkpoint(config: ObjectConfig) -> None:
    """Damage that a start does not look for: it lies below the last checkpoint."""
    with closing(apsw.Connection(str(config.ledger))) as db:
        ink = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'entry_is_written_in_ink'").get
        db.execute("DROP TRIGGER entry_is_written_in_ink")
        db.execute("UPDATE entry SET sig = zeroblob(64) WHERE seq = 3")
        db.execute(ink)


def test_a_start_goes_on_with_the_key_that_the_journal_named_before_a_power_cut(config: ObjectConfig) -> None:
    opened, following = kept(config), next_key(config)
    asyncio.run(opened.journal.rotate(following))
    opened.close()  # and the power was cut before the key got the place of the old one
    assert load_signer(config).public != following.public
    again = kept(config)
    asyncio.run(deliver(again, 1))
    again.close()
    assert load_signer(config).public == following.public


def test_the_full_check_behind_finds_what_the_start_did_not_look_for(
    config: ObjectConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_CHECK_AFTER_S", 0)

    async def sell_and_check(found: type[Exception] | None) -> None:
        opened = kept(config)
        await deliver(opened, 3)
        await opened.journal.checkpoint()
        try:
            if found is None:
                await opened.check()
            else:
                with pytest.raises(found, match="entry 3: the signature is not that"):
                    await opened.check()
        finally:
            opened.close()

    asyncio.run(sell_and_check(None))
    assert note_of(config.ledger) is None
    spoil_below_the_checkpoint(config)
    asyncio.run(sell_and_check(LedgerOverError))
    with pytest.raises(JournalDamagedError, match="opos ledger renew"):
        kept(config)
    assert not keeper.may_begin_anew(config)
    allow(config.ledger)
    assert keeper.may_begin_anew(config)
    kept(config).close()
    assert fork_of(config).reason == "damaged"


def test_a_check_that_is_given_up_leaves_no_process(
    config: ObjectConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_CHECK_AFTER_S", 0)

    async def give_up() -> None:
        opened = kept(config)
        checking = asyncio.ensure_future(opened.check())
        await asyncio.sleep(0.1)
        checking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await checking
        opened.close()

    asyncio.run(give_up())


def test_a_witness_that_has_seen_more_ends_the_epoch(tmp_path: Path) -> None:
    config = load(config_in(tmp_path, witness='witness = "stick/seen.json"'))
    (tmp_path / "stick").mkdir()
    opened = kept(config)
    epoch = opened.journal.epoch
    asyncio.run(deliver(opened, 2))
    opened.close()
    assert config.witness is not None
    witness = FileWitness(config.witness)
    seen = witness.seen()
    assert seen is not None
    assert (seen.epoch, seen.seq) == (epoch, 4)
    kept(config).close()
    witness.see(epoch, 99)
    again = kept(config)
    assert again.journal.epoch != epoch
    again.close()
    assert fork_of(config).reason == "behind-the-witness"
    third = kept(config)
    assert third.journal.epoch == again.journal.epoch
    third.close()


def test_a_witness_that_is_away_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = load(config_in(tmp_path, witness='witness = "unmounted/seen.json"'))
    for _ in range(2):
        kept(config).close()
    assert "mount its medium" in caplog.text


def receipt_of(keeper: Keeper, config: ObjectConfig, safe: int) -> tuple[Receipt, str]:
    journal = keeper.journal
    with closing(LedgerReader(config.ledger)) as reader:
        digest = reader.hash_of(journal.head)
    assert digest is not None
    receipt = Receipt(journal.dev, journal.epoch, journal.head, b64(digest), 1, safe, 0)
    return receipt, f"e30.{b64(encode(receipt))}."


def test_a_full_budget_prunes_what_is_safe_and_then_refuses(
    config: ObjectConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = 50

    def room(*_: object) -> Room:
        return Room(used << 20, 100 << 20, 100 << 20)

    monkeypatch.setattr(keeper, "room_of", room)

    async def look(opened: Keeper) -> Level:
        await opened._look()
        return opened.level

    async def fill() -> None:
        nonlocal used
        opened = kept(config)
        assert await look(opened) is Level.ROOMY
        assert config.ballast.exists()
        await deliver(opened, 3)
        checkpoint = (await opened.journal.checkpoint()).entry.seq
        receipt, jws = receipt_of(opened, config, safe=checkpoint)
        await opened.journal.acknowledge(receipt, jws)
        used = 92
        assert await look(opened) is Level.PRUNE
        assert opened.journal.floor == checkpoint
        used = 96
        assert await look(opened) is Level.REFUSE
        opened.close()

    asyncio.run(fill())


def test_the_hub_s_receipt_of_what_is_not_there_ends_the_epoch(config: ObjectConfig) -> None:
    for seq, reason in ((99, "behind-the-hub"), (1, "another-history")):
        opened = kept(config)
        epoch = opened.journal.epoch
        opened.fork(Receipt("shelf-1", epoch, seq, "x", 1, 0, 0), "the hub says so")
        opened.close()
        kept(config).close()
        fork = fork_of(config)
        assert (fork.epoch, fork.hub.seq, fork.reason) == (epoch, seq, reason)


def test_watching_goes_on_until_it_is_told_to_stop(
    config: ObjectConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_LOOK_S", 0)
    monkeypatch.setattr(keeper, "_WITNESSED_EVERY", 1)

    async def watch() -> None:
        opened = kept(config)
        watching = asyncio.ensure_future(opened.watch())
        while not config.ballast.exists():
            await asyncio.sleep(0.01)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        assert watching.cancelled()
        opened.close()

    asyncio.run(watch())


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[ObjectConfig, list["subprocess.Popen[str]"]]]:
    """An object's configuration, and the processes that were started for it."""
    file = config_in(tmp_path)
    processes: list[subprocess.Popen[str]] = []
    yield load(file), processes
    for process in processes:
        process.kill()
        process.communicate()


def start(config: ObjectConfig, processes: list["subprocess.Popen[str]"]) -> "subprocess.Popen[str]":
    file = config.data_dir.parent / "object.toml"
    command = [sys.executable, "-m", "opos", "object", "run", str(file)]
    processes.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
    return processes[-1]


def status(config: ObjectConfig) -> dict[str, object]:
    """What the object says of itself; nothing while it is not there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{config.display.port}/status") as answer:
            return dict(json.load(answer))
    except OSError:
        return {}


def test_an_object_with_a_damaged_ledger_says_so_and_waits_for_a_person(
    running: tuple[ObjectConfig, list["subprocess.Popen[str]"]],
) -> None:
    config, processes = running
    kept(config).close()
    config.ledger.write_bytes(b"a shopping list, and quite a long one" * 100)
    closed = start(config, processes)
    until(lambda: status(config).get("stage") == "out-of-service")
    with urllib.request.urlopen(f"http://127.0.0.1:{config.display.port}/") as page:
        said = page.read().decode()
    assert "We are checking your purchase" not in said, "nobody has bought anything"
    assert 'data-screen="out-of-service"' in said
    subprocess.run([sys.executable, "-m", "opos", "ledger", "renew", str(config.ledger)], check=True)
    _, said = closed.communicate(timeout=DEADLINE_S)
    assert closed.returncode == 1
    assert "a new ledger may begin" in said
    start(config, processes)
    until(lambda: status(config).get("head"))
    assert fork_of(config).reason == "damaged"


def test_an_object_with_a_damaged_ledger_ends_when_it_is_told_to(
    running: tuple[ObjectConfig, list["subprocess.Popen[str]"]],
) -> None:
    config, processes = running
    config.ledger.write_bytes(b"a shopping list, and quite a long one" * 100)
    closed = start(config, processes)
    until(lambda: status(config))
    closed.terminate()
    _, said = closed.communicate(timeout=DEADLINE_S)
    assert closed.returncode == 0
    assert "opos ledger renew" in said
