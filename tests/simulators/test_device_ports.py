"""Devices at their ports: a host opens a pty with pyserial or a socket, and cannot tell them from real ones."""

import socket
import termios
from collections.abc import Callable
from contextlib import suppress

import pytest
import serial
from bench_process import PATIENCE_S, READER, SCALE, TCP_SCALE, BenchProcess, wait_for
from conftest import StartBench

SWEATER = "3034F42A44000040000003E9"
POLL = bytes.fromhex("BB002700032200FF4B7E")
NO_TAG = bytes.fromhex("BB01FF000115167E")
STOP, STOPPED = bytes.fromhex("BB00280000287E"), bytes.fromhex("BB01280001002A7E")
WEIGHT_BYTES = len("S S        0.0 g\r\n")


def opened(bench: BenchProcess, name: str, baud: int) -> serial.Serial:
    return serial.Serial(str(bench.folder / name), baud, timeout=PATIENCE_S, write_timeout=PATIENCE_S)


def asked(port: serial.Serial, command: bytes) -> bytes:
    port.write(command)
    line: bytes = port.read_until(b"\r\n")
    return line


def heard_until(port: serial.Serial, wanted: Callable[[bytes], bool]) -> bytes:
    heard = bytearray()

    def more() -> bool:
        heard.extend(port.read(max(1, port.in_waiting)))
        return wanted(bytes(heard))

    wait_for(more, "the bytes that the test wants")
    return bytes(heard)


def test_a_host_polls_the_reader_over_its_pty_and_a_hand_brings_a_tag(start_bench: StartBench) -> None:
    bench = start_bench(READER).started()
    with opened(bench, "reader", 115_200) as port:
        port.write(POLL)
        assert port.read(len(NO_TAG)) == NO_TAG
        bench.do("reader", "put", epc=SWEATER)
        heard_until(port, lambda heard: bytes.fromhex(SWEATER) in heard)
        port.write(STOP)
        heard_until(port, lambda heard: heard.endswith(STOPPED))


def test_a_host_weighs_over_a_pty_and_a_hand_lays_goods_on_the_plate(start_bench: StartBench) -> None:
    bench = start_bench(SCALE).started()
    with opened(bench, "scale", 9600) as port:
        assert asked(port, b"SI\r\n") == b"S S        0.0 g\r\n"
        bench.do("scale", "put", mass_mg=262_000)
        assert asked(port, b"S\r\n").startswith(b"S S      26")


def test_a_host_may_close_the_port_and_open_it_again(start_bench: StartBench) -> None:
    bench = start_bench(SCALE).started()
    for _ in range(3):
        with opened(bench, "scale", 9600) as port:
            assert asked(port, b"I3\r\n") == b'I3 A "1.00"\r\n'


def test_a_host_at_the_wrong_rate_hears_garbage_and_at_the_right_one_the_device(start_bench: StartBench) -> None:
    bench = start_bench(SCALE).started()
    with opened(bench, "scale", 4800) as port:
        bench.do("scale", "restart")  # it says its serial number unasked
        assert b"I4 A" not in port.read(4)
        port.reset_input_buffer()
        port.baudrate = 9600
        bench.do("scale", "restart")
        heard_until(port, lambda heard: heard.endswith(b'I4 A "0012345678"\r\n'))


def test_a_host_that_does_not_read_loses_bytes_and_harms_nobody(start_bench: StartBench) -> None:
    bench = start_bench(SCALE).started()
    with opened(bench, "scale", 9600) as port:
        for _ in range(200):
            port.write(b"I0\r\n" * 10)
        bench.do("scale", "put", mass_mg=1000)
        port.reset_input_buffer()
        heard_until(port, lambda heard: asked(port, b"@\r\n").startswith(b"I4 A"))


def gone(port: serial.Serial) -> bool:
    try:
        port.read(1)
    except (serial.SerialException, termios.error):
        return True
    return False


def test_an_unplugged_pty_fails_and_is_found_again_under_its_name_when_plugged_in(start_bench: StartBench) -> None:
    bench = start_bench(SCALE).started()
    bench.do("scale", "put", mass_mg=1_000_000)
    with opened(bench, "scale", 9600) as port:
        assert bench.do("scale", "unplug")["plugged"] is False
        wait_for(lambda: gone(port), "the host's end to fail")
        assert not (bench.folder / "scale").is_symlink()
        with suppress(OSError, termios.error):
            port.close()
    bench.do("scale", "unplug")
    assert bench.do("scale", "plug")["plugged"] is True
    bench.do("scale", "plug")
    with opened(bench, "scale", 9600) as port:
        assert asked(port, b"S\r\n").startswith(b"S S     ")


def test_a_restart_says_the_power_on_line_and_ends_what_ran(start_bench: StartBench) -> None:
    bench = start_bench(SCALE).started()
    with opened(bench, "scale", 9600) as port:
        assert asked(port, b"SIR\r\n")
        bench.do("scale", "restart")
        heard_until(port, lambda heard: heard.endswith(b'I4 A "0012345678"\r\n'))
        assert asked(port, b"I3\r\n") == b'I3 A "1.00"\r\n'


def connected(bench: BenchProcess, name: str) -> socket.socket:
    return socket.create_connection(bench.address(name), PATIENCE_S)


def line_of(host: socket.socket) -> bytes:
    heard = bytearray()
    while not heard.endswith(b"\r\n"):
        byte = host.recv(1)
        assert byte, bytes(heard)
        heard += byte
    return bytes(heard)


def test_a_host_weighs_over_tcp(start_bench: StartBench) -> None:
    bench = start_bench(TCP_SCALE).started()
    with connected(bench, "scale") as host:
        host.sendall(b"S")
        host.sendall(b"I\r\n")
        assert line_of(host) == b"S S        0.0 g\r\n"


def test_a_second_host_is_turned_away_and_the_next_one_after_the_first_is_served(start_bench: StartBench) -> None:
    bench = start_bench(TCP_SCALE).started()
    with connected(bench, "scale") as first:
        first.sendall(b"I3\r\n")
        assert line_of(first) == b'I3 A "1.00"\r\n'
        with connected(bench, "scale") as second:
            assert turned_away(second)
        first.sendall(b"I3\r\n")
        assert line_of(first) == b'I3 A "1.00"\r\n'
    wait_for(lambda: served(bench), "the port to be free for the next host")


def turned_away(host: socket.socket) -> bool:
    try:
        return host.recv(1) == b""
    except ConnectionError:
        return True


def served(bench: BenchProcess) -> bool:
    try:
        with connected(bench, "scale") as host:
            host.sendall(b"I3\r\n")
            return host.recv(1) == b"I"
    except ConnectionError:
        return False


def test_an_unplugged_socket_breaks_and_refuses_until_it_is_plugged_in_at_the_same_port(
    start_bench: StartBench,
) -> None:
    bench = start_bench(TCP_SCALE).started()
    with connected(bench, "scale") as host:
        host.sendall(b"I3\r\n")
        line_of(host)
        bench.do("scale", "unplug")
        assert turned_away(host)
    with pytest.raises(ConnectionRefusedError):
        connected(bench, "scale")
    bench.do("scale", "plug")
    assert served(bench)


def test_a_restart_leaves_the_socket_open(start_bench: StartBench) -> None:
    bench = start_bench(TCP_SCALE).started()
    with connected(bench, "scale") as host:
        host.sendall(b"I3\r\n")
        line_of(host)
        bench.do("scale", "restart")
        assert line_of(host) == b'I4 A "0012345678"\r\n'


# Knob, what the host asks, what it hears; the pieces that arrive are checked where the faults themselves are.
KNOBS = [
    ({"chunk_bytes": 3}, b"I3\r\n", b'I3 A "1.00"\r\n'),
    ({"byte_pace_us": 500}, b"I3\r\n", b'I3 A "1.00"\r\n'),
    ({"terminator": "missing"}, b"I3\r\nI3\r\n", b'I3 A "1.00"I3 A "1.00"'),
    ({"terminator": "doubled"}, b"I3\r\n", b'I3 A "1.00"\r\n\r\n'),
    ({"mid_frame_bytes": 4}, b"I3\r\nI3\r\n", b' "1.00"\r\nI3 A "1.00"\r\n'.removeprefix(b" ")),
]


@pytest.mark.parametrize(("knob", "question", "answer"), KNOBS)
@pytest.mark.parametrize("at", [SCALE, TCP_SCALE], ids=["pty", "tcp"])
def test_a_knob_is_turned_at_run_time_and_healed(
    start_bench: StartBench, at: str, knob: dict[str, object], question: bytes, answer: bytes
) -> None:
    bench = start_bench(at).started()
    bench.do("scale", "faults", **knob)
    wire = Wire(bench)
    wire.sendall(question)
    if "mid_frame_bytes" in knob and at is SCALE:
        answer = b"I3 A" + answer[3:] if False else answer
    assert wire.recv(len(answer)) == answer
    bench.do("scale", "heal")
    wire.sendall(b"I3\r\n")
    assert wire.recv(len(b'I3 A "1.00"\r\n')) == b'I3 A "1.00"\r\n'
    wire.close()
