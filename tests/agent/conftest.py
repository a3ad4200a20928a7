"""Fixtures of the agent's tests: a real broker, cables to it, and lines that are stopped afterwards."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cloud_sync.mqtt import Outgoing
from tests.agent.line_world import MOSQUITTO, Broker, Cable, Listener


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if MOSQUITTO is None:
        pytest.fail("Mosquitto is not installed: run `sudo apt-get install mosquitto`")
    running = Broker(tmp_path)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def cable(broker: Broker) -> Iterator[Cable]:
    running = Cable(broker.port)
    yield running
    running.close()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """A factory of lines that are started at once, and stopped after the test."""
    listeners: list[Listener] = []

    def start(
        port: int, name: str, *subscriptions: str, will: Outgoing | None = None, receive: int = 16
    ) -> Listener:
        listener = Listener(port, name, *subscriptions, will=will, receive=receive)
        listeners.append(listener)
        listener.line.start()
        return listener

    yield start
    for listener in listeners:
        listener.line.stop()
