"""The simulated readers of tags and cards."""
