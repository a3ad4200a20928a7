"""The sensing of an object, as a process: it is told what sensors hear, and says what that means."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from threading import Thread
from typing import Final

import msgspec

from simulators.shoppers.session import Expected, Heap, Said, Session

# A shelf without tags is a shelf.
SENSES: Final = {"loose": "shelf", "alike": "shelf"}


class SensingError(Exception):
    """The process ended before it was told to, or did not understand its lines."""


class _Begins(msgspec.Struct, frozen=True):
    """The line that begins a session."""

    session: str
    goods: dict[str, Expected]
    known: dict[str, Expected]
    loose: dict[str, Heap]


def command(objects: str) -> tuple[str, ...]:
    """How the sensing of the product itself is started."""
    return sys.executable, "-m", "opos", "sense", SENSES.get(objects, objects)


def sensed(command: Sequence[str], sessions: Iterable[tuple[str, Session]]) -> dict[str, list[Said]]:
    """Let a process hear all sessions, one after the other; what it said in each, by the session's name.

    Raises SensingError.
    """
    name, said = " ".join(command), list[bytes]()
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 (ours)
            _tell(process, sessions, said)
    except BrokenPipeError as error:
        code = process.returncode
        raise SensingError(f"`{name}` ended with exit code {code} before it had heard all") from error
    if process.returncode:
        raise SensingError(f"`{name}` ended with exit code {process.returncode}")
    return _understood(name, said)


def _tell(
    process: subprocess.Popen[bytes], sessions: Iterable[tuple[str, Session]], said: list[bytes]
) -> None:
    """Write all lines; what comes back meanwhile is kept by a thread, so that neither waits for the other."""
    assert process.stdin is not None
    assert process.stdout is not None
    listener = Thread(target=said.extend, args=(process.stdout,))
    listener.start()
    try:
        # Closed whatever comes between, as Ctrl-C: else nobody would ever be done.
        with process.stdin as told:
            for name, session in sessions:
                told.writelines(_lines(name, session))
    finally:
        listener.join()


def _lines(name: str, session: Session) -> Iterator[bytes]:
    yield msgspec.json.encode(_Begins(name, session.goods, session.known, session.loose)) + b"\n"
    yield from session.lines


def _understood(name: str, lines: Iterable[bytes]) -> dict[str, list[Said]]:
    said: dict[str, list[Said]] = defaultdict(list)
    decoder = msgspec.json.Decoder(Said)
    for line in lines:
        try:
            event = decoder.decode(line)
        except msgspec.DecodeError as error:
            raise SensingError(f"`{name}` said {line!r}, which is no event: {error}") from error
        said[event.session].append(event)
    return said
