"""Reading GS1 scans: ours beside a bare pattern that only cuts the text, and beside biip."""

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from benchmarks.harness import Benchmark, Direction, Goal, Judged, SkippedError
from retail.identity import scan
from retail.identity.gs1.label import Label
from retail.identity.gtin import completed

# Two or three elements each, as on labels of fresh food; all different, so that nothing is remembered.
SCANS: Final = 5_000

_KINDS: Final = (
    "01{gtin}17{date}10{lot}",
    "01{gtin}3103{weight}17{date}",
    "01{gtin}21{serial}\x1d17{date}10{lot}",
    "01{gtin}3103{weight}3932978{price}",
    "00{sscc}02{gtin}37{count}",
    "01{gtin}10{lot}",
)
_PREFIXES: Final = ("]C1", "]d2", "]Q3", "]e0")

# What nobody can avoid who wants the elements apart: the texts cut by a pattern that knows what is in them.
_CUT: Final = re.compile(
    "...(?:(00)([0-9]{18})(02)([0-9]{14})(37)([0-9]+)|(01)([0-9]{14})(?:(10)([^\x1d]+)"
    "|(17)([0-9]{6})(10)([^\x1d]+)|(21)([^\x1d]+)\x1d(17)([0-9]{6})(10)([^\x1d]+)"
    "|(3103)([0-9]{6})(?:(17)([0-9]{6})|(3932)([0-9]+))))"
)

BIIP: Final = "5.2.0"
_ENVIRONMENT: Final = Path("var/biip")

# What the other library is asked to do, in its own process and by its own clock.
_BIIP_TIMED: Final = """
import json, sys, time
import biip
scans = json.load(sys.stdin)
for text in scans:
    biip.parse(text)
began = time.process_time()
for text in scans:
    biip.parse(text)
print(len(scans) / (time.process_time() - began))
"""

# Biip needs an eighth of a millisecond for a scan: a tenth of ours are enough to time it.
_BIIP_SCANS: Final = 500


@cache
def scans() -> tuple[str, ...]:
    """Scans of valid labels, the same ones in every run."""
    luck = random.Random(5200)  # noqa: S311 - goods of a bench, not keys
    return tuple(_scan(luck, number) for number in range(SCANS))


def _scan(luck: random.Random, number: int) -> str:
    body = luck.randrange(10**12)
    facts = {
        "gtin": completed(body),
        "date": f"{luck.randrange(26, 30)}{luck.randrange(1, 13):02}{luck.randrange(29):02}",
        "lot": f"L{luck.randrange(10**6)}",
        "serial": f"{luck.randrange(16**12):X}",
        "weight": f"{luck.randrange(10**5):06}",
        "price": str(luck.randrange(1, 10**4)),
        "count": str(luck.randrange(1, 100)),
        "sscc": _sscc(luck.randrange(10**17)),
    }
    return _PREFIXES[number % len(_PREFIXES)] + _KINDS[number % len(_KINDS)].format(**facts)


def _sscc(body: int) -> str:
    digits = f"{body:017}"
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def _per_s(read: Callable[[str], object]) -> float:
    """Scans a second of one core's time: what else runs on the machine takes none of it."""
    texts = scans()
    began = time.process_time()
    for text in texts:
        read(text)
    return len(texts) / (time.process_time() - began)


def _ours() -> float:
    return _per_s(scan.read)


def _bare() -> float:
    return _per_s(_CUT.findall)


def check(_track: object) -> None:
    """All scans are labels to us, and the bare pattern cuts each of them."""
    for text in scans():
        assert isinstance(scan.read(text), Label), text
        assert _CUT.fullmatch(text), text


def _biip() -> float:
    asked = [str(_ENVIRONMENT / "bin/python"), "-c", _BIIP_TIMED]
    texts = json.dumps(scans()[:_BIIP_SCANS])
    done = subprocess.run(asked, input=texts, capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    return float(done.stdout)


def install_biip(_track: object) -> None:
    """Put biip into an environment of its own, where it is not yet. Raises SkippedError."""
    stamp = _ENVIRONMENT / f"installed-{BIIP}"
    if stamp.exists():
        return
    python = str(_ENVIRONMENT / "bin/python")
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(_ENVIRONMENT)], check=True)  # noqa: S603 - our own words
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"biip=={BIIP}"], check=True)  # noqa: S603 - our own words
    except (OSError, subprocess.CalledProcessError) as error:
        raise SkippedError(
            f"biip {BIIP} cannot be installed ({error}): set PIP_FIND_LINKS to its wheel"
        ) from error
    stamp.touch()


BENCHMARKS: Final = (
    Benchmark(
        name="gs1-scan",
        unit="scans/s",
        goal=Goal(Judged.VALUE, Direction.AT_LEAST, 100_000),
        value=_ours,
        ceiling=_bare,
        prepare=check,
    ),
    Benchmark(
        # For information: how many times as many scans as biip we read in the same time.
        name="gs1-scan-beside-biip",
        unit="scans/s",
        goal=None,
        value=_ours,
        ceiling=_biip,
        prepare=install_biip,
        rounds=3,
    ),
)
