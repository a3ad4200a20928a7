"""Tests of the payment codes."""
