"""Pictures that a runtime wants come by their hash, once; what does not come is asked for again later."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from cloud_sync.agent.chunks import FetchError
from cloud_sync.agent.pictures import Pictures

HUB = {hashlib.sha256(data).hexdigest(): data for data in (b"scarf", b"sweater", b"tea", b"coffee", b"cake")}
SCARF, SWEATER, *OTHERS = HUB


class PaperHub:
    """A hub that gives what it has, and writes down what it was asked for."""

    def __init__(self) -> None:
        self.has = dict(HUB)
        self.asked: list[str] = []

    async def get(self, sha256: str) -> bytes:
        self.asked.append(sha256)
        if sha256 not in self.has:
            raise FetchError(f"chunk {sha256}: 404")
        return self.has[sha256]


@pytest.fixture
def hub() -> PaperHub:
    return PaperHub()


def want(folder: Path, *words: str) -> None:
    (folder / "wanted").write_text("\n".join(words), encoding="utf-8")


def bring(folder: Path, hub: PaperHub, rounds: int = 1) -> set[str]:
    async def work() -> None:
        pictures = Pictures(folder, hub.get)
        for _ in range(rounds):
            await pictures.bring()

    asyncio.run(work())
    return {path.name for path in folder.iterdir()} - {"wanted"} if folder.exists() else set()


def test_a_runtime_that_wants_nothing_gets_nothing(tmp_path: Path, hub: PaperHub) -> None:
    assert bring(tmp_path / "none", hub) == bring(tmp_path, hub) == set()
    assert hub.asked == []


def test_what_is_wanted_comes_once_and_the_rest_goes(tmp_path: Path, hub: PaperHub) -> None:
    want(tmp_path, SCARF, SWEATER)
    assert bring(tmp_path, hub, rounds=3) == {SCARF, SWEATER}
    assert (tmp_path / SCARF).read_bytes() == b"scarf"
    want(tmp_path, SWEATER)
    assert bring(tmp_path, hub) == {SWEATER}
    assert hub.asked == [SCARF, SWEATER]


def test_a_picture_that_the_hub_has_not_holds_up_no_other(
    tmp_path: Path, hub: PaperHub, caplog: pytest.LogCaptureFixture
) -> None:
    del hub.has[SCARF]
    want(tmp_path, SCARF, SWEATER)
    assert bring(tmp_path, hub, rounds=4) == {SWEATER}
    assert len(caplog.messages) == 1
    hub.has[SCARF] = b"scarf"
    assert bring(tmp_path, hub) == {SCARF, SWEATER}


def test_other_bytes_are_not_kept(tmp_path: Path, hub: PaperHub) -> None:
    hub.has[SCARF] = b"something else"
    want(tmp_path, SCARF)
    assert bring(tmp_path, hub) == set()


def test_a_line_that_is_down_is_not_asked_for_every_picture(tmp_path: Path, hub: PaperHub) -> None:
    hub.has.clear()
    want(tmp_path, *HUB)
    assert bring(tmp_path, hub) == set()
    assert len(hub.asked) == 3


def test_what_is_no_hash_is_no_file_and_no_address(tmp_path: Path, hub: PaperHub) -> None:
    want(tmp_path, "../ledger.db", "A" * 64, SCARF, "süß")
    assert bring(tmp_path, hub) == set()
    want(tmp_path, "../ledger.db", "A" * 64, SCARF)
    assert bring(tmp_path, hub) == {SCARF}
    assert hub.asked == [SCARF]


def test_a_folder_that_takes_or_tells_nothing_is_said_once_and_ends_nobody(
    tmp_path: Path, hub: PaperHub, caplog: pytest.LogCaptureFixture
) -> None:
    want(tmp_path, SCARF)
    (tmp_path / f"{SCARF}.part").mkdir()  # as a full disk: nothing can be written there
    assert bring(tmp_path, hub, rounds=3) == {f"{SCARF}.part"}
    assert len(caplog.messages) == 1
    (tmp_path / f"{SCARF}.part").rmdir()
    assert bring(tmp_path, hub) == {SCARF}
    (tmp_path / "wanted").unlink()
    (tmp_path / "wanted").mkdir()
    assert bring(tmp_path, hub, rounds=3) == {SCARF}
    assert len(caplog.messages) == 2
