"""The journal: what it costs to promise a sale, to check the promises, to start with a million of them."""

from benchmarks.journal import chain, length, promise, rebuild, receipt, written

BENCHMARKS = (
    *promise.BENCHMARKS,
    *written.BENCHMARKS,
    *chain.BENCHMARKS,
    *receipt.BENCHMARKS,
    *rebuild.BENCHMARKS,
    *length.BENCHMARKS,
)
