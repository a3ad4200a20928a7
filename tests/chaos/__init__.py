"""Real processes on a bad day: objects, broker, hub workers and their database, killed and cut at random."""
