"""The sync: what it costs to carry entries to the hub and to keep them there, alone and in a crowd."""

from benchmarks.sync import drain, fleet, ingest, latency, memory, wire

BENCHMARKS = (
    *drain.BENCHMARKS,
    *ingest.BENCHMARKS,
    *wire.BENCHMARKS,
    *latency.BENCHMARKS,
    *memory.BENCHMARKS,
    *fleet.BENCHMARKS,
)
