"""Checking the chain: its hashes alone, and every signature."""

import hashlib
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from benchmarks.journal.promise import room
from benchmarks.sales import sale
from cloud_sync.contract.entry import SignedEntry, entry_hash, signing_input
from cloud_sync.contract.signing import SoftwareKey
from edge.clock import SystemClock
from edge.offline_queue.integrity import Problem, problems
from edge.offline_queue.pen import Order, Pen
from edge.offline_queue.reader import LedgerReader

# A tenth of a second of hashing, half a second of verifying: long enough to time, short enough to repeat.
ENTRIES: Final = 4_000


class Chain(msgspec.Struct, frozen=True):
    """A ledger of sales: its whole file as bytes, its entries, and the key that signed them."""

    image: bytes
    entries: list[SignedEntry]
    private: ec.EllipticCurvePrivateKey


@cache
def chain() -> Chain:
    """Write the sales once, as the pen does."""
    private = ec.generate_private_key(ec.SECP256R1())
    with room() as directory:
        path = directory / "ledger.db"
        with closing(Pen(path, SoftwareKey(private), "bench", SystemClock())) as pen:
            pen.begin("0")
            pen.write([Order(one, f"sale/{one.sale}") for one in map(sale, range(ENTRIES))])
            pen.flush()
        with closing(LedgerReader(path)) as reader:
            return Chain(path.read_bytes(), list(reader.entries()), private)


@contextmanager
def copied() -> Iterator[Path]:
    """The ledger as a file, for as long as the block lasts."""
    with room() as directory:
        path = directory / "ledger.db"
        path.write_bytes(chain().image)
        yield path


def per_s(work: Callable[[], object]) -> float:
    """Entries a second that `work` gets through when it goes over the chain once."""
    entries = len(chain().entries)
    began = time.perf_counter()
    work()
    return entries / (time.perf_counter() - began)


def _hash_all() -> None:
    entries = chain().entries
    prev = entries[0].prev
    for entry in entries:
        assert entry.prev == prev
        prev = entry_hash(entry.kid, entry.prev, entry.body)
        assert entry.hash == prev


def _hash_all_bare() -> None:
    """Hash all that the format asks for, which is the JWS signing input: header and body in base64url."""
    for entry in chain().entries:
        prev = urlsafe_b64encode(entry.prev).rstrip(b"=")
        header = b'{"alg":"ES256","kid":"%b","prev":"%b"}' % (entry.kid.encode(), prev)
        parts = urlsafe_b64encode(header).rstrip(b"="), urlsafe_b64encode(entry.body).rstrip(b"=")
        hashlib.sha256(b".".join(parts)).digest()


def _verify_all() -> None:
    """Read the file from its start and check everything that the chain says, as `opos ledger verify` does."""
    with copied() as path, closing(LedgerReader(path)) as reader:
        assert not any(isinstance(one, Problem) for one in problems(reader))


@cache
def _signed() -> list[tuple[bytes, bytes]]:
    """What was signed, and the signatures as the library wants them."""
    halves = [
        (entry, int.from_bytes(entry.sig[:32], "big"), int.from_bytes(entry.sig[32:], "big"))
        for entry in chain().entries
    ]
    return [
        (encode_dss_signature(r, s), signing_input(entry.kid, entry.prev, entry.body))
        for entry, r, s in halves
    ]


def _verify_all_bare() -> None:
    key, es256 = chain().private.public_key(), ec.ECDSA(hashes.SHA256())
    for signature, data in _signed():
        key.verify(signature, data, es256)


BENCHMARKS: Final = (
    Benchmark(
        name="chain-hashing",
        unit="/s",
        goal=Goal(Judged.RATIO, Direction.AT_LEAST, 0.7),
        value=lambda: per_s(_hash_all),
        ceiling=lambda: per_s(_hash_all_bare),
        rounds=21,
    ),
    Benchmark(
        name="chain-signatures",
        unit="/s",
        goal=Goal(Judged.VALUE, Direction.AT_LEAST, 6_000),
        value=lambda: per_s(_verify_all),
        ceiling=lambda: per_s(_verify_all_bare),
        rounds=5,
    ),
)
