"""A command in a process of its own without a terminal, and a hand that acts upon what it says."""

import json
import signal
import subprocess
from collections.abc import Callable
from typing import Any

from tests.object.real_hub import OPOS

Said = dict[str, Any]


def told(*words: str, hand: Callable[[Said], object], ends: str = "") -> tuple[int, list[Said]]:
    """The exit code of the command and all that it said; `hand` hears each line as it is said.

    At the state `ends` its terminal is lost.
    """
    said: list[Said] = []
    command = subprocess.Popen((*OPOS, *words), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    with command:
        assert command.stdout is not None
        for line in command.stdout:
            said.append(json.loads(line))
            hand(said[-1])
            if said[-1]["state"] == ends:
                command.send_signal(signal.SIGHUP)
    return command.returncode, said
