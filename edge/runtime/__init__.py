"""The runtime of an object: its main process, put together from the rooms."""
