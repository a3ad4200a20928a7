"""The agent and its line: what goes out, what comes back, and what breaks in between."""
