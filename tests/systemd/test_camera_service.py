"""The camera's worker where systemd starts it: asked by one line at a socket, ended by its end."""

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from edge.readings import DeviceFault, DeviceReady, Nanoseconds
from edge.runtime.camera import CameraKeeper, CameraSaid
from edge.runtime.camera_worker import CameraPlan, start
from edge.sensors.votes import CameraAsked

GTINS = ("04006381333931", "09520001100307")
PATIENCE_S = 30


class Service:
    """What listens at the socket, as opos-camera.socket and its worker do together."""

    def __init__(self) -> None:
        self.asked: list[CameraAsked] = []
        self.ended = asyncio.Event()

    async def look(self, said: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        self.asked.append(msgspec.json.decode(await said.readline(), type=CameraAsked))
        answers.write(b'{"type":"DeviceReady"}\n')
        await said.read()
        self.ended.set()
        answers.close()


def plan_of(directory: Path) -> CameraPlan:
    nobody = (str(directory / "nobody"),)
    return CameraPlan(nobody, directory / "gtins", lambda: GTINS, "0", directory / "camera.sock")


async def day(directory: Path, happens: Callable[[Service, CameraPlan], "asyncio.Future[None]"]) -> None:
    service, plan = Service(), plan_of(directory)
    assert plan.socket is not None
    server = await asyncio.start_unix_server(service.look, plan.socket)
    async with asyncio.timeout(PATIENCE_S):
        await happens(service, plan)
    server.close()


def test_it_is_told_the_camera_and_the_products_and_ends_with_the_line(tmp_path: Path) -> None:
    async def happens(service: Service, plan: CameraPlan) -> None:
        worker = await start(plan)
        assert await worker.said.readline() == b'{"type":"DeviceReady"}\n'
        assert not service.ended.is_set()
        await worker.end()
        await service.ended.wait()
        assert service.asked == [CameraAsked("0", GTINS)]

    asyncio.run(day(tmp_path, lambda service, plan: asyncio.ensure_future(happens(service, plan))))


async def first_word(plan: CameraPlan) -> CameraSaid:
    """What a keeper that asks for a camera hears first."""
    heard: asyncio.Queue[CameraSaid] = asyncio.Queue()
    keeper = CameraKeeper(plan, heard.put_nowait, lambda: Nanoseconds(1), random.Random(1))
    keeper.ask()
    running = asyncio.ensure_future(keeper.run())
    said = await heard.get()
    running.cancel()
    return said


def test_a_keeper_asks_the_service_where_there_is_one(tmp_path: Path) -> None:
    heard: list[CameraSaid] = []

    async def happens(service: Service, plan: CameraPlan) -> None:
        heard.append(await first_word(plan))
        await service.ended.wait()

    asyncio.run(day(tmp_path, lambda service, plan: asyncio.ensure_future(happens(service, plan))))
    assert heard == [DeviceReady()]
    assert not (tmp_path / "gtins").exists()


def test_a_service_that_is_gone_is_a_camera_that_is_gone(tmp_path: Path) -> None:
    heard: list[CameraSaid] = []

    async def happens(_service: Service, plan: CameraPlan) -> None:
        assert plan.socket is not None
        plan.socket.unlink()
        heard.append(await first_word(plan))

    asyncio.run(day(tmp_path, lambda service, plan: asyncio.ensure_future(happens(service, plan))))
    assert [type(said) for said in heard] == [DeviceFault]


@pytest.mark.parametrize("line", [b"", b"\n", b'{"source":7}\n', b'{"source":"0"}'], ids=repr)
def test_a_worker_that_is_asked_nonsense_says_so_and_ends(line: bytes) -> None:
    pytest.importorskip("cv2", reason="the extra `camera` is not installed")
    command = [sys.executable, "-m", "edge.camera", "--asked"]
    done = subprocess.run(command, input=line, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, b"")
    assert "expected a camera and its products" in done.stderr.decode()


def test_a_worker_that_was_asked_looks_until_the_line_ends(tmp_path: Path) -> None:
    pytest.importorskip("cv2", reason="the extra `camera` is not installed")
    asked = json.dumps({"source": str(tmp_path / "none.png"), "gtins": GTINS}).encode() + b"\n"
    command = [sys.executable, "-m", "edge.camera", "--asked"]
    done = subprocess.run(command, input=asked, capture_output=True, check=False, timeout=60)
    assert json.loads(done.stdout.splitlines()[-1])["code"] == "camera.gone"
