"""The fleet: many simulated objects in one process, which sell and speak to a real broker and a real hub."""
