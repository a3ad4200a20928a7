"""The voice of the glass: espeak-ng on the object itself, one process for as long as it speaks."""

import asyncio
import contextlib
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Coroutine, Mapping
from typing import Final

PROGRAM: Final = "espeak-ng"

VOICES: Final[Mapping[str, str]] = {"en": "en", "de": "de", "es": "es", "ar": "ar", "zh-Hans": "cmn"}
"""How espeak-ng calls the languages of the glass (`espeak-ng --voices`)."""

# Words a minute: 175 is the program's own, and too fast for prices in a noisy shop.
_PACE: Final = "150"


class Voice:
    """Says one thing at a time: what is said next takes the place of what is being said."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._turn: asyncio.Task[None] | None = None

    def say(self, words: str, language: str) -> None:
        """Say it from the beginning, and nothing else any more."""
        self._next(self._speak(words, VOICES[language]))

    def hush(self) -> None:
        """Say nothing any more."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None

    async def close(self) -> None:
        """Be quiet, and wait until the program is gone."""
        turn = self._turn
        self.hush()
        if turn is not None:
            await asyncio.wait((turn,))

    def _next(self, speaking: Coroutine[object, object, None]) -> None:
        self.hush()
        self._turn = asyncio.get_running_loop().create_task(speaking)

    async def _speak(self, words: str, voice: str) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *(self._program, "-v", voice, "-s", _PACE, "--stdin"),
                stdin=PIPE,
                stdout=DEVNULL,
                stderr=DEVNULL,
            )
        except OSError:
            return  # it was there at the start and is gone: the screen says the same in letters
        await _to_its_end(process, words)


async def _to_its_end(process: Process, words: str) -> None:
    """Wait for the program; whoever is interrupted ends it at once."""
    try:
        with contextlib.suppress(ConnectionError):
            await process.communicate(words.encode())
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def find_voice(program: str = PROGRAM) -> Voice | None:
    """The voice of this machine; None where it has none, and no control is drawn for it."""
    found = shutil.which(program)
    return None if found is None else Voice(found)
