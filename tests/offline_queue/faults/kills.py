"""Kill -9: writers and readers of ledgers on real files, killed at any moment.

`kill_world` forks, so its process must be a warm parent that has imported everything, runs no thread and has
no ledger open: the suite starts this module as one. The seed decides what is written and when the kill comes;
the machine's scheduler adds luck of its own.
"""

import os
import random
import select
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NoReturn

import msgspec

from tests.offline_queue.faults.lives import Heard, Kept, Life, Word, audit, follow, write

KILLS_A_WORLD: Final = 10
# Nobody here needs longer for anything: who says nothing for so long has hung.
_PATIENCE_S: Final = 30
# A ledger is made in about 10 ms, a commit takes less than one: so long after its last promise a writer dies.
_START_S: Final = 0.02
_COMMIT_S: Final = 0.002
_WORD: Final[msgspec.json.Decoder[Word]] = msgspec.json.Decoder(Word)


def kill_world(seed: int, kills: int = KILLS_A_WORLD) -> None:
    """Kill `kills` writers of one ledger, and look for every promise after each of them.

    Raises AssertionError, which names the seed; what was wrong stands on the standard error.
    """
    with TemporaryDirectory() as directory:
        try:
            _kill_world(Path(directory) / "ledger.db", random.Random(seed), kills)
        except AssertionError as error:
            error.add_note(f"replay it: kill_world({seed}, {kills=})")
            raise


def _kill_world(path: Path, luck: random.Random, kills: int) -> None:
    heard = Heard()
    reader = _Child("reader", heard, follow, path)
    for number in range(kills):
        life = Life(f"{number}", luck.randrange(1, 9), heard.unanswered)
        _let_live(_Child("writer", heard, write, path, life), luck)
        if luck.random() < 0.3:
            reader.kill()
            reader = _Child("reader", heard, follow, path)
        _Child("auditor", heard, audit, path, heard, life, number + 1 == kills).must_end_well()
    reader.kill()


def _let_live(writer: "_Child", luck: random.Random) -> None:
    """Kill a writer some time after some of its promises; one in five before it has promised anything."""
    promises = luck.randrange(1, 40) if luck.random() < 0.8 else 0
    after_s = luck.uniform(0, _COMMIT_S if promises else _START_S)
    while promises > 0:
        promises -= writer.hear()
    select.select([], [], [], after_s)
    writer.kill()


class _Child:
    """A forked process that says words into a pipe."""

    def __init__(self, name: str, heard: Heard, work: Callable[..., None], *arguments: object) -> None:
        self._name = name
        self._heard = heard
        self._rest = b""
        self._words, said = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            _work_and_exit(said, work, arguments)
        os.close(said)

    def hear(self) -> int:
        """Wait for words; how many of them were promises."""
        ready, _, _ = select.select([self._words], [], [], _PATIENCE_S)
        assert ready, f"the {self._name} has hung"
        data = os.read(self._words, 1 << 16)
        assert data, f"the {self._name} ended by itself: why stands above"
        return self._take(data)

    def kill(self) -> None:
        """Kill -9, and hear what was said until then."""
        os.kill(self._pid, signal.SIGKILL)
        while data := os.read(self._words, 1 << 16):
            self._take(data)
        assert self._end() == -signal.SIGKILL, f"the {self._name} ended by itself: why stands above"

    def must_end_well(self) -> None:
        """Wait for the end of the child; raises AssertionError unless it was a good one."""
        ready, _, _ = select.select([self._words], [], [], _PATIENCE_S)
        assert ready, f"the {self._name} has hung"
        assert self._end() == 0, f"the {self._name} says above what is wrong"

    def _take(self, data: bytes) -> int:
        *lines, self._rest = (self._rest + data).split(b"\n")
        words = [_WORD.decode(line) for line in lines]
        for word in words:
            self._heard.hear(word)
        return sum(isinstance(word, Kept) for word in words)

    def _end(self) -> int:
        os.close(self._words)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


def _work_and_exit(said: int, work: Callable[..., None], arguments: tuple[object, ...]) -> NoReturn:
    """What the child does; it never comes back into the code of its parent."""
    code = 1
    try:
        # A word is shorter than PIPE_BUF (4,096 bytes): a kill leaves it whole or unsaid (pipe(7)).
        work(lambda word: os.write(said, msgspec.json.encode(word) + b"\n"), *arguments)
        code = 0
    finally:
        if code:
            traceback.print_exc()
        os._exit(code)


def main(first: str, worlds: str) -> None:
    """The warm parent of the suite: so many worlds, from the seed `first` on."""
    for seed in range(int(first), int(first) + int(worlds)):
        kill_world(seed)


if __name__ == "__main__":
    main(*sys.argv[1:])
