"""The hub on a network: the broker with TLS, and the door that objects on other machines come to."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity.authority import root_pem
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import connect
from cloud_sync.security import PinnedSecurity
from tests.hub.hub_processes import DEADLINE_S, MOSQUITTO, OPOS, HubProcess, eventually, free_port, listens

pytestmark = pytest.mark.skipif(not MOSQUITTO.exists(), reason="Mosquitto is not installed")


class NetworkedHub(HubProcess):
    """A hub that knows its broker by a certificate, and has a door for objects."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, free_port())
        self.https = free_port()
        self.command(
            "broker", "--host", "localhost", "--port", str(self.broker_port), "--https", str(self.https)
        )
        with (path / "mosquitto.log").open("ab") as log:
            conf = path / "broker" / "mosquitto.conf"
            self.broker = subprocess.Popen([MOSQUITTO, "-c", conf], stdout=log, stderr=log)
        eventually(lambda: listens(self.broker_port), "Mosquitto listens")

    def words(self, part: str = "run") -> list[str]:
        doors = ["--port", str(self.port), "--https", str(self.https), "--bind", "127.0.0.1"]
        broker = ["--broker", f"mqtts://localhost:{self.broker_port}"]
        return [*OPOS, "hub", part, "--dir", str(self.path), *doors, *broker]

    def close(self) -> None:
        self.kill()
        self.broker.kill()
        self.broker.wait(DEADLINE_S)


@pytest.fixture
def networked(tmp_path: Path) -> Iterator[NetworkedHub]:
    hub = NetworkedHub(tmp_path / "hub")
    yield hub
    hub.close()


def test_objects_elsewhere_get_documents_and_no_figures(networked: NetworkedHub) -> None:
    networked.start()
    eventually(networked.hears_broker, "the hub hears the broker")
    folder = Folder(networked.path)
    trusted = PinnedSecurity(root_pem(folder)).context()
    store = connect(folder.database)
    with store.reading() as connection:
        sha256 = connection.execute(select(schema.chunk.c.sha256)).scalars().first()
    store.close()

    with httpx.Client(base_url=f"https://localhost:{networked.https}", verify=trusted) as objects:
        answers = {
            path: objects.get(path, headers={"host": "hub.example"}).status_code
            for path in (
                f"/chunks/{sha256}",
                "/healthz",
                "/",
                "/api/figures",
                "/api/sales",
                "/static/console.css",
            )
        }
        asked = objects.post("/enrol", content=b"let me in")

    assert list(answers.values()) == [200, 200, 404, 404, 404, 404]
    assert asked.status_code == 400
    assert asked.headers["x-content-type-options"] == "nosniff"


def test_without_certificates_the_door_says_which_file_is_missing(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path / "hub", free_port())
    words = [*hub.words(), "--https", str(free_port())]

    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=DEADLINE_S)

    assert done.returncode == 1
    assert f"Error: {hub.path}/tls/hub.crt: cannot be shown to objects: No such file" in done.stderr


def test_a_broker_with_tls_needs_the_root(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path / "hub", free_port())
    words = [*OPOS, "hub", "run", "--dir", str(hub.path), "--port", "0", "--broker", "mqtts://localhost:1"]

    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=DEADLINE_S)

    assert done.returncode == 1
    assert f"{hub.path}/tls/root.crt" in done.stderr
    assert "Traceback" not in done.stderr
