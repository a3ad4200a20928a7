"""Numbers on tags, and the URIs that say the same."""
