"""thingsboard-gateway (PyPI) in its own environment, with its SQLite storage, and a paper ThingsBoard."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

VERSION: Final = "3.8.5"
_ENVIRONMENT: Final = Path("var/beside/thingsboard-gateway")

_TELEMETRY: Final = "v1/gateway/telemetry"
_ASKED: Final = "v1/devices/me/rpc/request/+"
# What a ThingsBoard without limits answers to `getSessionLimits`; the gateway sends nothing before.
_LIMITS: Final = {
    "maxPayloadSize": 65_536,
    "maxInflightMessages": 100,
    "rateLimits": {},
    "gatewayRateLimits": {},
}
_START: Final = """\
import os, sys
from thingsboard_gateway.tb_utility.tb_loader import TBModuleLoader
TBModuleLoader.find_paths()
TBModuleLoader.PATHS.append(os.path.abspath("extensions"))
from thingsboard_gateway.gateway.tb_gateway_service import TBGatewayService
TBGatewayService(os.path.abspath("config/tb_gateway.json"))
"""
_NO_LIMIT: Final = "0:0,"


def prepare() -> None:
    """Install the gateway where it is not yet."""
    stamp = _ENVIRONMENT / f"installed-{VERSION}"
    if stamp.exists():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(_ENVIRONMENT)], check=True)  # noqa: S603 - our own words
    pip = [str(_ENVIRONMENT / "bin/python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, f"thingsboard-gateway=={VERSION}"], check=True)  # noqa: S603 - our own words
    stamp.touch()


class Gateway:
    """One gateway whose storage lies in `storage`, on a line to port `port`."""

    name = f"thingsboard-gateway {VERSION}"

    def __init__(self, folder: Path, storage: Path, port: int, broker_port: int) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._lay_out(storage, port)
        self._taken = folder / "taken"
        self._platform = _Platform(broker_port)

    def start(self, rows: int, per_s: int) -> None:
        """Start it, and hand it rows up to `rows`, so many a second (0: as fast as it takes them)."""
        told = {"ROWS_TAKEN": str(self._taken.absolute()), "ROWS": str(rows), "ROWS_PER_S": str(per_s)}
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                [str((_ENVIRONMENT / "bin/python").absolute()), "start.py"],
                cwd=self._folder,
                env={**os.environ, **told},
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it as a power cut of the process would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def look_after(self, rows: int, per_s: int) -> None:
        """Start it again if it has ended by itself, as its service manager would."""
        if self._process is not None and self._process.poll() is not None:
            self.start(rows, per_s)

    def taken(self) -> int:
        """How many rows it has said yes to."""
        return self._taken.stat().st_size // 8 if self._taken.exists() else 0

    def arrived(self) -> "Counter[int]":
        """Row -> how often the platform has it."""
        return self._platform.rows()

    def pace(self, since_ms: int) -> int:
        """Rows a second from the first arrival after `since_ms` (milliseconds since 1970) to the last."""
        return self._platform.pace(since_ms)

    def close(self) -> None:
        """End all of it."""
        self.kill()
        self._platform.close()

    def _lay_out(self, storage: Path, port: int) -> None:
        config, extension = self._folder / "config", self._folder / "extensions" / "rows"
        for directory in (config, extension):
            directory.mkdir(parents=True)
        (config / "tb_gateway.json").write_bytes(msgspec.json.encode(_settings(storage, port)))
        (config / "rows.json").write_bytes(msgspec.json.encode({"name": "rows"}))
        (config / "logs.json").write_bytes(msgspec.json.encode(_LOGS))
        source = resources.files(__package__).joinpath("rows_connector.py.txt").read_bytes()
        (extension / "rows_connector.py").write_bytes(source)
        (self._folder / "start.py").write_text(_START)


def pace_of(arrivals: Sequence[tuple[int, int]]) -> int:
    """Rows a second in `arrivals` (milliseconds, rows), in order; what came first started the clock."""
    span_ms = arrivals[-1][0] - arrivals[0][0]
    return round(1_000 * sum(rows for _, rows in arrivals[1:]) / max(span_ms, 1))


class _Platform:
    """What stands for ThingsBoard: it answers the question for limits, and counts the rows that come."""

    def __init__(self, port: int) -> None:
        self._gate = threading.Lock()
        self._rows: Counter[int] = Counter()
        self._times: list[tuple[int, int]] = []
        """Milliseconds since 1970, and how many rows came then."""
        # A session of its own that the broker keeps: a row that the broker has taken is not lost here.
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, "platform", protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.on_message = self._heard
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([(_TELEMETRY, 1), (_ASKED, 1)])
        self._client.loop_start()

    def rows(self) -> "Counter[int]":
        with self._gate:
            return Counter(self._rows)

    def pace(self, since_ms: int) -> int:
        with self._gate:
            after = [(at_ms, rows) for at_ms, rows in self._times if at_ms >= since_ms]
        return pace_of(after)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _heard(self, client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        if message.topic != _TELEMETRY:
            answer = message.topic.replace("request", "response")
            client.publish(answer, msgspec.json.encode(_LIMITS), qos=1)
            return
        told: dict[str, list[dict[str, dict[str, int]]]] = msgspec.json.decode(message.payload)
        with self._gate:
            for rows in told.values():
                self._rows.update(row["values"]["row"] for row in rows)
                self._times.append((time.time_ns() // 1_000_000, len(rows)))


def _settings(storage: Path, port: int) -> dict[str, object]:
    """Its own defaults where they do not slow it down; its limits and its statistics are off."""
    limits = ("rateLimits", "dpRateLimits", "messagesRateLimits", "deviceMessagesRateLimits")
    more = ("deviceRateLimits", "deviceDpRateLimits")
    return {
        "thingsboard": {
            "host": "127.0.0.1",
            "port": port,
            "remoteShell": False,
            "remoteConfiguration": False,
            "statistics": {"enable": False},
            "deviceFiltering": {"enable": False, "filterFile": "list.json"},
            "maxPayloadSizeBytes": 65_000,
            "minPackSendDelayMS": 0,
            "minPackSizeToSend": 500,
            "handleDeviceRenaming": False,
            "security": {"type": "accessToken", "accessToken": "till"},
            "qos": 1,
            "reportStrategy": {"type": "ON_RECEIVED"},
            "checkingDeviceActivity": {"checkDeviceInactivity": False},
            **dict.fromkeys((*limits, *more), _NO_LIMIT),
        },
        "storage": {
            "type": "sqlite",
            "data_file_path": f"{storage.absolute()}/",
            "messages_ttl_in_days": 7,
            "max_read_records_count": 1_000,
            "writing_batch_size": 1_000,
        },
        "grpc": {"enabled": False},
        "connectors": [
            {"type": "rows", "name": "rows", "configuration": "rows.json", "class": "RowsConnector"}
        ],
    }


_LOGS: Final = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}},
    "loggers": {},
    "root": {"level": "WARNING", "handlers": ["out"]},
}
