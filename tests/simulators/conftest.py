"""Benches that no test leaves running."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.bench_process import BenchProcess, StartBench, write_bench


@pytest.fixture
def start_bench(tmp_path: Path) -> Iterator[StartBench]:
    """Start a bench with some devices; without any, start the last one again."""
    started: list[BenchProcess] = []

    def start(*parts: str) -> BenchProcess:
        file = write_bench(tmp_path, *parts) if parts else tmp_path / "bench.toml"
        started.append(BenchProcess(file))
        return started[-1]

    yield start
    for bench in started:
        if bench.process.poll() is None:
            bench.kill()
