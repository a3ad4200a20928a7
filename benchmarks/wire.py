"""The wire: what a sale costs on a metered line."""

import msgspec
import zstandard

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from benchmarks.sales import sale
from cloud_sync.contract.batch import fitting, pack
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import Body, SignedEntry, encode_body, first_prev, sign_entry
from cloud_sync.contract.signing import SoftwareKey

EPOCH = b64(bytes(range(16)))
KEY = SoftwareKey.generate()


def entries() -> list[SignedEntry]:
    """As many sales of three lines without tags as one batch takes."""
    made: list[SignedEntry] = []
    prev = first_prev(EPOCH)
    for seq in range(1, 257):
        one = sale(seq, tagged=False)
        body = Body(
            "shelf-b12", EPOCH, seq, f"sale/{one.sale}", "b00tb00t", seq * 7_001_234,
            1_790_000_000_000 + seq * 9_871, "trusted", one,
        )  # fmt: skip
        made.append(sign_entry(KEY, seq, prev, encode_body(body)))
        prev = made[-1].hash
    return list(fitting(made))


def bytes_a_sale() -> float:
    """Bytes of a full frame, shared by its sales."""
    made = entries()
    return len(pack(KEY, "shelf-b12", EPOCH, made)) / len(made)


def bare_bytes_a_sale() -> float:
    """The ceiling: the same bodies, compressed as hard as zstd can, with nothing around them."""
    made = entries()
    bodies = msgspec.msgpack.encode([entry.body for entry in made])
    return len(zstandard.ZstdCompressor(level=19).compress(bodies)) / len(made)


BENCHMARKS = (
    Benchmark(
        name="wire-bytes",
        unit="B/sale",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 115),
        value=bytes_a_sale,
        ceiling=bare_bytes_a_sale,
        rounds=2,
    ),
)
