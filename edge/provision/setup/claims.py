"""The claim of an object that is set up: pasted, out of a file, from stdin, or held before its scanner."""

import asyncio
import errno
import os
import random
import re
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
# As it is read aloud and typed: a zero for the letter, small letters, an I for the one.
_BEGINS: Final = re.compile(r"[O0]P[O0]S[1IL]\.", re.IGNORECASE)
# How the rest of every claim begins: an object of JSON in base64url.
_BODY: Final = "eyJ"
# A byte order mark, blanks of no width, and quotes of all sorts.
_UNSEEN: Final = dict.fromkeys(
    map(ord, "\ufeff\u200b\u200c\u200d\u2060\x00\"'`\u201c\u201d\u201e\u2018\u2019")
)
# A program that decrypts it writes it at once, or asks a person for a word.
_PIPE_S: Final = 30.0


def is_claim(text: str) -> bool:
    """Whether a text was meant to be a claim, and not the name of a file that holds one."""
    return _BEGINS.match(_squeezed(text)) is not None


def claim_in(text: str) -> Claim:
    """The claim in a text, as people copy and type it: blanks, quotes, its first six letters in any case.

    What comes after those is base64url: a letter in another case is another one. Raises BadClaimError.
    """
    squeezed = _squeezed(text)
    if begins := _BEGINS.match(squeezed):
        rest = squeezed[begins.end() :]
        if rest[: len(_BODY)].lower() == _BODY.lower() and not rest.startswith(_BODY):
            raise BadClaimError(
                "the claim has lost its capitals or its small letters: copy it as it was made, name the file"
                " that holds it, or scan its QR code"
            )
        squeezed = _CLAIM + rest
    return read_claim(squeezed)


def claim_from(answer: str, stdin: TextIO) -> Claim:
    """The claim that an answer other than SCAN stands for. Raises AnswersError."""
    answer = answer.strip()
    if not answer:
        raise AnswersError(
            f"claim: expected a claim ({_CLAIM}eyJ...), or a file that holds one, got nothing: copy all of it"
        )
    try:
        if answer == STDIN:
            return claim_in(stdin.read(_CHARS_MAX))
        return claim_in(answer if is_claim(answer) else _text(Path(answer)))
    except BadClaimError as error:
        raise AnswersError(str(error)) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise AnswersError(
            f"expected a claim ({_CLAIM}eyJ...), or a file that holds one; {answer[:40]!r}: {why}:"
            " copy all of it, or name another file"
        ) from error


def _squeezed(text: str) -> str:
    """A text without what copying brings along: blanks, line ends, marks that nobody sees, quotes."""
    return "".join(text.translate(_UNSEEN).split())


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
    return raw.decode("utf-8", "replace")


def is_gone(answer: str) -> bool:
    """Whether an answer names a file that is not there any more: a claim that was spent is thrown away."""
    answer = answer.strip()
    if not answer or answer in {SCAN, STDIN} or is_claim(answer):
        return False
    try:
        return not Path(answer).exists()
    except (OSError, ValueError):  # no name that a file could have, or none that we may look for
        return False


async def scanned_claim(uris: Sequence[str], patience_s: float) -> Claim | None:
    """The first claim that is held before one of these scanners; None if none was in time."""
    heard: asyncio.Queue[Claim] = asyncio.Queue()

    def hear(reading: Reading) -> None:
        if isinstance(reading, CodeScanned) and is_claim(reading.text):
            try:
                heard.put_nowait(claim_in(reading.text))
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
