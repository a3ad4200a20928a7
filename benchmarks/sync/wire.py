"""The wire: what a sale costs on a metered line, when many of them go out together."""

import random
from collections.abc import Callable, Iterator
from typing import Final

import msgspec
import zstandard

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from benchmarks.sales import sale
from cloud_sync.contract.batch import ENTRIES_MAX, fitting, pack
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import Body, SignedEntry, decode_body, encode_body, first_prev, sign_entry
from cloud_sync.contract.facts import Fact, PaymentIntent, Sale
from cloud_sync.contract.signing import SoftwareKey

DEV: Final = "shelf-b12"
EPOCH: Final = b64(bytes(range(16)))
KEY: Final = SoftwareKey.generate()

Facts = Callable[[], Iterator[tuple[str, Fact]]]
"""What is written, each with the key that it is written once under."""


def plain_sales() -> Iterator[tuple[str, Fact]]:
    """Sales of three lines without tags."""
    for n in range(1, ENTRIES_MAX + 1):
        one = sale(n, tagged=False)
        yield f"sale/{one.sale}", one


def card_sales() -> Iterator[tuple[str, Fact]]:
    """Sales of three tagged lines by card: the intent, and then the sale."""
    for n in range(1, ENTRIES_MAX // 2 + 1):
        one = msgspec.structs.replace(sale(n), tender="card")
        attempt = b64(random.Random(n).randbytes(16))  # noqa: S311 - a number like any other
        intent = PaymentIntent(one.sale, attempt, "stripe", one.total_minor, one.currency)
        yield f"intent/{attempt}", intent
        yield f"sale/{one.sale}", one


def batch(facts: Facts) -> list[SignedEntry]:
    """As many of them as one frame takes."""
    made: list[SignedEntry] = []
    prev = first_prev(EPOCH)
    for seq, (idem, fact) in enumerate(facts(), 1):
        body = Body(
            DEV, EPOCH, seq, idem, "b00tb00t", seq * 7_001_234,
            1_790_000_000_000 + seq * 9_871, "trusted", fact,
        )  # fmt: skip
        made.append(sign_entry(KEY, seq, prev, encode_body(body)))
        prev = made[-1].hash
    return list(fitting(made))


def bytes_a_sale(facts: Facts) -> float:
    """Bytes of a full frame, shared by its sales."""
    made = batch(facts)
    return len(pack(KEY, DEV, EPOCH, made)) / _sales(made)


def bare_bytes_a_sale(facts: Facts) -> float:
    """The ceiling: the same bodies, compressed as hard as zstd can, with nothing around them."""
    made = batch(facts)
    bodies = msgspec.msgpack.encode([entry.body for entry in made])
    return len(zstandard.ZstdCompressor(level=19).compress(bodies)) / _sales(made)


def _sales(made: list[SignedEntry]) -> int:
    return sum(isinstance(decode_body(entry.body).fact, Sale) for entry in made)


BENCHMARKS: Final = (
    Benchmark(
        name="wire-bytes",
        unit="B/sale",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 115),
        value=lambda: bytes_a_sale(plain_sales),
        ceiling=lambda: bare_bytes_a_sale(plain_sales),
        rounds=2,
    ),
    Benchmark(
        name="wire-bytes-card",
        unit="B/sale",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 260),
        value=lambda: bytes_a_sale(card_sales),
        ceiling=lambda: bare_bytes_a_sale(card_sales),
        rounds=2,
    ),
)
