"""The journal and the queue of an object: one file, written by one process, read by its agent."""
