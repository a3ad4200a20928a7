"""Where a fleet sells: a broker and a hub that are there, or ones of its own in a directory of its own."""

import json
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from simulators.demo.bad_days import BadDayError, find_mosquitto
from simulators.demo.errands import opos, run
from simulators.demo.ports import HOST
from simulators.demo.processes import Program, Supervisor
from simulators.demo.waiting import looks
from simulators.fleet.contract import Checker
from simulators.fleet.shift import Place, Where

MOSQUITTO: Final = "mosquitto"
HUB: Final = "hub"

# Whoever speaks to the other is stopped first.
_FLOORS: Final = {MOSQUITTO: 0, HUB: 1}
# A hub on a cold disk that imports everything for the first time.
_OPENING_PATIENCE_S: Final = 30.0
# A payload has less than 128 KiB; its packet has a topic and properties too.
_PACKET_BYTES_MAX: Final = 132 * 1024
# What the broker lets be on its way at once to a client, and what it keeps for one that is slower: a frame
# of each object of the largest fleet.
_INFLIGHT_MESSAGES: Final = 64
_QUEUED_MESSAGES_MAX: Final = 10_000
# It keeps no more than this of all that waits: beyond, messages are dropped, and their objects send again.
_QUEUED_BYTES_MAX: Final = 256 * 1024 * 1024


class HubFigures(msgspec.Struct, frozen=True):
    """What a hub has counted: sales by object, money by currency."""

    sales: dict[str, int]
    money: dict[str, int]


class Trouble(msgspec.Struct, frozen=True):
    """Something that a person should look at, and how often it came."""

    kind: str
    times: int


class _Status(msgspec.Struct, frozen=True):
    troubles: list[Trouble]


@asynccontextmanager
async def own_place(directory: Path, database: str | None = None) -> AsyncIterator[Place]:
    """A new hub and a Mosquitto of its own under `directory`, until the block ends.

    `database` is the address of an empty one for the hub, which has a file of its own otherwise.
    """
    broker, http = _free_port(), _free_port()
    hub_dir, conf = directory / "hub", directory / "mosquitto.conf"
    conf.write_text(_conf(broker), encoding="utf-8")
    elsewhere = () if database is None else ("--database", database)
    await run(opos("hub", "init", "--dir", hub_dir, *elsewhere))
    (directory / "logs").mkdir()
    supervisor = Supervisor(directory / "logs")
    hub = opos("hub", "run", "--dir", hub_dir, "--port", str(http), "--broker", f"{HOST}:{broker}")
    supervisor.start(
        [
            Program(MOSQUITTO, (find_mosquitto(), "-c", str(conf)), _FLOORS[MOSQUITTO]),
            Program(HUB, hub, _FLOORS[HUB]),
        ]
    )
    try:
        url = f"http://{HOST}:{http}"
        await supervisor.while_well(_see_open(url))
        pids = {name: child.pid for name, child in supervisor.children.items() if child.pid is not None}
        yield Place(Where(HOST, broker), url, hub_dir, pids)
    finally:
        await supervisor.stop()


async def admit(place: Place, addresses: Iterable[Mapping[str, Any]]) -> None:
    """Let the hub know the objects: names, places and public keys."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(json.dumps(each) + "\n" for each in addresses)
        file.flush()
        await run(opos("hub", "admit", "--dir", place.hub_dir, "--from", file.name))


async def trusted(place: Place) -> list[Checker]:
    """The keys that the hub signs receipts with."""
    said = await run(opos("hub", "trust", "--dir", place.hub_dir, "--json"))
    keys: list[dict[str, str]] = json.loads(said)["receipt"]
    return [Checker(key) for key in keys]


async def troubles(place: Place) -> int:
    """How often the hub has refused something or set it aside."""
    said = await run(opos("hub", "status", "--dir", place.hub_dir, "--json"))
    return sum(trouble.times for trouble in msgspec.json.decode(said, type=_Status).troubles)


async def figures(client: httpx.AsyncClient, place: Place) -> HubFigures | None:
    """What the hub has counted by now; None if it does not answer at this moment.

    Raises BadDayError when what answers is not such a hub.
    """
    try:
        answer = (await client.get(f"{place.hub_url}/api/figures")).raise_for_status()
        return msgspec.json.decode(answer.content, type=HubFigures)
    except httpx.HTTPError:
        return None
    except msgspec.DecodeError as error:
        raise BadDayError(f"{place.hub_url}/api/figures are no figures of a hub: {error}.") from error


def cpu_s(pid: int) -> float | None:
    """The CPU time of a process so far, user and system (proc(5), stat); None if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except FileNotFoundError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _see_open(url: str) -> None:
    async with httpx.AsyncClient() as client:
        async for _ in looks(_OPENING_PATIENCE_S):
            if await _hears_broker(client, url):
                return
    raise BadDayError(f"The hub at {url} did not open within {_OPENING_PATIENCE_S:.0f} s.")


async def _hears_broker(client: httpx.AsyncClient, url: str) -> bool:
    try:
        health: dict[str, Any] = (await client.get(f"{url}/healthz")).json()
    except httpx.TransportError:
        return False
    return health["broker"] is True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _conf(port: int) -> str:
    """mosquitto.conf(5): nothing of value lives in the broker, so it keeps nothing on its disk."""
    # Started by root it would become another user, which takes it off the supervisor's leash (prctl(2)).
    staying = ["user root"] if os.geteuid() == 0 else []
    return "\n".join(
        (
            f"listener {port} {HOST}",
            "allow_anonymous true",
            "persistence false",
            "set_tcp_nodelay true",
            f"max_inflight_messages {_INFLIGHT_MESSAGES}",
            f"max_packet_size {_PACKET_BYTES_MAX}",
            f"max_queued_messages {_QUEUED_MESSAGES_MAX}",
            f"max_queued_bytes {_QUEUED_BYTES_MAX}",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
            *staying,
            "",
        )
    )
