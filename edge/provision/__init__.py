"""The installer's bench: an object is enrolled, kept running, given another key, and made new again."""
