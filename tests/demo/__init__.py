"""The demo: its processes, its world and its scripts, and a whole shop seen from the outside."""
