"""The `opos` command and the set-up."""
