"""What an object says and does: paper, lines of text, a lock, lamps."""
