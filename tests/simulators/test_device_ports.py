"""Devices at their ports: a host opens a pty with pyserial, or a socket, as it does with real ones."""

import socket
import termios
from collections.abc import Callable
from contextlib import suppress

import pytest
import serial

from tests.simulators.bench_process import (
    PATIENCE_S,
    READER,
    SCALE,
    TCP_SCALE,
    BenchProcess,
    StartBench,
    wait_for,
)

SWEATER = "3034F42A44000040000003E9"
POLL = bytes.fromhex("BB002700032200FF4B7E")
STARTED = b'I4 A "0012345678"\r\n'
NO_TAG = bytes.fromhex("BB01FF000115167E")
STOP, STOPPED = bytes.fromhex("BB00280000287E"), bytes.fromhex("BB01280001002A7E")


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


def test_a_host_at_the_wrong_rate_hears_garbage_and_at_the_right_one_the_device(
    start_bench: StartBench,
) -> None:
    bench = start_bench(SCALE).started()
    with opened(bench, "scale", 4800) as port:
        bench.do("scale", "restart")  # it says its serial number unasked
        assert b"I4 A" not in port.read(4)
        port.reset_input_buffer()
        port.baudrate = 9600
        bench.do("scale", "restart")
        heard_until(port, lambda heard: heard.endswith(STARTED))


def test_a_host_that_does_not_read_loses_bytes_and_harms_nobody(start_bench: StartBench) -> None:
    bench = start_bench(SCALE).started()
    with opened(bench, "scale", 9600) as port:
        for _ in range(200):
            port.write(b"I0\r\n" * 10)
        bench.do("scale", "put", mass_mg=1000)

        port.timeout = 1

        def answers() -> bool:
            # An answer that finds the port still full is lost like the others: whoever listens asks again.
            port.reset_input_buffer()
            port.write(b"@\r\n")
            return port.read_until(STARTED).endswith(STARTED)

        wait_for(answers, "the scale to answer a host that reads again")
        assert answers()


def gone(port: serial.Serial) -> bool:
    try:
        port.read(1)
    except (serial.SerialException, termios.error):
        return True
    return False


def test_an_unplugged_pty_fails_and_is_found_again_under_its_name_when_plugged_in(
    start_bench: StartBench,
) -> None:
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
        heard_until(port, lambda heard: heard.endswith(STARTED))
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


def test_a_second_host_is_turned_away_and_the_next_one_after_the_first_is_served(
    start_bench: StartBench,
) -> None:
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


def test_a_device_whose_port_somebody_took_meanwhile_stays_unplugged_and_says_so(
    start_bench: StartBench,
) -> None:
    bench = start_bench(TCP_SCALE).started()
    bench.do("scale", "unplug")
    with socket.create_server(bench.address("scale")):
        answer = bench.order("scale", "plug")
        assert answer["ok"] is False
        assert " is taken" in answer["error"]
        assert bench.status()["scale"]["plugged"] is False
    assert bench.do("scale", "plug")["plugged"] is True
    assert served(bench)


def test_a_slow_line_delays_the_next_round_instead_of_piling_up_old_ones(start_bench: StartBench) -> None:
    bench = start_bench(READER).started()
    with opened(bench, "reader", 115_200) as port:
        bench.do("reader", "put", epc=SWEATER)
        bench.do("reader", "faults", byte_pace_us=5000)
        port.write(POLL)
        assert port.read(1) == b"\xbb"
        bench.do("reader", "take", epc=SWEATER)
        bench.do("reader", "heal")
        heard = heard_until(port, lambda heard: NO_TAG in heard)
        assert heard.count(bytes.fromhex(SWEATER)) <= 1


def test_a_restart_leaves_the_socket_open(start_bench: StartBench) -> None:
    bench = start_bench(TCP_SCALE).started()
    with connected(bench, "scale") as host:
        host.sendall(b"I3\r\n")
        line_of(host)
        bench.do("scale", "restart")
        assert line_of(host) == STARTED


class Wire:
    """The host's end of a scale, whichever port it has."""

    def __init__(self, bench: BenchProcess) -> None:
        at: str = bench.announced["status"]["scale"]["at"][0]
        url = f"socket://{at.removeprefix('tcp:')}" if at.startswith("tcp:") else at.removeprefix("pty:")
        self.port = serial.serial_for_url(url, 9600, timeout=PATIENCE_S)

    def asked(self, question: bytes, size: int) -> bytes:
        self.port.write(question)
        answer: bytes = self.port.read(size)
        return answer


SOFTWARE = b'I3 A "1.00"\r\n'

# Knob, and what a host hears that asks twice for the software; in which pieces, the test of the line checks.
KNOBS = [
    ({"chunk_bytes": 3}, SOFTWARE * 2),
    ({"byte_pace_us": 500}, SOFTWARE * 2),
    ({"terminator": "missing"}, SOFTWARE[:-2] * 2),
    ({"terminator": "doubled"}, (SOFTWARE + b"\r\n") * 2),
    ({"mid_frame_bytes": 4}, SOFTWARE[4:] + SOFTWARE),
]


@pytest.mark.parametrize(("knob", "answer"), KNOBS)
@pytest.mark.parametrize("at", [SCALE, TCP_SCALE], ids=["pty", "tcp"])
def test_a_knob_is_turned_at_run_time_and_healed(
    start_bench: StartBench, at: str, knob: dict[str, object], answer: bytes
) -> None:
    bench = start_bench(at).started()
    wire = Wire(bench)
    bench.do("scale", "faults", **knob)
    assert wire.asked(b"I3\r\nI3\r\n", len(answer)) == answer
    bench.do("scale", "heal")
    assert wire.asked(b"I3\r\n", len(SOFTWARE)) == SOFTWARE
    wire.port.close()


@pytest.mark.parametrize("knob", [{"wrong_baud": 4800}, {"noise_permille": 1000}])
def test_garbage_is_heard_while_the_knob_says_so(start_bench: StartBench, knob: dict[str, int]) -> None:
    bench = start_bench(SCALE).started()
    with opened(bench, "scale", 9600) as port:
        bench.do("scale", "faults", **knob)
        bench.do("scale", "restart")
        assert port.read(4) not in (b"I4 A", b"")
        bench.do("scale", "heal")
        port.reset_input_buffer()
        bench.do("scale", "restart")
        heard_until(port, lambda heard: heard.endswith(STARTED))


def test_a_silent_device_has_an_open_port_and_hears_nothing(start_bench: StartBench) -> None:
    bench = start_bench(TCP_SCALE).started()
    with connected(bench, "scale") as host:
        bench.do("scale", "faults", silent=True)
        host.sendall(b"I2\r\n")
        bench.status()  # the bench takes a turn, in which it has the question
        bench.do("scale", "faults", silent=False)
        host.sendall(b"I3\r\n")
        assert line_of(host) == SOFTWARE


def test_an_unstable_scale_says_so_for_as_long_as_it_is_shaken(start_bench: StartBench) -> None:
    bench = start_bench(TCP_SCALE).started()
    with connected(bench, "scale") as host:
        bench.do("scale", "faults", unstable_s=1)
        host.sendall(b"SI\r\nS\r\n")
        assert line_of(host)[:4] == b"S D "
        assert line_of(host)[:4] == b"S S "
