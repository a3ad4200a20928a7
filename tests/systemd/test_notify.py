"""What a process tells the service manager: the words of sd_notify(3), heard at a socket of our own."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_sync.notify import STATUS_CHARS_MAX, Notify, notify_of


class Manager:
    """The other end, which hears one datagram after the other."""

    def __init__(self, address: str) -> None:
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.line.bind(address)
        self.line.setblocking(False)

    def heard(self) -> list[list[str]]:
        said = []
        while True:
            try:
                said.append(self.line.recv(4096).decode().split("\n"))
            except BlockingIOError:
                return said


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(str(tmp_path / "notify"))
    yield manager
    manager.line.close()


@pytest.fixture
def notify(tmp_path: Path, manager: Manager) -> Notify:
    assert manager.heard() == []
    return notify_of({"NOTIFY_SOCKET": str(tmp_path / "notify")})


def test_the_first_beat_says_that_it_is_ready(manager: Manager, notify: Notify) -> None:
    for _ in range(3):
        notify.beat()
    assert manager.heard() == [["READY=1", "WATCHDOG=1"], ["WATCHDOG=1"], ["WATCHDOG=1"]]


def test_how_it_is_is_said_when_it_has_changed(manager: Manager, notify: Notify) -> None:
    for status in ("idle", "idle", "paying"):
        notify.beat(status)
    assert manager.heard() == [
        ["READY=1", "WATCHDOG=1", "STATUS=idle"],
        ["WATCHDOG=1"],
        ["WATCHDOG=1", "STATUS=paying"],
    ]


def test_a_status_is_one_line_that_nobody_can_put_words_into(manager: Manager, notify: Notify) -> None:
    notify.beat("an object\nMAINPID=1 " + "a long name " * 40)
    (words,) = manager.heard()
    assert [word.partition("=")[0] for word in words] == ["READY", "WATCHDOG", "STATUS"]
    assert len(words[2]) <= len("STATUS=") + STATUS_CHARS_MAX


def test_the_end_is_said_once_it_is_near(manager: Manager, notify: Notify) -> None:
    notify.stopping()
    assert manager.heard() == [["STOPPING=1"]]


def test_an_abstract_address_is_understood() -> None:
    name = f"opos-notify-{id(object())}"
    manager = Manager(f"\0{name}")
    Notify(f"@{name}").beat()
    assert manager.heard() == [["READY=1", "WATCHDOG=1"]]
    manager.line.close()


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "/nowhere/at/all"}])
def test_where_nobody_listens_it_goes_on(environment: dict[str, str]) -> None:
    notify = notify_of(environment)
    notify.beat("idle")
    notify.stopping()
    assert vars(notify)["_ready"]


def test_a_manager_that_does_not_listen_holds_nobody_up(manager: Manager, notify: Notify) -> None:
    for number in range(5_000):  # far more than its socket takes
        notify.beat(str(number))
    assert manager.heard()[0][0] == "READY=1"
