"""Documents on their way to the object: whole or not at all, never an older one, a chunk at a time."""

import asyncio
import hashlib
import random
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud_sync.agent.chunks import FetchError, HubChunks
from cloud_sync.agent.downlink import DOCUMENTS_MAX, Downlink, Told
from cloud_sync.agent.manifests import DOCUMENT_BYTES_MAX, ManifestDoor
from cloud_sync.agent.ports import Handed, RuntimeAwayError
from cloud_sync.agent.staging import Staging
from cloud_sync.contract.documents import CHUNK_BYTES_MAX, MANIFEST_TYPE, Manifest, manifest_of
from cloud_sync.contract.encoding import unb64
from cloud_sync.contract.signing import SoftwareKey, Verifier, seal
from cloud_sync.contract.topics import Address, document
from proofs.loop import SimulatedLoop
from retail.pricing.book import Version
from tests.agent.chunk_server import SPOILS, ChunkServer, Spoil, honest, serving, silent

RETAILER = SoftwareKey.generate()
ADDRESS = Address("demo", "corner", "mirror-4")
BOOK = random.Random(1).randbytes(3 * CHUNK_BYTES_MAX + 100)


class Hurry(random.Random):
    """Every second of waiting is a millisecond."""

    def uniform(self, a: float, b: float) -> float:
        return 0.001 * (a + b) / 2


class PaperRuntime:
    """Takes documents, or does not."""

    def __init__(self) -> None:
        self.handed: list[tuple[str, bytes]] = []
        self.answers: list[Handed | None] = []

    async def document(self, manifest: str, path: Path) -> Handed:
        answer = self.answers.pop(0) if self.answers else Handed()
        if answer is None:
            raise RuntimeAwayError("no runtime")
        self.handed.append((manifest, path.read_bytes()))
        return answer


class Bench:
    """A downlink with a hub, a directory and a runtime."""

    def __init__(self, directory: Path, hub: ChunkServer, runner: asyncio.Runner) -> None:
        self.directory, self.hub, self.runner = directory, hub, runner
        self.runtime = PaperRuntime()
        self.restart()

    def restart(self) -> None:
        """Another agent on the same disk."""
        self.downlink = Downlink(
            ManifestDoor(ADDRESS, {RETAILER.public.kid: Verifier(RETAILER.public)}),
            Staging(self.directory),
            HubChunks(self.hub.url).get,
            self.runtime.document,
            Hurry(),
        )

    def tell(self, manifest: Manifest, key: SoftwareKey = RETAILER, topic: str | None = None) -> Told:
        payload = seal(key, MANIFEST_TYPE, manifest).encode()
        return self.downlink.told(topic or document("demo", "corner", manifest.name), payload)

    def work_until(self, condition: Callable[[], object]) -> None:
        self.runner.run(_work(self.downlink.run(), condition))

    def documents(self) -> list[bytes]:
        return [data for _, data in self.runtime.handed]

    def files(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.directory / folder).iterdir())


async def _work(work: Coroutine[Any, Any, None], condition: Callable[[], object]) -> None:
    task = asyncio.create_task(work)
    async with asyncio.timeout(30):
        while not condition():
            assert not task.done(), task.exception()
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])


def manifest_in(jws: str) -> Manifest:
    return msgspec.json.decode(unb64(jws.split(".")[1]), type=Manifest)


def prices(n: int, data: bytes = BOOK, generation: int = 1) -> Manifest:
    return manifest_of("prices", "corner", Version(generation, n), data)


@pytest.fixture
def hub() -> Iterator[ChunkServer]:
    with serving() as server:
        server.offer(BOOK, prices(1).chunks)
        yield server


@pytest.fixture
def bench(tmp_path: Path, hub: ChunkServer) -> Iterator[Bench]:
    with asyncio.Runner() as runner:
        yield Bench(tmp_path / "documents", hub, runner)


def test_a_document_is_fetched_put_together_and_handed_to_the_runtime(bench: Bench) -> None:
    assert bench.tell(prices(1)) is Told.NEW
    bench.work_until(bench.documents)
    assert bench.documents() == [BOOK]
    assert bench.hub.asked == list(prices(1).chunks)
    assert bench.files("chunks") == []
    assert bench.files("staged") == [prices(1).sha256]


@pytest.mark.parametrize("spoil", SPOILS)
@pytest.mark.parametrize("place", [0, 2])
def test_a_spoiled_chunk_is_fetched_again_and_the_others_are_not(
    bench: Bench, spoil: Spoil, place: int
) -> None:
    bench.hub.spoiled.extend([honest] * place + [spoil])
    bench.tell(prices(1))
    bench.work_until(bench.documents)
    assert bench.documents() == [BOOK]
    chunks = list(prices(1).chunks)
    assert bench.hub.asked == chunks[: place + 1] + chunks[place:]


def test_a_hub_that_falls_silent_in_the_middle_of_a_chunk_is_left(bench: Bench) -> None:
    bench.hub.spoiled.append(silent)
    bench.tell(prices(1))
    bench.work_until(bench.documents)
    assert bench.documents() == [BOOK]


def test_an_agent_that_stops_does_not_wait_for_a_silent_hub(bench: Bench) -> None:
    bench.hub.spoiled.append(silent)
    bench.tell(prices(1))
    bench.work_until(lambda: bench.hub.asked)
    assert not bench.hub.release.is_set()
    assert bench.documents() == []


def test_an_agent_that_was_killed_goes_on_where_it_was(bench: Bench) -> None:
    bench.hub.spoiled.extend([honest, honest, silent])
    bench.tell(prices(1))
    bench.work_until(lambda: len(bench.hub.asked) == 3)
    bench.restart()
    bench.hub.asked.clear()
    bench.work_until(bench.documents)
    assert bench.documents() == [BOOK]
    assert bench.hub.asked == list(prices(1).chunks[2:])


def test_a_chunk_that_the_disk_spoiled_is_fetched_again(bench: Bench) -> None:
    staging = Staging(bench.directory)
    staging.keep_chunk(prices(1).chunks[0], b"torn")
    bench.tell(prices(1))
    bench.work_until(bench.documents)
    assert bench.documents() == [BOOK]


def test_the_same_version_is_not_fetched_again_and_not_handed_on_again(bench: Bench) -> None:
    bench.tell(prices(1))
    bench.work_until(bench.documents)
    bench.hub.asked.clear()
    assert bench.tell(prices(1)) is Told.AGAIN
    bench.tell(manifest_of("deliveries", "corner", Version(1, 1), BOOK))
    bench.work_until(lambda: len(bench.documents()) == 2)
    assert bench.hub.asked == []  # the bytes of the second are those of the first, and here
    assert [manifest_in(jws).name for jws, _ in bench.runtime.handed] == ["prices", "deliveries"]


def test_a_document_is_handed_on_until_the_runtime_takes_it(bench: Bench) -> None:
    bench.runtime.answers = [None, Handed("the disk is full"), None, Handed()]
    bench.tell(prices(1))
    bench.work_until(lambda: len(bench.documents()) == 2)
    assert bench.hub.asked == list(prices(1).chunks)


def test_a_new_runtime_is_handed_everything_once_more_without_the_hub(bench: Bench) -> None:
    bench.tell(prices(1))
    bench.work_until(bench.documents)
    bench.hub.chunks.clear()
    bench.downlink.runtime_came()
    bench.work_until(lambda: len(bench.documents()) == 2)
    bench.restart()
    bench.work_until(lambda: len(bench.documents()) == 3)
    assert bench.documents() == [BOOK] * 3


def test_a_staged_file_that_was_spoiled_is_made_again_when_the_runtime_refuses_it(bench: Bench) -> None:
    bench.tell(prices(1))
    bench.work_until(bench.documents)
    staged = bench.directory / "staged" / prices(1).sha256
    staged.write_bytes(bytes(len(BOOK)))
    bench.runtime.answers = [Handed("these are not its bytes")]
    bench.downlink.runtime_came()
    bench.work_until(lambda: len(bench.documents()) == 3)
    assert bench.documents() == [BOOK, bytes(len(BOOK)), BOOK]


def test_a_newer_version_takes_the_place_of_the_old_one(bench: Bench) -> None:
    bench.tell(prices(1))
    bench.work_until(bench.documents)
    newer = BOOK + b"!"
    bench.hub.offer(newer, prices(2, newer).chunks)
    assert bench.tell(prices(2, newer)) is Told.NEW
    bench.work_until(lambda: len(bench.documents()) == 2)
    assert bench.documents()[1] == newer
    assert bench.files("staged") == [prices(2, newer).sha256]


def test_an_older_version_is_refused_and_after_a_restart_too(bench: Bench) -> None:
    assert bench.tell(prices(7, generation=2)) is Told.NEW
    for _ in range(2):
        assert bench.tell(prices(6, b"cheap", generation=2)) is Told.OLDER
        assert bench.tell(prices(9, b"cheap", generation=1)) is Told.OLDER
        bench.restart()
    assert bench.tell(prices(1, b"dear", generation=3)) is Told.NEW


def test_chunks_that_are_right_and_a_whole_that_is_not_are_never_handed_on(bench: Bench) -> None:
    lie = msgspec.structs.replace(prices(1), sha256=hashlib.sha256(b"other").hexdigest())
    bench.tell(lie)
    bench.work_until(lambda: len(bench.hub.asked) > 2 * len(lie.chunks))
    assert bench.documents() == []
    assert bench.files("staged") == []


REFUSED = {
    "another site": manifest_of("prices", "station", Version(1, 1), BOOK),
    "a name that is a path": manifest_of("../prices", "corner", Version(1, 1), BOOK),
    "a name in capitals": manifest_of("PRICES", "corner", Version(1, 1), BOOK),
    "no name": manifest_of("", "corner", Version(1, 1), BOOK),
    "nothing in it": manifest_of("prices", "corner", Version(1, 1), b""),
    "too much in it": msgspec.structs.replace(prices(1), size=DOCUMENT_BYTES_MAX + 1),
    "fewer chunks than bytes": msgspec.structs.replace(prices(1), chunks=prices(1).chunks[:-1]),
    "more chunks than bytes": msgspec.structs.replace(prices(1), chunks=prices(1).chunks * 2),
    "a chunk that is a path": msgspec.structs.replace(
        prices(1), chunks=("../../etc/passwd", *prices(1).chunks[1:])
    ),
    "a whole that is a path": msgspec.structs.replace(prices(1), sha256="../prices"),
}


@pytest.mark.parametrize("manifest", REFUSED.values(), ids=REFUSED)
def test_a_manifest_that_cannot_be_is_refused_though_the_retailer_signed_it(
    bench: Bench, manifest: Manifest
) -> None:
    assert bench.tell(manifest) is Told.REFUSED
    assert bench.downlink.refused == 1
    assert bench.files("manifests") == []


def test_a_manifest_of_a_stranger_or_on_another_topic_or_of_noise_is_refused(bench: Bench) -> None:
    assert bench.tell(prices(1), key=SoftwareKey.generate()) is Told.REFUSED
    assert bench.tell(prices(1), topic=document("demo", "corner", "deliveries")) is Told.REFUSED
    assert bench.downlink.told(document("demo", "corner", "prices"), b"\xff") is Told.REFUSED
    assert bench.downlink.told(document("demo", "corner", "prices"), b"") is Told.REFUSED
    assert bench.tell(prices(1)) is Told.NEW
    assert bench.tell(prices(1, b"another book of the same version")) is Told.REFUSED


def test_a_site_has_only_so_many_documents(bench: Bench) -> None:
    told = [
        bench.tell(manifest_of(f"d{number}", "corner", Version(1, 1), BOOK))
        for number in range(DOCUMENTS_MAX + 1)
    ]
    assert told == [Told.NEW] * DOCUMENTS_MAX + [Told.REFUSED]


def test_a_hub_that_nobody_reaches_is_a_fetch_error(hub: ChunkServer) -> None:
    for url in ("http://127.0.0.1:1", "http://no.such.host.invalid", hub.url):
        with pytest.raises(FetchError, match="chunks/abc"):
            asyncio.run(HubChunks(url).get("abc"))


def test_a_manifest_that_the_disk_does_not_keep_is_worked_by_all_the_same(bench: Bench) -> None:
    (bench.directory / "manifests" / "prices.part").mkdir()  # as a full disk: nothing can be written there
    assert bench.tell(prices(1)) is Told.NEW
    bench.work_until(lambda: bench.documents() == [BOOK])
    assert bench.files("manifests") == ["prices.part"]


def test_what_the_disk_does_not_keep_is_not_fetched_all_the_time(tmp_path: Path) -> None:
    manifest, fetched = prices(1), list[str]()

    async def fetch(sha256: str) -> bytes:
        fetched.append(sha256)
        return BOOK[:CHUNK_BYTES_MAX]

    async def an_hour() -> None:
        door = ManifestDoor(ADDRESS, {RETAILER.public.kid: Verifier(RETAILER.public)})
        downlink = Downlink(door, Staging(tmp_path), fetch, PaperRuntime().document, random.Random(1))
        (tmp_path / "chunks" / f"{manifest.chunks[0]}.part").mkdir()  # as a full disk: nothing is kept there
        payload = seal(RETAILER, MANIFEST_TYPE, manifest).encode()
        assert downlink.told(document("demo", "corner", "prices"), payload) is Told.NEW
        working = asyncio.create_task(downlink.run())
        await asyncio.sleep(3600)
        working.cancel()

    SimulatedLoop().live(an_hour())
    assert 2 <= len(fetched) <= 8


@pytest.mark.parametrize("host", ["hub..corner", "h" * 70])
def test_a_hub_whose_name_no_name_can_be_gives_nothing_and_ends_nobody(host: str) -> None:
    with pytest.raises(FetchError, match="idna"):
        asyncio.run(HubChunks(f"http://{host}:8443").get("0" * 64))
