"""`opos object quiet`: an object may be stopped between two sales, and not while somebody pays."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.checkout.state import Stage
from edge.cli.object import object_
from tests import object_files


class Glass:
    """An object's port, which says one stage after the other and stays with the last."""

    def __init__(self, *bodies: bytes) -> None:
        self.bodies = list(bodies)
        glass = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = glass.bodies.pop(0) if len(glass.bodies) > 1 else glass.bodies[0]
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of its base
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def status(stage: Stage) -> bytes:
    return json.dumps({"stage": stage.value}).encode()


@pytest.fixture
def glasses() -> Iterator[list[Glass]]:
    opened: list[Glass] = []
    yield opened
    for glass in opened:
        glass.close()


def asked(directory: Path, port: int, *words: str) -> Result:
    file = directory / "object.toml"
    file.write_text(object_files.mirror("mirror-1", port=port), "utf-8")
    return CliRunner().invoke(object_, ["quiet", str(file), *words])


@pytest.mark.parametrize("stage", Stage)
def test_it_may_be_stopped_while_nobody_pays(stage: Stage, tmp_path: Path, glasses: list[Glass]) -> None:
    glasses.append(Glass(status(stage)))
    result = asked(tmp_path, glasses[0].server.server_port, "--wait", "0", "--json")
    may = stage.value in {"idle", "unpaired", "out-of-service", "listing", "offered", "disagree"}
    assert (result.exit_code == 0) is may
    assert json.loads(result.stdout) == {"object": "mirror-1", "quiet": may, "stage": stage.value}


def test_the_end_of_a_payment_is_waited_for(tmp_path: Path, glasses: list[Glass]) -> None:
    glasses.append(Glass(*map(status, (Stage.PAYING, Stage.RECORDING, Stage.IDLE))))
    result = asked(tmp_path, glasses[0].server.server_port)
    assert (result.exit_code, result.output) == (0, "mirror-1: nobody pays now\n")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"stage":"elsewhere"}', b'{"stage":7}', b"[]"])
def test_another_program_at_its_port_is_no_object_that_sells(
    body: bytes, tmp_path: Path, glasses: list[Glass]
) -> None:
    glasses.append(Glass(body))
    assert asked(tmp_path, glasses[0].server.server_port, "--wait", "0").exit_code == 0


def test_one_that_does_not_run_may_be_stopped(tmp_path: Path) -> None:
    assert asked(tmp_path, 1, "--wait", "0").exit_code == 0
