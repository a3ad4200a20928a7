"""LLRP: how many sightings a second of CPU understands; beside it a bare loop, and sllurp."""

import struct
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from benchmarks.harness import Benchmark, Direction, Goal, Judged, SkippedError, Track
from edge.drivers.rfid.llrp import Llrp
from edge.readings import TagSeen

TAGS_A_REPORT: Final = 64
REPORTS: Final = 200
TAGS: Final = TAGS_A_REPORT * REPORTS
# What a transport reads at once.
READ_BYTES: Final = 4096

# A tag with every field that a reader of standard LLRP can add, in the order of an Impinj reader: EPC-96,
# ROSpec, spec, inventory spec, antenna, RSSI, channel, first and last seen, count, PC, CRC, AccessSpec.
_TAG: Final = struct.Struct(">HHB12sBIBHBHBHBbBHBQBQBHBHBHBI")
_HEAD: Final = struct.Struct(">HII")

SLLURP: Final = "3.0.5"
_ENVIRONMENT: Final = Path("var/beside/sllurp")
# Frames are cut for it beforehand: what is measured is its decoding alone.
_SLLURP_LOOP: Final = """
import sys, time
from sllurp.llrp import LLRPMessage
stream, frames, tags = sys.stdin.buffer.read(), [], 0
while stream:
    size = int.from_bytes(stream[2:6], "big")
    frames.append(stream[:size])
    stream = stream[size:]
began = time.process_time()
for frame in frames:
    tags += len(LLRPMessage(msgbytes=frame).msgdict["RO_ACCESS_REPORT"]["TagReportData"])
print(tags / (time.process_time() - began))
"""


def _tag(number: int) -> bytes:
    epc = (0x3034257BF7194E4000000000 + number).to_bytes(12)
    fields = (0x8D, epc, 0x89, 1, 0x8E, 1, 0x8A, 1, 0x81, 1 + number % 4, 0x86, -40 - number % 40, 0x87, 7)
    times = (0x82, 1_173_286_964_310_403, 0x84, 1_173_287_024_216_755)
    return _TAG.pack(240, _TAG.size, *fields, *times, 0x88, 740, 0x8C, 0x3000, 0x8B, 0x315C, 0x90, 0)


def _report(number: int) -> bytes:
    body = b"".join(_tag(number * TAGS_A_REPORT + each) for each in range(TAGS_A_REPORT))
    return _HEAD.pack(0x043D, _HEAD.size + len(body), number) + body


STREAM: Final = b"".join(map(_report, range(REPORTS)))


def ours() -> float:
    """Sightings a second through the whole driver, in the pieces that a transport reads."""
    driver = Llrp()
    began_s = time.process_time()
    tags = sum(
        isinstance(reading, TagSeen)
        for at in range(0, len(STREAM), READ_BYTES)
        for reading in driver.receive(STREAM[at : at + READ_BYTES])
    )
    taken_s = time.process_time() - began_s
    assert tags == TAGS, f"{tags} of {TAGS} tags were heard"
    return tags / taken_s


def bare() -> float:
    """The ceiling: one struct for a tag whose layout is known beforehand, and the reading made of it."""
    seen = []
    began_s = time.process_time()
    at = 0
    while at < len(STREAM):
        end = at + _HEAD.unpack_from(STREAM, at)[1]
        for tag in range(at + _HEAD.size, end, _TAG.size):
            fields = _TAG.unpack_from(STREAM, tag)
            seen.append(TagSeen(fields[3].hex().upper(), fields[13], fields[11]))
        at = end
    taken_s = time.process_time() - began_s
    assert len(seen) == TAGS
    return len(seen) / taken_s


def prepare(track: Track) -> None:
    """Install sllurp in an environment of its own, where it is not yet."""
    stamp = _ENVIRONMENT / f"installed-{SLLURP}"
    if stamp.exists():
        return
    make = [sys.executable, "-m", "venv", "--clear", str(_ENVIRONMENT)]
    install = [str(_ENVIRONMENT / "bin/python"), "-m", "pip", "install", "--quiet", f"sllurp=={SLLURP}"]
    steps = [make, install]
    for step, _ in zip(steps, track(steps, total=len(steps), description=f"sllurp {SLLURP}"), strict=True):
        _run(step)
    stamp.touch()


def sllurp() -> float:
    """Sightings a second by sllurp, in a process of its own."""
    python = str((_ENVIRONMENT / "bin/python").absolute())
    done = subprocess.run([python, "-c", _SLLURP_LOOP], input=STREAM, capture_output=True, check=True)  # noqa: S603 - our own words
    return float(done.stdout)


def _run(command: Iterable[str]) -> None:
    try:
        subprocess.run([*command], check=True, capture_output=True)  # noqa: S603 - our own words
    except subprocess.CalledProcessError as error:
        raise SkippedError(
            f"sllurp {SLLURP} could not be installed, which needs a package index: {error}"
        ) from error


BENCHMARKS: Final = (
    Benchmark(
        name="llrp-tags",
        unit="tags/s",
        goal=Goal(Judged.VALUE, Direction.AT_LEAST, 100_000),
        value=ours,
        ceiling=bare,
    ),
    Benchmark(
        name="llrp-tags-beside-sllurp",
        unit="tags/s",
        goal=Goal(Judged.RATIO, Direction.AT_LEAST, 1),
        value=ours,
        ceiling=sllurp,
        prepare=prepare,
    ),
)
