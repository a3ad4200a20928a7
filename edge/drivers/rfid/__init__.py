"""The drivers of readers of tags."""
