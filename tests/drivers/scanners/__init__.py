"""Tests of the drivers of scanners."""
