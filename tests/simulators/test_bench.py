"""A bench as a process: killed, it comes back with the same goods; what it cannot do, it says."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.devices.device import RefusedError
from simulators.hand import ask
from tests.simulators.bench_process import (
    PATIENCE_S,
    READER,
    SCALE,
    TCP_SCALE,
    BenchProcess,
    StartBench,
    cable_to,
    wait_for,
    write_bench,
)

SWEATER, SCARF = "3034F42A44000040000003E9", "3034F42A44000080000003EA"


def test_it_says_where_its_devices_are(start_bench: StartBench) -> None:
    bench = start_bench(READER, TCP_SCALE, cable_to(9)).started()
    status = bench.announced["status"]
    assert bench.announced["control"] == str(bench.folder / "bench.sock")
    assert list(status) == ["reader", "scale", "cable"]
    assert status["reader"]["at"] == [f"pty:{bench.folder}/reader"]
    assert status["scale"]["at"][0].startswith("tcp:127.0.0.1:")
    assert status["cable"]["at"][0].endswith(" -> 127.0.0.1:9")
    assert (bench.folder / "reader").readlink().is_char_device()


def test_killed_it_comes_back_with_the_same_goods_cut_and_faults(start_bench: StartBench) -> None:
    bench = start_bench(READER, SCALE, cable_to(9)).started()
    bench.do("reader", "put", epc=SWEATER)
    bench.do("reader", "put", epc=SCARF, rssi_dbm=-70)
    bench.do("reader", "take", epc=SWEATER)
    bench.do("reader", "faults", noise_permille=5, unstable_s=60)
    bench.do("scale", "put", mass_mg=262_000)
    bench.do("scale", "lean", mass_mg=1000)
    bench.do("scale", "unplug")
    bench.do("cable", "cut")
    before = bench.status()
    assert before["reader"]["tags"] == [{"epc": SCARF, "rssi_dbm": -70}]
    bench.kill()
    again = start_bench().started()
    after = again.status()
    for status in (before, after):
        del status["cable"]["at"], status["cable"]["routes"]  # ports of the kernel's choice
    assert after == before
    assert not (again.folder / "scale").exists()


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_however_it_ended_its_places_are_taken_again(start_bench: StartBench, end: str) -> None:
    for _ in range(3):
        bench = start_bench(READER).started()
        assert bench.status()["reader"]["plugged"] is True
        if end == "kill":
            bench.kill()
        else:
            assert bench.stop() == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_leaves_neither_socket_nor_symlink(start_bench: StartBench, number: int) -> None:
    bench = start_bench(READER, SCALE, cable_to(9)).started()
    with socket.socket(socket.AF_UNIX) as hand:
        hand.connect(os.fspath(bench.folder / "bench.sock"))
        bench.do("scale", "put", mass_mg=5)
        assert bench.stop(number) == (0, "")
    assert sorted(path.name for path in bench.folder.iterdir()) == ["bench.json", "bench.toml"]


def test_a_taken_port_is_one_sentence_and_nothing_is_left_behind(start_bench: StartBench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for part in (
            f'[[device]]\nname = "scale"\ntype = "mt-sics"\nat = "tcp:127.0.0.1:{port}"\n',
            f'[[device]]\nname = "c"\ntype = "cable"\nroutes = [["127.0.0.1:{port}", "127.0.0.1:9"]]\n',
        ):
            bench = start_bench(READER, part)
            code, sentence = bench.ended()
            assert code == 1
            assert sentence.startswith(f"Error: port 127.0.0.1:{port} is taken")
            assert sentence.count("\n") == 1
            assert [path.name for path in bench.folder.iterdir()] == ["bench.toml"]


def test_a_second_bench_of_the_same_file_is_refused_and_the_first_lives_on(start_bench: StartBench) -> None:
    first = start_bench(READER).started()
    code, sentence = start_bench().ended()
    assert (code, sentence) == (1, f"Error: another bench runs at {first.folder}/bench.sock: stop it first\n")
    assert first.do("reader", "put", epc=SWEATER)["tags"]


def test_a_socket_path_that_is_too_long_is_one_sentence(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    code, sentence = BenchProcess(write_bench(folder, READER)).ended()
    assert code == 1
    assert "is longer than the 107 bytes of a socket's path" in sentence


def test_a_file_in_the_place_of_a_device_is_never_replaced(start_bench: StartBench, tmp_path: Path) -> None:
    (tmp_path / "reader").write_text("somebody's")
    code, sentence = start_bench(READER).ended()
    assert code == 1
    assert "is somebody's file" in sentence
    assert (tmp_path / "reader").read_text() == "somebody's"


# A part of the file, and what is said about it.
WRONG_FILES = [
    ("[[device", "is not the file of a bench"),
    ('[[device]]\nname = "a"\ntype = "toaster"\n', "no device of the type 'toaster' is known"),
    ('[[device]]\nname = "A b"\ntype = "r200"\nat = "pty:x"\n', "matching regex"),
    ('[[device]]\nname = "a"\ntype = "r200"\nat = "usb:x"\n', "'usb:x' is no port"),
    ('[[device]]\nname = "a"\ntype = "r200"\nat = "tcp:x"\n', "'x' is no address"),
    ('[[device]]\nname = "a"\ntype = "r200"\nat = "pty:no/such/folder"\n', "cannot be reached"),
    ('[[device]]\nname = "a"\ntype = "mt-sics"\nat = "pty:x"\nreadability_mg = 7\n', "Invalid enum value 7"),
    (READER + READER, "two devices called reader"),
    ('[[device]]\nname = "a"\ntype = "cable"\nroutes = []\n', "length >= 1"),
]


@pytest.mark.parametrize(("part", "said"), WRONG_FILES)
def test_a_wrong_file_is_one_sentence(start_bench: StartBench, part: str, said: str) -> None:
    code, sentence = start_bench(part).ended()
    assert code == 1
    assert said in sentence
    assert sentence.startswith("Error: ")
    assert sentence.count("\n") == 1


@pytest.mark.parametrize("state", ["{", "[]", '{"reader": {"world": {"tags": 5}}}', '{"reader": 1}'])
def test_a_spoiled_state_is_not_guessed_at(start_bench: StartBench, tmp_path: Path, state: str) -> None:
    (tmp_path / "bench.json").write_text(state)
    code, sentence = start_bench(READER).ended()
    assert code == 1
    assert "bench.json is not the state of this bench" in sentence
    assert "remove it to begin with an empty one" in sentence


def test_a_state_of_other_devices_is_passed_over(start_bench: StartBench, tmp_path: Path) -> None:
    (tmp_path / "bench.json").write_text('{"printer": {"paper": true}}')
    assert start_bench(READER).started().status()["reader"]["tags"] == []


# Order, and what is said about it.
WRONG_ORDERS = [
    ({"device": "printer", "verb": "put"}, "no device 'printer' on this bench: there are reader"),
    ({"verb": "put"}, "no device None on this bench: there are reader"),
    ({"device": [1], "verb": "status"}, "no device [1] on this bench: there are reader"),
    ({"device": "reader", "verb": "put"}, "reader: put: Object missing required field `epc`"),
    ({"device": "reader", "verb": "plug", "hard": 1}, "reader: plug takes no hard"),
    (
        {"device": "reader", "verb": "faults", "loud": 1},
        "reader: faults: Object contains unknown field `loud`",
    ),
    (
        {"device": "reader", "verb": "sing"},
        "reader: the verb 'sing' is unknown here: "
        "the verbs are clear, faults, heal, plug, put, restart, take, unplug",
    ),
]


def test_a_wrong_order_is_told_in_a_sentence_and_the_next_one_is_heard(start_bench: StartBench) -> None:
    bench = start_bench(READER).started()
    with socket.socket(socket.AF_UNIX) as hand:
        hand.settimeout(PATIENCE_S)
        hand.connect(os.fspath(bench.folder / "bench.sock"))
        answers = hand.makefile()
        for order, sentence in WRONG_ORDERS:
            hand.sendall(json.dumps(order).encode() + b"\n")
            assert json.loads(answers.readline()) == {"ok": False, "error": sentence}
        for line in (b"{", b"[]", b'"put"', b"\xff", b""):
            hand.sendall(line + b"\n")
            assert json.loads(answers.readline())["error"].startswith("an order is a JSON object on one line")
        hand.sendall(b'{"verb": "sta')
        hand.sendall(b'tus"}\n{"verb": "status"}\n')
        assert [json.loads(answers.readline())["ok"] for _ in range(2)] == [True, True]


def test_an_endless_order_is_refused(start_bench: StartBench) -> None:
    bench = start_bench(READER).started()
    with socket.socket(socket.AF_UNIX) as hand:
        hand.settimeout(PATIENCE_S)
        hand.connect(os.fspath(bench.folder / "bench.sock"))
        hand.sendall(b"x" * 70_000)
        assert (
            json.loads(hand.makefile().readline())["error"] == "an order is one line of at most 65536 bytes"
        )
    assert bench.status()


def test_a_caller_who_leaves_without_listening_harms_nobody(start_bench: StartBench) -> None:
    bench = start_bench(READER).started()
    for _ in range(20):
        with socket.socket(socket.AF_UNIX) as hand:
            hand.connect(os.fspath(bench.folder / "bench.sock"))
            hand.sendall(b'{"verb": "status"}\n' * 10)
    assert bench.status()
    assert bench.stop() == (0, "")


def test_it_lives_on_when_whoever_started_it_dies(tmp_path: Path) -> None:
    orphan = (
        "import subprocess as s, sys; print(s.Popen(sys.argv[1:], stdout=s.DEVNULL, stderr=s.DEVNULL).pid)"
    )
    opos = [sys.executable, "-m", "opos", "sim", "up", str(write_bench(tmp_path, READER))]
    said = subprocess.run([sys.executable, "-c", orphan, *opos], stdout=subprocess.PIPE, check=True)
    control = tmp_path / "bench.sock"

    def obeys() -> bool:
        try:
            return bool(ask(control, {"device": "reader", "verb": "put", "epc": SWEATER})["status"])
        except RefusedError:  # its socket is there before it listens
            return False

    try:
        wait_for(obeys, "the orphan to be up")
        assert obeys()
    finally:
        os.kill(int(said.stdout), signal.SIGTERM)
    wait_for(lambda: not control.exists(), "the orphan to end")
