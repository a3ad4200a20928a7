"""A hand from outside: one order to a running bench, and its answer."""

import os
import socket
from pathlib import Path
from typing import Any, Final

import msgspec

from simulators.devices.device import RefusedError

# A bench answers in milliseconds; this is patience for a machine that is busy.
PATIENCE_S: Final = 10.0
# The status of a bench with some thousand tags.
ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024


def ask(control: Path, order: dict[str, Any], patience_s: float = PATIENCE_S) -> dict[str, Any]:
    """Give one order and wait for the answer; RefusedError when the bench refuses it or does not answer."""
    with socket.socket(socket.AF_UNIX) as bench:
        bench.settimeout(patience_s)
        try:
            bench.connect(os.fspath(control))
            bench.sendall(msgspec.json.encode(order) + b"\n")
            line = _line(bench)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise RefusedError(f"no bench runs at {control}: start it with `opos sim up FILE`") from error
        except OSError as error:
            raise RefusedError(
                f"the bench at {control} does not answer: {error.strerror or error}"
            ) from error
    answer: dict[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
    if not answer.pop("ok"):
        raise RefusedError(answer["error"])
    return answer


def _line(bench: socket.socket) -> bytes:
    answer = bytearray()
    while not answer.endswith(b"\n"):
        data = bench.recv(65_536)
        if not data or len(answer) > ANSWER_BYTES_MAX:
            raise ConnectionError("it hung up in the middle of its answer")
        answer += data
    return bytes(answer)
