"""The numbers reach whoever watches: by a file that is whole at any moment, by a port, and by the hub."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from cloud_sync.contract.state import Fault
from cloud_sync.exposition import Table
from cloud_sync.measures import Sample
from edge.config import HealthSection
from edge.health.looking import textfile_of
from edge.health.metrics import MEASURES
from edge.health.telling import Teller
from edge.offline_queue.bell import Answered, Bell, Said
from edge.wellbeing import DeviceHealth, Wellbeing
from tests.agent.chunk_server import serving
from tests.agent.line_world import Broker, Cable, until
from tests.agent.process_world import World


def teller(textfile: Path | None, port: int | None = None) -> Teller:
    return Teller(Table(MEASURES, {"object": "mirror-4"}), textfile, HealthSection(port=port))


def value(text: str, name: str) -> float | None:
    """The first value of a name; None where it is not told."""
    families = text_string_to_metric_families(text)
    return next((each.value for family in families for each in family.samples if each.name == name), None)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_the_file_is_replaced_at_once_and_everybody_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "metrics.prom"
    at_work = teller(file)
    at_work.tell([Sample("opos_sales_total", 1)])
    with file.open() as before:
        at_work.tell([Sample("opos_sales_total", 2)])
        assert value(before.read(), "opos_sales_total") == 1
    assert value(file.read_text(), "opos_sales_total") == 2
    assert file.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.prom"]


def test_a_folder_that_is_not_there_is_said_once_until_it_was_there_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "run"
    at_work = teller(folder / "metrics.prom")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            at_work.tell([])
        folder.mkdir()
        at_work.tell([])
        (folder / "metrics.prom").unlink()
        folder.rmdir()
        at_work.tell([])
    assert [record.message.rpartition(": ")[2] for record in caplog.records] == [
        "No such file or directory"
    ] * 2


def test_the_port_tells_the_last_moment_and_is_free_again_afterwards(
    caplog: pytest.LogCaptureFixture,
) -> None:
    port = free_port()

    async def scene() -> tuple[str, bytes]:
        at_work, beside = teller(None, port), teller(None, port)
        await at_work.open()
        await beside.open()  # which only says so
        at_work.tell([Sample("opos_sales_total", 3)])
        async with httpx.AsyncClient() as browser:
            told = (await browser.get(f"http://127.0.0.1:{port}/metrics")).text
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x" * 20_000)
        silence = await reader.read()
        writer.close()
        at_work.close()
        beside.close()
        return told, silence

    told, silence = asyncio.run(asyncio.wait_for(scene(), 20))
    assert value(told, "opos_sales_total") == 3
    assert silence == b""
    assert "give [health] another port" in caplog.text
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics")


PLACES = [
    (HealthSection(), {}, None),
    (HealthSection(), {"RUNTIME_DIRECTORY": "/run/opos"}, Path("/run/opos/metrics.prom")),
    (HealthSection(), {"RUNTIME_DIRECTORY": "/run/opos:/run/more"}, Path("/run/opos/metrics.prom")),
    (HealthSection(textfile="/srv/o.prom"), {"RUNTIME_DIRECTORY": "/run/opos"}, Path("/srv/o.prom")),
]


@pytest.mark.parametrize(("section", "environment", "expected"), PLACES)
def test_the_file_is_where_the_object_or_its_unit_says(
    section: HealthSection, environment: dict[str, str], expected: Path | None
) -> None:
    assert textfile_of(section, environment) == expected


@pytest.fixture
def world(tmp_path: Path, broker: Broker, cable: Cable) -> Iterator[World]:
    with serving() as chunks:
        running = World(tmp_path, broker, cable, chunks)
        yield running
        running.close()


def say(world: World, wellbeing: Wellbeing) -> None:
    """Have the runtime say how it is."""
    world.runtime._do(lambda: world.runtime.bell.well(wellbeing))


def well(*devices: DeviceHealth) -> Wellbeing:
    return Wellbeing("9.8.7", stage="idle", selling=True, sales=3, disk="roomy", devices=devices)


def test_a_runtime_that_misses_its_scale_is_seen_at_the_hub_in_the_file_and_at_the_port(world: World) -> None:
    file, port = world.data / "metrics.prom", free_port()
    with world.file.open("a") as text:
        text.write(f'[health]\ntextfile = "{file}"\nport = {port}\n')
    world.runtime.sell(3)
    world.start_agent()
    until(lambda: world.hub.states and world.hub.states[-1].online)
    assert world.hub.states[-1].faults == ()

    gone = well(DeviceHealth("reader", "ready"), DeviceHealth("scale", "faulty", "device.gone"))
    say(world, gone)

    until(lambda: world.hub.states[-1].faults == (Fault("device.gone", "scale"),))
    assert world.hub.states[-1].program == "9.8.7"
    until(lambda: value(file.read_text(), "opos_fault") == 1)
    until(lambda: value(file.read_text(), "opos_ledger_confirmed") == world.runtime.journal.head)
    scraped = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    assert value(scraped, "opos_sales_total") == 3
    assert str(world.agent_status()["program"]) == "9.8.7"
    assert world.status_in_words()[-1] == "  to look at: device.gone (scale)"

    say(world, well(DeviceHealth("reader", "ready"), DeviceHealth("scale", "ready")))
    until(lambda: world.hub.states[-1].faults == ())
    world.runtime.close()
    until(lambda: value(file.read_text(), "opos_runtime_up") == 0)
    world.runtime.open()


def test_the_bell_says_how_the_runtime_is_once_and_to_who_comes_late_too(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def nobody(_: Said) -> Answered:
        return Answered(ok=True)

    async def scene() -> None:
        bell = Bell(tmp_path / "bell", nobody)
        await bell.open()
        await bell.well(well())
        await bell.well(well())
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "bell"))
        heard.append(await reader.readline())
        await bell.well(well())
        await bell.well(well(DeviceHealth("scale", "ready")))
        heard.extend([await reader.readline(), await reader.readline()])
        writer.close()
        await bell.close()

    asyncio.run(asyncio.wait_for(scene(), 20))
    assert [b'"well"' in line for line in heard] == [False, True, True]
    assert [b'"scale"' in line for line in heard] == [False, False, True]
