"""The drivers of scanners of codes."""
