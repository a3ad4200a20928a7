"""The terminal in a process of its own: HTTPS with a pinned certificate, many tills, hands, and a kill."""

import http.client
import json
import os
import selectors
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from simulators.cli import sim
from simulators.hand import ask
from tests.simulators.bench_process import PATIENCE_S, wait_for
from tests.simulators.terminals.nexo.nexo_till import abort, outcome, payment, seal, status, unseal

Start = Callable[..., "Process"]
PAID = ("Success", "")


class Process:
    """One `opos sim terminal nexo`, and what it announced."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [sys.executable, "-m", "opos", "sim", "terminal", "nexo", "--json"]
        at = ["--listen", "127.0.0.1:0", "--set", "taps_after_ms=0"]
        self.process = subprocess.Popen(
            [*command, *at, *options], cwd=folder, stdout=subprocess.PIPE, env=dict(os.environ)
        )
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            assert selector.select(PATIENCE_S), "the terminal did not say that it is up"
        announced = json.loads(self.process.stdout.readline())
        self.control = Path(announced["control"])
        self.told: dict[str, Any] = announced["status"]["terminal"]

    def do(self, verb: str, **order: Any) -> dict[str, Any]:
        """Let a hand do something; how the terminal is then."""
        about = {} if verb == "status" else {"device": "terminal"}
        status: dict[str, Any] = ask(self.control, {**about, "verb": verb, **order})["status"]["terminal"]
        return status

    def line(self) -> http.client.HTTPConnection:
        """A line of a till, which has pinned the certificate if there is one."""
        _, host, port = self.told["at"][0].split(":")
        if not self.told["tls"]:
            return http.client.HTTPConnection(host, int(port), timeout=PATIENCE_S)
        context = ssl.create_default_context(cafile=self.told["tls"]["certificate"])
        return http.client.HTTPSConnection(host, int(port), timeout=PATIENCE_S, context=context)

    def post(self, message: dict[str, Any], *, sealed: bool = True) -> dict[str, Any]:
        """Ask on a line of its own; the content of the answer, opened."""
        line = self.line()
        try:
            line.request("POST", "/nexo", json.dumps(seal(message) if sealed else message))
            raw = line.getresponse().read()
        finally:
            line.close()
        if not raw:
            return {}
        told = json.loads(raw)
        if sealed:
            told, right = unseal(told)
            assert right
        content: dict[str, Any] = next(iter(told.values()))
        return content

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it."""
        self.process.send_signal(number)
        self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Process] = []

    def run(*options: str) -> Process:
        started.append(Process(tmp_path, *options))
        return started[-1]

    yield run
    for each in started:
        if each.process.poll() is None:
            assert each.stop() == 0


def test_a_till_that_has_pinned_the_certificate_is_paid_and_others_are_not(start: Start) -> None:
    process = start()
    assert outcome(process.post(payment("1"))["PaymentResponse"]) == PAID
    assert process.do("status")["held_minor"] == 1995
    _, host, port = process.told["at"][0].split(":")
    stranger = http.client.HTTPSConnection(host, int(port), timeout=PATIENCE_S)
    with pytest.raises(ssl.SSLCertVerificationError):
        stranger.request("POST", "/nexo", "{}")
    stranger.close()


def test_the_certificate_has_the_name_of_the_terminal_and_no_key_stays_on_the_disk(start: Start) -> None:
    process = start("--set", "poi_id=P400Plus-275039202")
    pinned = process.told["tls"]
    assert pinned["name"] == "P400Plus-275039202.test.terminal.adyen.com"
    der = ssl.PEM_cert_to_DER_cert(Path(pinned["certificate"]).read_text(encoding="ascii"))
    assert pinned["name"].encode() in der
    files = [file for file in process.control.parent.iterdir() if file.is_file()]
    assert not [file for file in files if b"PRIVATE KEY" in file.read_bytes()]


def test_a_payment_is_aborted_from_another_line(start: Start) -> None:
    process = start("--plain", "--taps", "none")
    told: list[dict[str, Any]] = []
    waiting = threading.Thread(target=lambda: told.append(process.post(payment("1"))))
    waiting.start()
    wait_for(lambda: "tap" in process.do("status")["wants"], "the terminal to want a card")
    assert process.post(abort("2", "1")) == {}
    waiting.join(PATIENCE_S)
    assert outcome(told[0]["PaymentResponse"]) == ("Failure", "Aborted")


def test_a_till_that_breaks_off_finds_its_payment_by_asking(start: Start) -> None:
    process = start("--plain", "--taps", "none")
    line = process.line()
    line.request("POST", "/nexo", json.dumps(seal(payment("1"))))
    wait_for(lambda: "tap" in process.do("status")["wants"], "the terminal to want a card")
    line.close()
    typed = CliRunner().invoke(sim, ["do", "terminal", "tap", "--bench", str(process.control)])
    assert typed.exit_code == 0, typed.output
    wait_for(lambda: process.do("status")["held_minor"] == 1995, "the payment to be approved")
    wait_for(lambda: not process.do("status")["busy"], "the terminal to be done")
    assert outcome(process.post(status("2", "1"))["TransactionStatusResponse"]) == PAID


@pytest.mark.parametrize("what", ["lose-request", "lose-reply", "cut-reply"])
def test_a_line_breaks_where_it_is_told_to(what: str, start: Start) -> None:
    process = start("--plain")
    process.do("trouble", what=what)
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        process.post(payment("1"))
    assert process.do("status")["held_minor"] == (0 if what == "lose-request" else 1995)


def test_several_questions_come_on_one_line(start: Start) -> None:
    process = start("--plain")
    line = process.line()
    for service in ("1", "2"):
        line.request("POST", "/nexo", json.dumps(payment(service)))
        told = json.loads(line.getresponse().read())
        assert outcome(told["SaleToPOIResponse"]["PaymentResponse"]) == PAID
    line.close()


def test_a_terminal_that_is_killed_comes_back_with_its_books(start: Start) -> None:
    process = start("--plain")
    process.post(payment("1"))
    assert process.stop(signal.SIGKILL) == -signal.SIGKILL
    again = start("--plain")
    assert again.told["held_minor"] == 1995
    assert "told" not in again.told
    assert outcome(again.post(status("2", "1"))["TransactionStatusResponse"]) == PAID


def test_a_payment_whose_answer_is_late_is_in_the_books_of_a_terminal_that_is_killed(start: Start) -> None:
    process = start("--plain")
    process.do("trouble", what="late")
    line = process.line()
    line.request("POST", "/nexo", json.dumps(payment("1")))
    books = process.control.with_suffix(".json")
    wait_for(lambda: b'"held_minor":1995' in books.read_bytes(), "the payment to be written down")
    process.stop(signal.SIGKILL)
    line.close()
    assert start("--plain").told["held_minor"] == 1995


def test_an_unplugged_terminal_is_reached_by_nobody_until_it_is_plugged_in(start: Start) -> None:
    process = start("--plain")
    process.do("unplug")
    with pytest.raises(ConnectionRefusedError):
        process.post(payment("1"))
    process.do("plug")
    assert outcome(process.post(payment("1"))["PaymentResponse"]) == PAID


def test_a_restart_breaks_every_line(start: Start) -> None:
    process = start("--plain", "--taps", "none")
    line = process.line()
    line.request("POST", "/nexo", json.dumps(payment("1")))
    wait_for(lambda: process.do("status")["busy"], "the payment to begin")
    process.do("restart")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        line.getresponse()
    line.close()
    refused = process.post(status("2", "1"), sealed=False)["TransactionStatusResponse"]
    assert outcome(refused) == ("Failure", "NotFound")


HTTP = [
    (b"GET /nexo HTTP/1.1\r\n\r\n", b"405"),
    (b"POST /other HTTP/1.1\r\ncontent-length: 0\r\n\r\n", b"404"),
    (b"POST /nexo HTTP/1.1\r\n\r\n", b"400"),
    (b"POST /nexo HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n", b"400"),
    (b"POST /nexo HTTP/1.1\r\ncontent-length: -1\r\n\r\n", b"400"),
    (b"POST /nexo HTTP/1.1\r\nContent-Length: 0\r\n\r\n", b"200"),
]


def test_what_is_no_post_has_a_status_and_no_answer(start: Start) -> None:
    process = start("--plain")
    _, host, port = process.told["at"][0].split(":")
    for raw, code in HTTP:
        with socket.create_connection((host, int(port)), PATIENCE_S) as line:
            line.sendall(raw)
            assert line.recv(100).split()[1] == code, raw


WRONG = [
    (["--listen", "nowhere"], 1, "'nowhere' is no address"),
    (["--set", "types"], 2, "'types' is no setting"),
    (["--set", "types=all"], 1, "the nexo 'terminal', types"),
    (["--set", "at=pty:line"], 1, "is no port for a nexo terminal"),
    (["--taps", "library"], 2, "'library' is not one of"),
]


@pytest.mark.parametrize(("options", "code", "said"), WRONG)
def test_what_cannot_be_is_one_sentence(options: list[str], code: int, said: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(sim, ["terminal", "nexo", "--control", str(tmp_path / "it.sock"), *options])
    assert (told.exit_code, said in told.output) == (code, True), told.output


def test_help_has_examples() -> None:
    told = CliRunner().invoke(sim, ["terminal", "nexo", "--help"], prog_name="opos sim")
    assert "opos sim terminal nexo --listen" in told.output.partition("Examples:")[2]
