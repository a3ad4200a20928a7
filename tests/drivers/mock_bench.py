"""A live machine of umockdev's, run by the system's Python: a scale's adapter is plugged in once, and out.

Usage: umockdev-wrapper /usr/bin/python3 mock_bench.py MACHINE SYSPATH NODE PROGRAM...
PROGRAM runs on that machine. Each line on stdin is `plug` or `unplug`; the end of stdin ends everything.
"""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402 (the version must be asked for first)

ANSWER = b"S S     100.00 g\r\n"


# How often to look whether the host has opened its end: until then a read of ours fails with EIO.
LOOK_S = 0.005


def answer(port: int) -> None:
    """Answer every line that comes, until the port is closed."""
    while True:
        try:
            data = os.read(port, 4096)
            for _ in range(data.count(b"\r\n")):
                os.write(port, ANSWER)
        except OSError as error:
            if error.errno != errno.EIO:
                return
            threading.Event().wait(LOOK_S)


def main(machine: str, syspath: str, node: str, *program: str) -> None:
    """Obey, line by line."""
    testbed = UMockdev.Testbed.new()
    description = Path(machine).read_text(encoding="utf-8")
    # The testbed sets this variable behind Python's back.
    child = subprocess.Popen(program, env={**os.environ, "UMOCKDEV_DIR": testbed.get_root_dir()})
    for line in sys.stdin:
        if line == "plug\n":
            testbed.add_from_string(description)
            threading.Thread(target=answer, args=[testbed.get_dev_fd(node)], daemon=True).start()
            testbed.uevent(syspath, "add")
        else:
            os.close(testbed.get_dev_fd(node))
            testbed.uevent(syspath, "remove")
            testbed.remove_device(syspath)
    child.terminate()
    child.wait()


main(*sys.argv[1:])
