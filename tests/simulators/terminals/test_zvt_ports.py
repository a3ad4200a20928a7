"""The terminal at its ports: a till over a socket, over a serial line, and `opos sim terminal zvt`."""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import serial
from click.testing import CliRunner

from simulators.cli import sim
from simulators.hand import ask
from simulators.terminals.zvt.apdu import Apdu, BareLink
from simulators.terminals.zvt.serial_line import framed
from tests.simulators.bench_process import PATIENCE_S, BenchProcess, StartBench, wait_for

QUICK = 'taps = "visa"\ntaps_after_ms = 0\nanswer_ms = 300\n'
TCP = f'[[device]]\nname = "terminal"\ntype = "zvt"\nat = "tcp:127.0.0.1:0"\n{QUICK}'
PTY = f'[[device]]\nname = "terminal"\ntype = "zvt"\nat = "pty:terminal"\n{QUICK}'
PAY = bytes.fromhex("06010704000000001995")
YES = bytes.fromhex("800000")


class TcpTill:
    """A till over a socket, which answers everything unless it is told not to."""

    def __init__(self, place: tuple[str, int]) -> None:
        self._socket = socket.create_connection(place, PATIENCE_S)
        self._link = BareLink()

    def heard_until(self, ends: Callable[[Apdu], bool], *, answers: bool = True) -> list[Apdu]:
        """What comes, up to the message that ends it."""
        heard: list[Apdu] = []
        while not (heard and ends(heard[-1])):
            data = self._socket.recv(4096)
            assert data, "the terminal hung up"
            for apdu in self._link.receive(data, 0):
                heard.append(apdu)
                if answers and apdu.control >> 8 != 0x80:
                    self._socket.sendall(YES)
        return heard

    def send(self, raw: bytes) -> None:
        """Say something."""
        self._socket.sendall(raw)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def is_end(apdu: Apdu) -> bool:
    return apdu.control in (0x060F, 0x061E)


def is_status(apdu: Apdu) -> bool:
    return apdu.control == 0x040F


@pytest.fixture
def bench(start_bench: StartBench) -> BenchProcess:
    return start_bench(TCP).started()


@pytest.fixture
def till(bench: BenchProcess) -> Iterator[TcpTill]:
    till = TcpTill(bench.address("terminal"))
    yield till
    till.close()


def controls(heard: list[Apdu]) -> list[int]:
    return [apdu.control for apdu in heard]


def test_a_till_is_paid_over_a_socket(bench: BenchProcess, till: TcpTill) -> None:
    till.send(PAY)
    assert controls(till.heard_until(is_end)) == [0x8000, 0x040F, 0x060F]
    assert bench.status()["terminal"]["held_minor"] == 1995


def test_pieces_of_one_byte_are_the_same_payment(bench: BenchProcess, till: TcpTill) -> None:
    bench.do("terminal", "faults", chunk_bytes=1)
    till.send(PAY)
    assert controls(till.heard_until(is_end)) == [0x8000, 0x040F, 0x060F]


def test_a_till_that_breaks_off_after_the_approval_finds_the_reversal(
    bench: BenchProcess, till: TcpTill
) -> None:
    till.send(PAY)
    till.heard_until(is_status, answers=False)
    till.close()
    wait_for(lambda: not bench.status()["terminal"]["busy"], "the terminal to take the payment back")
    again = TcpTill(bench.address("terminal"))
    again.send(bytes.fromhex("062003000000"))
    status = next(apdu for apdu in again.heard_until(is_end) if is_status(apdu))
    again.close()
    assert bytes.fromhex("0B00000237000001") in status.data
    assert bench.status()["terminal"]["held_minor"] == 0


def test_a_second_till_is_turned_away(bench: BenchProcess, till: TcpTill) -> None:
    till.send(bytes.fromhex("050100"))
    till.heard_until(is_end)
    with socket.create_connection(bench.address("terminal"), PATIENCE_S) as second:
        assert second.recv(10) == b""


def test_the_books_outlive_a_bench_that_is_stopped(start_bench: StartBench) -> None:
    bench = start_bench(TCP).started()
    till = TcpTill(bench.address("terminal"))
    till.send(PAY)
    till.heard_until(is_end)
    till.close()
    bench.stop()
    assert start_bench().started().status()["terminal"]["held_minor"] == 1995


def test_a_till_is_paid_over_a_serial_line(start_bench: StartBench) -> None:
    bench = start_bench(PTY).started()
    with serial.Serial(str(bench.folder / "terminal"), 9600, stopbits=2, timeout=PATIENCE_S) as port:
        port.write(framed(PAY))
        yes = framed(YES)
        assert port.read(1 + len(yes)) == b"\x06" + yes
        port.write(b"\x06")
        assert port.read(4) == bytes.fromhex("1002040F")
        port.read_until(b"\x10\x03")
        port.read(2)
        port.write(b"\x06" + yes)
        assert port.read(1) == b"\x06"
        done = framed(bytes.fromhex("060F00"))
        assert port.read(len(done)) == done
        port.write(b"\x06" + yes)
        assert port.read(1) == b"\x06"
    assert bench.status()["terminal"]["held_minor"] == 1995


# The command.


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    """Run `opos sim terminal zvt` in a folder of its own; what it announces."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*options: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "opos", "sim", "terminal", "zvt", *options, "--json"]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, env=dict(os.environ))
        started.append(process)
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            assert selector.select(PATIENCE_S), "the terminal did not say that it is up"
        announced: dict[str, Any] = json.loads(process.stdout.readline())
        return announced

    yield run
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0


def test_a_terminal_without_a_file_is_paid_at_and_obeys_a_hand(start: Callable[..., dict[str, Any]]) -> None:
    announced = start("--listen", "127.0.0.1:0", "--set", "taps_after_ms=0", "--set", "details=few")
    _, host, port = announced["status"]["terminal"]["at"][0].split(":")
    control = Path(announced["control"])
    till = TcpTill((host, int(port)))
    till.send(PAY)
    assert controls(till.heard_until(is_end)) == [0x8000, 0x040F, 0x060F]
    ask(control, {"device": "terminal", "verb": "decline"})
    till.send(PAY)
    assert controls(till.heard_until(is_end)) == [0x8000, 0x040F, 0x061E]
    till.close()
    assert ask(control, {"verb": "status"})["status"]["terminal"]["held_minor"] == 1995


def test_a_terminal_stands_at_a_serial_line_and_leaves_the_card_to_a_hand(
    start: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    announced = start("--listen", "pty:line", "--taps", "none", "--control", "other.sock")
    assert (tmp_path / "line").is_symlink()
    control = Path(announced["control"])
    with serial.Serial(str(tmp_path / "line"), 9600, timeout=PATIENCE_S) as port:
        port.write(framed(PAY))
        assert port.read(1) == b"\x06"
        typed = CliRunner().invoke(sim, ["do", "terminal", "tap", "card=girocard", "--bench", str(control)])
        assert typed.exit_code == 0, typed.output
        wait_for(lambda: bool(books(control)["entries"]), "the payment to be approved")
    assert books(control)["entries"][0]["card"] == "girocard"


def books(control: Path) -> dict[str, Any]:
    told: dict[str, Any] = ask(control, {"verb": "status"})["status"]["terminal"]["books"]
    return told


WRONG = [
    (["--listen", "nowhere"], 1, "'nowhere' is no address"),
    (["--set", "details"], 2, "'details' is no setting"),
    (["--set", "details=all"], 1, "the zvt 'terminal', details"),
    (["--taps", "library"], 2, "'library' is not one of"),
]


@pytest.mark.parametrize(("options", "code", "said"), WRONG)
def test_what_cannot_be_is_one_sentence(options: list[str], code: int, said: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(sim, ["terminal", "zvt", "--control", str(tmp_path / "it.sock"), *options])
    assert (told.exit_code, said in told.output) == (code, True), told.output


def test_help_has_examples() -> None:
    told = CliRunner().invoke(sim, ["terminal", "zvt", "--help"], prog_name="opos sim")
    assert "opos sim terminal zvt --listen" in told.output.partition("Examples:")[2]
