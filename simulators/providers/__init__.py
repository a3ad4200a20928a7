"""The clouds of payment providers: each keeps its own books, and has a codec of its own."""
