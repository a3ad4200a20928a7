"""Tests of the one connection that both ends have to the broker: TLS, dead lines, changing topics, weeks."""
