"""The hub's processes: the only rooms that carry a thing from line to ingest, and from people to the line."""
