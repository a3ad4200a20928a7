"""The simulated LLRP reader at its socket: it greets, turns away, hangs up, and serves the next host."""

import socket

import pytest

from tests.simulators.bench_process import PATIENCE_S, BenchProcess, StartBench, wait_for

READER = '[[device]]\nname = "reader"\ntype = "llrp"\nat = "tcp:127.0.0.1:0"\n'
WELCOME, TAKEN = bytes.fromhex("0100 0006 0000"), bytes.fromhex("0100 0006 0002")
CLOSE = bytes.fromhex("040E 0000000A 00000009")
CLOSED = bytes.fromhex("0404 00000012 00000009 011F 0008 0000 0000")
# SET_READER_CONFIG with a keepalive every 100 ms.
KEEP_ALIVE = bytes.fromhex("0403 00000014 00000001 00 00DC 0009 01 00000064")


def connected(bench: BenchProcess) -> socket.socket:
    host = socket.create_connection(bench.address("reader"), timeout=PATIENCE_S)
    host.settimeout(PATIENCE_S)
    return host


def message(host: socket.socket) -> bytes:
    head = received(host, 10)
    return head + received(host, int.from_bytes(head[2:6]) - 10)


def received(host: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = host.recv(count - len(data))
        assert more, "the reader hung up in the middle"
        data += more
    return data


def ended(host: socket.socket) -> bool:
    try:
        return host.recv(1) == b""
    except ConnectionError:
        return True


def test_a_second_host_hears_why_it_is_turned_away_and_the_first_goes_on(start_bench: StartBench) -> None:
    bench = start_bench(READER).started()
    with connected(bench) as first:
        assert message(first).endswith(WELCOME)
        with connected(bench) as second:
            assert message(second).endswith(TAKEN)
            assert ended(second)
        first.sendall(CLOSE)
        assert message(first) == CLOSED
        assert ended(first)
    with connected(bench) as third:
        assert message(third).endswith(WELCOME)


@pytest.mark.parametrize("trouble", ["restart", "unplug"])
def test_a_reader_whose_power_fails_breaks_the_line_and_greets_again(
    start_bench: StartBench, trouble: str
) -> None:
    bench = start_bench(READER).started()
    with connected(bench) as host:
        assert message(host).endswith(WELCOME)
        bench.do("reader", trouble)
        assert ended(host)
    bench.do("reader", "plug")
    with connected(bench) as host:
        assert message(host).endswith(WELCOME)


def test_a_host_that_acknowledges_nothing_loses_the_line(start_bench: StartBench) -> None:
    bench = start_bench(READER + "acks_missed_max = 1\n").started()
    with connected(bench) as host:
        message(host)
        host.sendall(KEEP_ALIVE)
        kinds = [message(host)[:2] for _ in range(3)]
        assert kinds == [b"\x04\x0d", b"\x04\x3e", b"\x04\x3f"]
        assert ended(host)


def test_a_host_that_vanishes_makes_room_for_the_next_one(start_bench: StartBench) -> None:
    bench = start_bench(READER).started()
    connected(bench).close()

    greetings: list[bytes] = []

    def told_apart() -> bool:
        with connected(bench) as host:
            greetings.append(message(host))
        return not greetings[-1].endswith(TAKEN)

    wait_for(told_apart, "the reader to notice that its host is gone")
    assert greetings[-1].endswith(WELCOME)
