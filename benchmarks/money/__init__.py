"""The figures of money: what pricing costs, beside what nobody can avoid."""

from benchmarks.money import pricing

BENCHMARKS = pricing.BENCHMARKS
