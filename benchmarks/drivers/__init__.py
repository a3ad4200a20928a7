"""The drivers: what a device costs, how soon it is heard, and whether many get in each other's way."""

from benchmarks.drivers import crowd, idle, line, llrp

BENCHMARKS = (*line.BENCHMARKS, *crowd.BENCHMARKS, *idle.BENCHMARKS, *llrp.BENCHMARKS)
