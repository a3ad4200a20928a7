"""The leash: a program that dies when the supervisor does, however that ends, and becomes what it is told.

Called as `python leash.py SUPERVISOR_PID COMMAND [ARGUMENT...]`. The tie is Linux's parent-death signal
(PR_SET_PDEATHSIG in prctl(2)), which outlives execve(2).
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to the supervisor, then become the command."""
    supervisor, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor:
        sys.exit("the supervisor was gone before its program could start")
    os.execv(command[0], command)  # noqa: S606  it replaces this process, and there is no shell to mislead


if __name__ == "__main__":
    main()
