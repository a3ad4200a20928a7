"""The claim of an object that is set up: pasted, out of a file, from stdin, or held before its scanner."""

import asyncio
import errno
import os
import random
import select
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO

from cloud_sync.contract.enrolment import BadClaimError, Claim, read_claim
from edge.clock import SystemClock
from edge.drivers.registry import driver_for
from edge.drivers.transports import converse
from edge.drivers.uris import parse_uri
from edge.provision.setup.answers import AnswersError
from edge.readings import CodeScanned, Reading

SCAN: Final = "scan"
"""The answer of an installer who has the claim as a QR code."""
STDIN: Final = "-"
"""The answer of a program, which no list of processes shall show the claim of."""

# A claim is some 250 characters; a file that is much longer is another one.
_CHARS_MAX: Final = 4096
_CLAIM: Final = "OPOS1."
# A program that decrypts it writes it at once, or asks a person for a word.
_PIPE_S: Final = 30.0


def claim_from(answer: str, stdin: TextIO) -> Claim:
    """The claim that an answer other than SCAN stands for. Raises AnswersError."""
    try:
        if answer == STDIN:
            return read_claim(stdin.read(_CHARS_MAX))
        if answer.lstrip().startswith(_CLAIM):
            return read_claim(answer)
        return read_claim(_text(Path(answer)))
    except BadClaimError as error:
        raise AnswersError(str(error)) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise AnswersError(
            f"expected a claim ({_CLAIM}eyJ...), or a file that holds one; {answer[:40]!r}: {why}"
        ) from error


def _text(path: Path) -> str:
    """The beginning of a file, or of a pipe: into some nobody ever writes. Raises OSError, ValueError."""
    ends_s, raw = time.monotonic() + _PIPE_S, b""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        while len(raw) < _CHARS_MAX:
            if not select.select([file], [], [], max(ends_s - time.monotonic(), 0))[0]:
                raise TimeoutError(errno.ETIMEDOUT, f"nobody has written it within {_PIPE_S:g} s")
            if not (more := os.read(file, _CHARS_MAX - len(raw))):
                break
            raw += more
    finally:
        os.close(file)
    return raw.decode()


def is_gone(answer: str) -> bool:
    """Whether an answer names a file that is not there any more: a claim that was spent is thrown away."""
    return answer not in {SCAN, STDIN} and not answer.startswith(_CLAIM) and not Path(answer).exists()


async def scanned_claim(uris: Sequence[str], patience_s: float) -> Claim | None:
    """The first claim that is held before one of these scanners; None if none was in time."""
    heard: asyncio.Queue[Claim] = asyncio.Queue()

    def hear(reading: Reading) -> None:
        if isinstance(reading, CodeScanned) and reading.text.startswith(_CLAIM):
            try:
                heard.put_nowait(read_claim(reading.text))
            except BadClaimError:
                return  # half a code: it is held there once more

    clock, luck = SystemClock(), random.Random()  # noqa: S311 (pauses, no secret)
    devices = [parse_uri(uri) for uri in uris]
    talks = [
        asyncio.ensure_future(converse(each, driver_for(each.profile), hear, clock, luck)) for each in devices
    ]
    try:
        return await asyncio.wait_for(heard.get(), patience_s)
    except TimeoutError:
        return None
    finally:
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
