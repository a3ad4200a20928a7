"""The far side of a cable, in a process of its own: devices that say what is measured, at their own pace."""

import os
import struct
import subprocess
import sys
import threading
import time
import tty
from binascii import crc_hqx
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

BAUD: Final = 115_200
BYTES_PER_S: Final = BAUD // 10
# A USB adapter hands its bytes on in packets of 64, two of which are its own state (FTDI, AN232B-04).
PACKET_BYTES: Final = 62
# Far enough apart that one tag has been heard before the next is said.
APART_S: Final = 0.004
_PAUSE: Final = threading.Event()
_STAMP: Final = struct.Struct(">IQ")


def tag(number: int, stamp_ns: int) -> bytes:
    """A tag as an R200 tells it; its EPC holds a number and the moment at which it was said."""
    memory = b"\x30\x00" + _STAMP.pack(number, stamp_ns)
    said = b"\xc8" + memory + (crc_hqx(memory, 0xFFFF) ^ 0xFFFF).to_bytes(2)
    body = b"\x02\x22" + len(said).to_bytes(2) + said
    return b"\xaa" + body + bytes((sum(body) & 0xFF, 0xDD))


def stamp(epc: str) -> tuple[int, int]:
    """The number of a tag and the moment at which it was said."""
    number, stamp_ns = _STAMP.unpack(bytes.fromhex(epc))
    return number, stamp_ns


@contextmanager
def speaking(pace: str, count: int) -> Iterator[str]:
    """A device that begins to speak when it is spoken to, and says `count` tags: the path of its port."""
    program = f"from benchmarks.drivers.farside import speak; speak({pace!r}, {count})"
    command = sys.executable, "-c", program
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 (ourselves)
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def _full(master: int, count: int) -> None:
    """A line without a pause, in the packets of its adapter."""
    stream = b"".join(tag(number, 0) for number in range(count))
    began = time.monotonic()
    for start in range(0, len(stream), PACKET_BYTES):
        _PAUSE.wait(max(0, began + start / BYTES_PER_S - time.monotonic()))
        os.write(master, stream[start : start + PACKET_BYTES])


def _stamped(master: int, count: int) -> None:
    """One tag after the other, each in one piece that holds the moment of its writing."""
    for number in range(count):
        _PAUSE.wait(APART_S)
        os.write(master, tag(number, time.monotonic_ns()))


def _scale(master: int, _count: int) -> None:
    """A scale at rest, asked by whole lines."""
    while True:
        os.write(master, b"S S     100.00 g\r\n")
        while b"\n" not in os.read(master, 4096):
            pass


_PACES: Final = {"full": _full, "stamped": _stamped, "scale": _scale}


def speak(pace: str, count: int) -> None:
    """Be that device, until somebody kills it."""
    master, slave = os.openpty()
    tty.setraw(slave)
    print(os.ttyname(slave), flush=True)
    os.read(master, 4096)  # the host is there: it has asked
    _PACES[pace](master, count)
    while True:
        os.read(master, 4096)
