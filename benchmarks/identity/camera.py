"""The camera: how many of the public photographs are read: by us, by zxing-cpp alone, by pyzbar alone.

`python -c "from benchmarks.identity.camera import show; show()"` prints the whole table, upright and at 45
degrees.
"""

import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.harness import Benchmark, Direction, Goal, Judged, SkippedError
from edge.cli.decode_image import BUDGET_NS
from edge.sensors.votes import count, glances

ROOT: Final = Path(__file__).parents[2]
RETAIL: Final = ("EAN-13", "EAN-8", "UPC-A", "UPC-E")
OTHER_BARS: Final = ("Code128", "ITF", "DataBar", "DataBarExp", "Code39")
MATRICES: Final = ("QR", "DataMatrix", "MicroQR", "rMQR")
# The frame of the budget, which a photograph is laid on.
FRAME: Final = (640, 480)

Text = tuple[str, str | None, bool]
"""What a contestant says of one code: its text, its GTIN-14, and whether it would act on it."""
Contestant = Callable[[Any], list[Text]]


class Table(msgspec.Struct, frozen=True):
    """What one contestant made of all photographs at one angle."""

    photos: dict[str, int]
    read: dict[str, int]
    wrong_accepted: int
    false_reads: int
    median_ms: float
    p95_ms: float

    def percent(self, *groups: str) -> float:
        """The photographs of these groups that were read, of a hundred."""
        return (
            100 * sum(self.read.get(group, 0) for group in groups) / sum(map(self.photos.__getitem__, groups))
        )


@cache
def photographs() -> tuple[dict[str, Any], ...]:
    """The rows of the public set, zxing-cpp's blackbox photographs."""
    path = ROOT / os.environ.get("OPOS_DATA", "../shared/data") / "identification" / "images.jsonl"
    if not path.exists():
        raise SkippedError(f"public photographs are not here: {path} (set OPOS_DATA)")
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return tuple({**row, "path": path.parent / row["file"]} for row in rows)


def ours() -> Contestant:
    """What `opos decode image` does, in a frame's time."""
    return _looking(time.thread_time_ns)


def unhurried() -> Contestant:
    """What `opos decode image` would do on a machine that is never too slow."""
    return _looking(lambda: 0)


def _looking(now_ns: Callable[[], int]) -> Contestant:
    try:
        from edge.drivers.camera.looks import Eyes, alone  # noqa: PLC0415 - the extra may not be there
    except ImportError as error:
        raise SkippedError(f"the extra `camera` is not installed: {error}") from error
    alone()
    eyes = Eyes(upc_e=True)

    def read(picture: Any) -> list[Text]:
        codes = count(glances(eyes.looks(picture), now_ns, BUDGET_NS), lambda _: True)
        return [(code.text, code.gtin14, code.accepted) for code in codes]

    return read


def zxing() -> Contestant:
    """One call of zxing-cpp with everything that it can do."""
    import zxingcpp  # noqa: PLC0415

    plain = zxingcpp.TextMode.Plain

    def read(picture: Any) -> list[Text]:
        return [
            (code.text, _digits(code.text), True) for code in zxingcpp.read_barcodes(picture, text_mode=plain)
        ]

    return read


def pyzbar() -> Contestant:
    """One call of pyzbar; its DataBar is off, since it brings the process down on these photographs."""
    from pyzbar import pyzbar as library  # noqa: PLC0415

    off = {library.ZBarSymbol.DATABAR, library.ZBarSymbol.DATABAR_EXP, library.ZBarSymbol.NONE}
    symbols = [symbol for symbol in library.ZBarSymbol if symbol not in off]

    def read(picture: Any) -> list[Text]:
        try:
            codes = library.decode(picture, symbols)
        except ValueError:  # a symbol without a place
            return []
        texts = [code.data.decode("utf-8", "replace") for code in codes]
        return [(text, _digits(text), True) for text in texts]

    return read


def _digits(text: str) -> str | None:
    """What a plain reader's text would be as a GTIN-14, by its digits alone."""
    text = text.removeprefix("01") if len(text) == 16 else text
    return text.zfill(14) if text.isdecimal() and len(text) in {8, 12, 13, 14} else None


@cache
def table(contestant: Callable[[], Contestant], degrees: int, framed: bool = False) -> Table:
    """Show all photographs to one contestant, once."""
    read = contestant()
    photos: Counter[str] = Counter()
    right: Counter[str] = Counter()
    spent_ms: list[float] = []
    wrong = false_reads = 0
    for row, picture in _pictures(degrees, framed):
        start_ns = time.thread_time_ns()
        codes = read(picture)
        spent_ms.append((time.thread_time_ns() - start_ns) / 1e6)
        if row["group"] == "FalsePos":
            false_reads += bool(codes)
        elif row["expected"] is not None:
            photos[row["group"]] += 1
            right[row["group"]] += any(_right(row, text, gtin14) for text, gtin14, _ in codes)
            wrong += any(_wrong(row, gtin14) for _, gtin14, accepted in codes if accepted)
    p95_ms = statistics.quantiles(spent_ms, n=20)[-1]
    return Table(dict(photos), dict(right), wrong, false_reads, statistics.median(spent_ms), p95_ms)


def _pictures(degrees: int, framed: bool) -> Iterator[tuple[dict[str, Any], Any]]:
    from edge.drivers.camera.picture import PictureError, load, turned  # noqa: PLC0415

    for row in photographs():
        try:
            picture = turned(load(row["path"]), degrees)
        except PictureError:  # one file is of a single pixel, and is no picture to OpenCV
            continue
        yield row, _framed(picture) if framed else picture


def _framed(picture: Any) -> Any:
    """The photograph in the middle of a frame, on paper; a larger one is shrunk."""
    import cv2  # noqa: PLC0415

    width, height = FRAME
    shrink = min(1.0, width / picture.shape[1], height / picture.shape[0])
    small = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    down, across = height - small.shape[0], width - small.shape[1]
    sides = down // 2, down - down // 2, across // 2, across - across // 2
    return cv2.copyMakeBorder(small, *sides, cv2.BORDER_CONSTANT, value=float(picture.max()))


def _right(row: dict[str, Any], text: str, gtin14: str | None) -> bool:
    if "gtin14" in row:
        return bool(gtin14 == row["gtin14"])
    return text in {row["expected"], row.get("text")}


def _wrong(row: dict[str, Any], gtin14: str | None) -> bool:
    """Whether a product is named that is not in the picture."""
    if gtin14 is None:
        return False
    if "gtin14" in row:
        return bool(gtin14 != row["gtin14"])
    return gtin14 not in row["expected"]


def _share(degrees: int, *groups: str) -> Callable[[Callable[[], Contestant]], Callable[[], float]]:
    return lambda contestant: lambda: table(contestant, degrees).percent(*groups)


def _figure(
    name: str, goal: float, share: Callable[[Callable[[], Contestant]], Callable[[], float]]
) -> Benchmark:
    """A share of photographs: beside it, as what a library alone can do, that of zxing-cpp."""
    least = Goal(Judged.VALUE, Direction.AT_LEAST, goal)
    return Benchmark(name, "%", least, share(ours), share(zxing), rounds=1)


def _time(name: str, goal: float, take: Callable[[Table], float]) -> Benchmark:
    most = Goal(Judged.VALUE, Direction.AT_MOST, goal)
    value, ceiling = (lambda each=each: take(table(each, 0, framed=True)) for each in (ours, zxing))
    return Benchmark(name, "ms", most, value, ceiling, rounds=1)


def _half(name: str, *groups: str) -> Benchmark:
    """What is read at 45 degrees, of a hundred that are read upright.

    Beside it stands what zxing-cpp reads upright, since at 45 degrees it reads none.
    """
    return Benchmark(
        name=name,
        unit="%",
        goal=Goal(Judged.VALUE, Direction.AT_LEAST, 50),
        value=lambda: 100 * table(ours, 45).percent(*groups) / table(ours, 0).percent(*groups),
        ceiling=lambda: table(zxing, 0).percent(*groups),
        rounds=1,
    )


def _mistakes() -> float:
    tables = table(ours, 0), table(ours, 45)
    return sum(each.wrong_accepted + each.false_reads for each in tables)


BENCHMARKS: Final = (
    _figure("camera-retail", 89, _share(0, *RETAIL)),
    _figure("camera-retail-45", 79, _share(45, *RETAIL)),
    _figure("camera-qr", 93, _share(0, "QR")),
    _figure("camera-datamatrix", 95, _share(0, "DataMatrix")),
    _half("camera-code128-45", "Code128"),
    _half("camera-itf-45", "ITF"),
    _half("camera-databar-45", "DataBar", "DataBarExp"),
    Benchmark(
        name="camera-mistakes",
        unit="wrong accepted or false reads",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 0),
        value=_mistakes,
        ceiling=lambda: float(2 * len(photographs())),
        rounds=1,
    ),
    _time("camera-median", 10, lambda found: found.median_ms),
    _time("camera-p95", 40, lambda found: found.p95_ms),
)


def _lines() -> Iterator[str]:
    groups = (*RETAIL, *OTHER_BARS, *MATRICES)
    yield (
        f"{'':16}{'EAN+UPC':>9}" + "".join(f"{group:>11}" for group in groups) + "  wrong false   ms p50/p95"
    )
    for degrees in (0, 45):
        for contestant in (ours, zxing, pyzbar):
            found = table(contestant, degrees)
            counts = [f"{found.read.get(group, 0)}/{found.photos[group]}" for group in groups]
            times = f"{found.median_ms:7.1f}/{found.p95_ms:.1f}"
            yield (
                f"{contestant.__name__:8}{degrees:4} deg{found.percent(*RETAIL):8.1f}%"
                + "".join(f"{count:>11}" for count in counts)
                + f"{found.wrong_accepted:7}{found.false_reads:6}{times:>13}"
            )


def show() -> None:
    """Print the table, each line as soon as it is known."""
    for line in _lines():
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
