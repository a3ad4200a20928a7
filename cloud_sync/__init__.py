"""The line between object and hub: what both ends say, the object's end of it, and the hub."""
