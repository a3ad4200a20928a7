"""The tests of the drivers of scales."""
