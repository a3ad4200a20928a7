"""Errands: commands that run once and answer, such as those that open a shop or read a ledger."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from simulators.demo.bad_days import BadDayError
from simulators.demo.processes import LEASH

# An import of a shop takes a second; a minute is a machine that has other troubles.
_PATIENCE_S: Final = 60.0


def opos(*arguments: str | Path) -> tuple[str, ...]:
    """The command line of one of our own programs, run by this very Python."""
    return (sys.executable, "-m", "opos", *(str(argument) for argument in arguments))


async def run(command: tuple[str, ...]) -> bytes:
    """What `command` prints; raises BadDayError with its own last words if it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", LEASH, str(os.getpid()), *command,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    try:
        output, errors = await asyncio.wait_for(process.communicate(), _PATIENCE_S)
    except TimeoutError:
        raise BadDayError(f"`{_said(command)}` did not end within {_PATIENCE_S:.0f} s.") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        last = errors.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise BadDayError(f"`{_said(command)}` failed: {' '.join(last) or process.returncode}")
    return output


def _said(command: tuple[str, ...]) -> str:
    """The command as a person would type it."""
    return " ".join(("opos", *command[3:]) if command[1:3] == ("-m", "opos") else command)
