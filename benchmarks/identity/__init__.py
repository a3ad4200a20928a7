"""What is in the shopper's hand: how surely it is told, how fast, and by whom else."""

from benchmarks.identity import camera, epc, gs1, shelf

BENCHMARKS = (
    *gs1.BENCHMARKS,
    *epc.BENCHMARKS,
    *camera.BENCHMARKS,
    *shelf.BENCHMARKS,
)
