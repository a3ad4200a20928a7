"""The camera: what it reads, what it must not, and when it is sure."""
