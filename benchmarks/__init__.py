"""The benchmarks: what the house costs, each figure beside its ceiling, measured in the same run."""
