"""The hub's backup: one file of everything that cannot be made again, proven before anybody relies on it."""
