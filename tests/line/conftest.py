"""Fixtures of the line's tests: authorities, and brokers and lines that are closed at the end."""

import ssl
from collections.abc import Callable, Iterator
from getpass import getuser
from pathlib import Path

import pytest

from tests.agent.line_world import MOSQUITTO, Broker
from tests.line.line_tools import Authority, Ears, HandBroker


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that everybody knows, and that is not ours."""
    return Authority(tmp_path_factory.mktemp("world"))


@pytest.fixture
def ears() -> Iterator[Callable[..., Ears]]:
    """Make lines, stopped when the test is over."""
    made: list[Ears] = []

    def new(*arguments: object, **named: object) -> Ears:
        made.append(Ears(*arguments, **named))  # type: ignore[arg-type]  # as the test says
        return made[-1]

    yield new
    for each in made:
        each.line.stop()


@pytest.fixture
def hand_broker() -> Iterator[Callable[..., HandBroker]]:
    """Make brokers by hand, closed when the test is over."""
    made: list[HandBroker] = []

    def new(context: ssl.SSLContext | None = None) -> HandBroker:
        made.append(HandBroker(context))
        return made[-1]

    yield new
    for each in made:
        each.close()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Callable[..., Broker]]:
    """Start real brokers with more lines in their configuration."""
    if MOSQUITTO is None:
        pytest.skip("Mosquitto is not installed")
    made: list[Broker] = []

    def new(*more: str, anonymous: bool = True) -> Broker:
        # As this user: the one that root is changed to cannot read what a test keeps for itself.
        made.append(Broker(tmp_path, f"user {getuser()}", *more, anonymous=anonymous))
        made[-1].start()
        return made[-1]

    yield new
    for each in made:
        each.kill()
