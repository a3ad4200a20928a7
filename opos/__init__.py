"""The front door: the `opos` command, which imports a room only when it is asked for."""
