"""The figures of the checkout: tap to durable sale, pricing, and a look into a large catalogue."""

from benchmarks.checkout import catalogue, pricing, tap

BENCHMARKS = (*tap.BENCHMARKS, *pricing.BENCHMARKS, *catalogue.BENCHMARKS)
