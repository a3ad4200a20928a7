"""Tests of the hub's payment providers, each against the simulated cloud of its own."""
