"""The figures of money: pricing, and a look into a large catalogue, beside what nobody can avoid."""

from benchmarks.money import catalogue, pricing

BENCHMARKS = (*pricing.BENCHMARKS, *catalogue.BENCHMARKS)
