"""The drivers of scales."""
