"""The tests of the driver of LLRP readers."""
