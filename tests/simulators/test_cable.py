"""The cable between real sockets: cut, it passes nothing and tells nobody; plugged in, it carries again."""

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.simulators.bench_process import PATIENCE_S, BenchProcess, StartBench, cable_to, wait_for


@pytest.fixture
def shop() -> Iterator[socket.socket]:
    """The far side: what listens where the cable leads."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        yield server


@pytest.fixture
def sockets() -> Iterator[ExitStack]:
    """Closes what a test opened."""
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def bench(start_bench: StartBench, shop: socket.socket) -> BenchProcess:
    return start_bench(cable_to(shop.getsockname()[1])).started()


def dialled(bench: BenchProcess, sockets: ExitStack) -> socket.socket:
    return sockets.enter_context(socket.create_connection(bench.routes()[0], PATIENCE_S))


def answered(shop: socket.socket, sockets: ExitStack) -> socket.socket:
    far, _ = shop.accept()
    far.settimeout(PATIENCE_S)
    return sockets.enter_context(far)


def through(
    bench: BenchProcess, shop: socket.socket, sockets: ExitStack
) -> tuple[socket.socket, socket.socket]:
    """A connection through the cable: its near and its far end."""
    return dialled(bench, sockets), answered(shop, sockets)


def read(end: socket.socket, size: int) -> bytes:
    got = bytearray()
    while len(got) < size and (data := end.recv(size - len(got))):
        got += data
    return bytes(got)


def is_silent(*ends: socket.socket) -> bool:
    """Whether nothing comes, neither bytes nor an end, in more than a hundred times the usual time."""
    return select.select(ends, (), (), 0.2)[0] == []


def is_over(end: socket.socket) -> bool:
    try:
        return end.recv(1) == b""
    except ConnectionError:
        return True


def carried(bench: BenchProcess) -> dict[str, int]:
    count: dict[str, int] = bench.status()["cable"]["routes"][0]["carried_bytes"]
    return count


def test_bytes_pass_both_ways_and_are_counted(
    bench: BenchProcess, shop: socket.socket, sockets: ExitStack
) -> None:
    near, far = through(bench, shop, sockets)
    near.sendall(b"a sale")
    assert read(far, 6) == b"a sale"
    far.sendall(b"a receipt")
    assert read(near, 9) == b"a receipt"
    wait_for(lambda: carried(bench) == {"up": 6, "down": 9}, "the cable to have counted")


def test_one_side_may_finish_while_the_other_still_speaks(
    bench: BenchProcess, shop: socket.socket, sockets: ExitStack
) -> None:
    near, far = through(bench, shop, sockets)
    near.sendall(b"question")
    near.shutdown(socket.SHUT_WR)
    assert read(far, 100) == b"question"
    far.sendall(b"answer")
    far.close()
    assert read(near, 100) == b"answer"
    wait_for(lambda: bench.status()["cable"]["routes"][0]["connections"] == 0, "the connection to be gone")


def test_a_large_load_arrives_unchanged(bench: BenchProcess, shop: socket.socket, sockets: ExitStack) -> None:
    near, far = through(bench, shop, sockets)
    load = bytes(range(256)) * 4096
    near.setblocking(False)
    got = bytearray()
    sent = 0
    while len(got) < len(load):
        readable, writable, _ = select.select([far], [near] if sent < len(load) else [], [], PATIENCE_S)
        assert readable or writable
        sent += near.send(load[sent : sent + 50_000]) if writable else 0
        got += far.recv(65_536) if readable else b""
    assert got == load


def test_a_far_side_that_does_not_read_holds_the_near_side_up(
    bench: BenchProcess, shop: socket.socket, sockets: ExitStack
) -> None:
    near, _far = through(bench, shop, sockets)
    near.setblocking(False)
    sent = 0
    while select.select([], [near], [], 0.5)[1]:
        sent += near.send(bytes(65_536))
        assert sent < 64 * 1024 * 1024, "somebody keeps all that nobody reads"


def test_a_cut_cable_passes_nothing_and_closes_nothing(
    bench: BenchProcess, shop: socket.socket, sockets: ExitStack
) -> None:
    near, far = through(bench, shop, sockets)
    near.sendall(b"x")
    assert read(far, 1) == b"x"
    assert bench.do("cable", "cut")["cut"] is True
    near.sendall(b"lost")
    far.sendall(b"lost")
    assert is_silent(near, far)


def test_an_end_on_one_side_of_a_cut_is_not_told_to_the_other(
    bench: BenchProcess, shop: socket.socket, sockets: ExitStack
) -> None:
    near, far = through(bench, shop, sockets)
    bench.do("cable", "cut")
    near.close()
    assert is_silent(far)


def test_a_connection_begun_under_a_cut_opens_and_stays_silent(
    bench: BenchProcess, shop: socket.socket, sockets: ExitStack
) -> None:
    bench.do("cable", "cut")
    near = dialled(bench, sockets)
    near.sendall(b"anybody there?")
    assert is_silent(near, shop)


def test_plugged_in_again_the_old_connections_end_and_new_ones_pass(
    bench: BenchProcess, shop: socket.socket, sockets: ExitStack
) -> None:
    near, far = through(bench, shop, sockets)
    bench.do("cable", "cut")
    under_the_cut = dialled(bench, sockets)
    under_the_cut.sendall(b"stale")
    near.sendall(b"stale")
    assert bench.do("cable", "plug")["cut"] is False
    assert is_over(near)
    assert is_over(far)
    assert is_over(under_the_cut)
    near, far = through(bench, shop, sockets)
    near.sendall(b"new")
    assert read(far, 3) == b"new"


def test_cutting_and_plugging_twice_is_once(
    bench: BenchProcess, shop: socket.socket, sockets: ExitStack
) -> None:
    for verb in ("cut", "cut", "plug"):
        bench.do("cable", verb)
    near, far = through(bench, shop, sockets)
    bench.do("cable", "plug")
    near.sendall(b"still")
    assert read(far, 5) == b"still"


def test_in_the_refusing_mode_connections_break_and_new_ones_too(
    bench: BenchProcess, shop: socket.socket, sockets: ExitStack
) -> None:
    near, far = through(bench, shop, sockets)
    assert bench.do("cable", "cut", mode="refuse")["mode"] == "refuse"
    assert is_over(near)
    assert is_over(far)
    assert is_over(dialled(bench, sockets))


def test_a_far_side_that_is_not_there_ends_the_connection(
    start_bench: StartBench, sockets: ExitStack
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    bench = start_bench(cable_to(port)).started()
    assert is_over(dialled(bench, sockets))


def test_more_connections_under_a_cut_than_the_cable_holds_end_the_oldest(
    bench: BenchProcess, sockets: ExitStack
) -> None:
    bench.do("cable", "cut")
    ends = [dialled(bench, sockets) for _ in range(70)]
    assert is_over(ends[0])
    assert is_silent(*ends[6:])
    bench.do("cable", "plug")
    assert all(is_over(end) for end in ends)


def test_all_routes_of_a_cable_are_cut_together(
    start_bench: StartBench, shop: socket.socket, sockets: ExitStack
) -> None:
    bench = start_bench(cable_to(shop.getsockname()[1], shop.getsockname()[1])).started()
    bench.do("cable", "cut")
    ends = [sockets.enter_context(socket.create_connection(place, PATIENCE_S)) for place in bench.routes()]
    assert is_silent(shop, *ends)
