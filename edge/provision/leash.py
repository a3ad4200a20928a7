"""The leash: a program that is told to stop when its supervisor is gone, however that ended.

Called as `python -m edge.provision.leash SUPERVISOR_PID COMMAND [ARGUMENT...]`; it becomes the command. The
tie is Linux's parent-death signal (PR_SET_PDEATHSIG in prctl(2)), which outlives execve(2).
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to the supervisor, then become the command."""
    supervisor, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:
        sys.exit("the supervisor was gone before its program could start")
    os.execv(command[0], command)  # noqa: S606 - it replaces this process, and there is no shell to mislead


if __name__ == "__main__":
    main()
