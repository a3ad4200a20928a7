"""The hub's doors for HTTP: one for this machine, one with TLS, and callers who only keep a place."""

import errno
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from fastapi import FastAPI, Request

from cloud_sync.hub.api import guard
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity.authority import Where, keep_servers, make_authority, root_pem
from cloud_sync.hub.service import doors
from cloud_sync.hub.service.doors import Certificate, Door, PortTakenError, listen
from cloud_sync.security import PinnedSecurity
from tests.hub.hub_processes import DEADLINE_S, eventually, free_port
from tests.line.line_tools import ms_now


def hello() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    def greet() -> str:
        return "hello"

    return app


class OpenDoor:
    """A door at work on a thread of its own."""

    def __init__(self, certificate: Certificate | None = None, app: FastAPI | None = None) -> None:
        self.listening = listen(0)
        self.port = int(self.listening[0].getsockname()[1])
        self.closing = threading.Event()
        self.door = Door(app or hello(), certificate)
        works: list[Callable[[], None]] = [lambda: self.door.serve(self.listening)]
        if certificate is not None:
            works.append(lambda: self.door.follow(self.closing))
        self._threads = [threading.Thread(target=work) for work in works]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self.closing.set()
        self.door.close()
        for thread in self._threads:
            thread.join(DEADLINE_S)
        for each in self.listening:
            each.close()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A hub's directory with certificates for localhost."""
    made = Folder(tmp_path / "hub")
    made.make_keys()
    make_authority(made, Where(("localhost", "127.0.0.1"), 8883, 8443), ms_now())
    return made


def certificate(folder: Folder) -> Certificate:
    return Certificate(folder.tls / "hub.crt", folder.tls / "hub.key")


@pytest.fixture
def secret(folder: Folder) -> Iterator[OpenDoor]:
    door = OpenDoor(certificate(folder))
    yield door
    door.close()


@pytest.fixture
def plain() -> Iterator[OpenDoor]:
    door = OpenDoor()
    yield door
    door.close()


def test_an_object_that_has_pinned_the_root_is_answered(folder: Folder, secret: OpenDoor) -> None:
    trusted = PinnedSecurity(root_pem(folder)).context()

    answer = httpx.get(f"https://localhost:{secret.port}/", verify=trusted)

    assert answer.json() == "hello"


def test_who_has_pinned_another_root_finds_no_hub_here(secret: OpenDoor) -> None:
    with pytest.raises(httpx.ConnectError, match="self-signed certificate in certificate chain"):
        httpx.get(f"https://localhost:{secret.port}/", verify=ssl.create_default_context())


def test_a_renewed_certificate_is_shown_without_a_restart(
    folder: Folder, secret: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown() -> int:
        address = ("localhost", secret.port)
        with (
            socket.create_connection(address) as near,
            PinnedSecurity(root_pem(folder)).context().wrap_socket(near, server_hostname="localhost") as tls,
        ):
            return x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"").serial_number

    def is_new(before: int) -> bool:
        try:
            return shown() != before
        except ssl.SSLError:
            return False  # who calls between certificate and key calls again

    monkeypatch.setattr(doors, "_CERTIFICATE_ROUND_S", 0.01)
    secret.closing.set()  # the door that follows in its own time is another one
    following = threading.Event()
    thread = threading.Thread(target=lambda: secret.door.follow(following))
    thread.start()
    before = shown()
    keep_servers(folder, ms_now(), even_if_fresh=True)
    try:
        eventually(lambda: is_new(before), "the new certificate is shown")
        assert is_new(before), "and goes on being shown"
    finally:
        following.set()
        thread.join(DEADLINE_S)


def test_a_certificate_that_is_not_there_is_said(folder: Folder) -> None:
    with pytest.raises(OSError, match=r"nothing\.crt: cannot be shown to objects"):
        Door(hello(), Certificate(folder.tls / "nothing.crt", folder.tls / "hub.key"))


PLACES_KEPT = [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "]


@pytest.mark.parametrize("begun", PLACES_KEPT)
def test_a_caller_who_says_no_whole_request_is_hung_up_on(
    plain: OpenDoor, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(doors, "_REQUEST_S", 0.05)
    with socket.create_connection(("127.0.0.1", plain.port)) as near:
        near.settimeout(DEADLINE_S)
        near.sendall(begun)
        assert near.recv(100) == b""


def test_a_caller_who_stops_in_the_second_request_is_hung_up_on(
    plain: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "_REQUEST_S", 0.05)
    with socket.create_connection(("127.0.0.1", plain.port)) as near:
        near.settimeout(DEADLINE_S)
        near.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        said = near.recv(4096)
        near.sendall(b"GET / HT")
        while more := near.recv(4096):
            said += more

    assert said.endswith(b'"hello"')


def test_a_caller_who_asks_now_and_then_is_kept(plain: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "_REQUEST_S", 0.02)
    pause = threading.Event()
    with httpx.Client(base_url=f"http://127.0.0.1:{plain.port}") as client:
        connections = set()
        for _ in range(4):
            stream = client.get("/").extensions["network_stream"]
            connections.add(stream.get_extra_info("client_addr"))
            pause.wait(0.1)

    assert len(connections) == 1


def test_a_caller_who_never_finishes_a_question_is_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guard, "_ANSWER_S", 0.05)
    app = FastAPI()
    app.add_middleware(guard.Guard)

    @app.post("/")
    async def listens(request: Request) -> int:
        return len(await request.body())

    opened = OpenDoor(app=app)
    try:
        with socket.create_connection(("127.0.0.1", opened.port)) as near:
            near.settimeout(DEADLINE_S)
            near.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf")
            assert near.recv(4096).startswith(b"HTTP/1.1 408")
    finally:
        opened.close()


def test_a_door_may_have_several_addresses_on_one_port() -> None:
    listening = listen(0, ("127.0.0.1", "127.0.0.2"))
    try:
        (one, two) = (each.getsockname() for each in listening)
        assert (one[0], two[0]) == ("127.0.0.1", "127.0.0.2")
        assert one[1] == two[1]
    finally:
        for each in listening:
            each.close()


def test_an_address_that_is_not_ours_leaves_no_socket_behind() -> None:
    port = free_port()
    with pytest.raises(
        PortTakenError, match=r"of 192\.0\.2\.1 cannot be used: .*choose another one with --https"
    ):
        listen(port, ("127.0.0.1", "192.0.2.1"), "--https")
    for each in listen(port):
        each.close()


def test_everywhere_is_what_this_machine_has() -> None:
    listening = listen(0, doors.EVERYWHERE)
    families = {each.family for each in listening}
    for each in listening:
        each.close()

    assert socket.AF_INET in families
    assert (socket.AF_INET6 in families) is socket.has_dualstack_ipv6()


def test_any_port_is_another_one_where_the_first_is_taken_on_one_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bound, refused = doors._bound, iter([False, True, False, False])

    def taken_once(address: str, port: int) -> socket.socket:
        if next(refused):
            raise OSError(errno.EADDRINUSE, "Address already in use")
        return bound(address, port)

    monkeypatch.setattr(doors, "_bound", taken_once)
    listening = listen(0, ("127.0.0.1", "127.0.0.2"))
    assert len({each.getsockname()[1] for each in listening}) == 1
    for each in listening:
        each.close()
