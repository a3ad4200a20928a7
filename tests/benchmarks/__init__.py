"""The harness of the benchmarks, on subjects that measure nothing."""
